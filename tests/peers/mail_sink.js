// A mail server on this computer that delivers nothing: every mail it takes becomes a line of JSON.
//
//   node mail_sink.js [starttls]
//
// The first line is the port. Mail is received by `smtp-server` and taken apart by `postal-mime`, which share no
// author and no code with what sends it. With `starttls` it offers encryption under a certificate nobody trusts.

import { buffer } from "node:stream/consumers";

import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const withTls = process.argv[2] === "starttls";

const server = new SMTPServer({
  disabledCommands: withTls ? [] : ["STARTTLS"],
  allowInsecureAuth: true,
  authOptional: true,
  onAuth({ username, password }, _session, done) {
    if (username === "keyfob" && password === "open sesame") done(null, { user: username });
    else done(new Error("wrong user name or password"));
  },
  async onData(stream, session, done) {
    const { mailFrom, rcptTo } = session.envelope;
    const mail = await PostalMime.parse(await buffer(stream));
    say({
      envelope: { from: mailFrom.address, to: rcptTo.map((to) => to.address) },
      user: session.user ?? null,
      subject: mail.subject,
      from: mail.from,
      to: mail.to,
      headers: Object.fromEntries(mail.headers.map(({ key, value }) => [key, value])),
      text: mail.text,
      html: mail.html,
      attachments: mail.attachments.length,
    });
    done();
  },
});

server.on("error", (error) => process.stderr.write(`${error.message}\n`));
server.listen(0, "127.0.0.1", () => say(server.server.address().port));
