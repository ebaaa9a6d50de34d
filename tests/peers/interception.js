// A proxy that opens TLS on the way, as a company's does: whatever host is asked for through it, it answers itself, with a
// certificate of its own authority, and asks one server without TLS.
//
//   node interception.js SERVER KEY CERTIFICATE
//
// The first line is its address. Every later line is a host that somebody wanted to be connected to.

import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createSecureServer } from "node:https";

const [server, key, certificate] = process.argv.slice(2);

const opened = createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, answer) => {
  const headers = { ...incoming.headers, "x-forwarded-proto": "https" };
  const asked = request(new URL(incoming.url, server), { method: incoming.method, headers }, (said) => {
    answer.writeHead(said.statusCode, said.headers);
    said.pipe(answer);
  });
  asked.on("error", () => answer.destroy());
  incoming.pipe(asked);
});

const proxy = createServer((_request, answer) => answer.writeHead(405).end());
proxy.on("connect", (wanted, socket) => {
  process.stdout.write(`${wanted.url}\n`);
  // Whoever does not believe the certificate hangs up.
  socket.on("error", () => socket.destroy());
  socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
  opened.emit("connection", socket);
});
proxy.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${proxy.address().port}\n`));
