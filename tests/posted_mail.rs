//! Mail that leaves the computer: from the provider, over SMTP, into a mail server that we did not write.
//!
//! The server (`smtp-server`) and what takes the mail apart (`postal-mime`) are in `tests/peers/`. The person reads
//! the mail there, and goes on from what it says.
#![cfg(target_os = "linux")]

use harness::{LastPage, LoneProvider, RunningPeer, Visitor, eventually, node_peer};
use serde_json::{Value, json};
use tempfile::TempDir;

const ADA: &str = "ada@example.com";

/// A mail server, and a provider that sends through it.
struct Mail {
    provider: LoneProvider,
    sink: RunningPeer,
    _home: TempDir,
}

impl Mail {
    /// `how` is what `identity.toml` says of the connection, `offers` what the mail server is told.
    fn sent(how: &str, offers: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let sink = RunningPeer::start(node_peer("mail_sink.js", home.path()).args(offers));
        let port = sink.says();
        let configuration = format!(
            "[smtp]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"Keyfob <keyfob@example.com>\"\n{how}"
        );
        Self {
            provider: LoneProvider::configured(&configuration),
            sink,
            _home: home,
        }
    }

    /// Somebody, whose client asks to prove Ada's address by `method`, and the page that waits then.
    async fn is_asked_for(&self, method: &str) -> (Visitor, LastPage) {
        let visitor = Visitor::of(&self.provider.base);
        let address = format!(
            "{}/app?api_key=0197f2b6-6c0e-7b5a-9d43-6b6579666f62&redirect_url=dev.keyfob://callback&state=state\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&type=EMAIL&direct_login=true\
             &input=ada%40example.com&auth_method={method}",
            self.provider.base
        );
        let waiting = visitor.open(&address).await;
        (visitor, waiting)
    }

    /// The next mail that arrives.
    fn arrives(&self) -> Value {
        serde_json::from_str(&self.sink.says()).expect("the sink speaks JSON")
    }

    /// The waiting page, once it says that the mail did not go.
    async fn fails(&self, method: &str) -> (Visitor, LastPage) {
        let (visitor, waiting) = self.is_asked_for(method).await;
        let page = eventually(async || {
            let page = visitor.open(waiting.address.as_str()).await;
            page.has("The mail was not sent").then_some(page)
        });
        let page = page.await.expect("the page says it");
        (visitor, page)
    }
}

fn text<'a>(mail: &'a Value, field: &str) -> &'a str {
    mail[field].as_str().expect("a text")
}

#[tokio::test]
async fn a_link_arrives_as_text_and_as_html_and_signs_in() {
    let mail = Mail::sent("tls = \"none\"", &[]);
    let (ada, waiting) = mail.is_asked_for("MAGIC_LINK").await;
    assert!(waiting.has("We sent a link to") && waiting.has("among the spam"));
    let letter = mail.arrives();

    let envelope = json!({"from": "keyfob@example.com", "to": [ADA]});
    assert_eq!(letter["envelope"], envelope);
    assert_eq!(letter["subject"], "Sign in to Keyfob");
    assert_eq!(letter["from"]["name"], "Keyfob");
    assert_eq!(letter["headers"]["auto-submitted"], "auto-generated");
    assert!(text(&letter["headers"], "message-id").ends_with("@example.com>"));
    assert!(text(&letter["headers"], "date").contains("20"));
    let (plain, html) = (text(&letter, "text"), text(&letter, "html"));
    let link = plain
        .lines()
        .find(|line| line.starts_with(&mail.provider.base))
        .expect("a line of its own");
    assert!(html.contains(&format!("href=\"{link}\"")));
    for words in [
        "hopefully you, asked at",
        "ignore this letter",
        "works once",
    ] {
        assert!(plain.contains(words) && html.contains(words), "{words}");
    }
    for fetched in ["<img", "url(", "<link", "<script", "@import"] {
        assert!(!html.contains(fetched), "{fetched}");
    }
    assert_eq!(letter["attachments"], 0);

    let end = ada.follow(link).await;
    assert!(end.return_link().starts_with("dev.keyfob://callback?code="));
}

#[tokio::test]
async fn a_code_arrives_and_signs_in() {
    let mail = Mail::sent("tls = \"none\"", &[]);
    let (ada, waiting) = mail.is_asked_for("OTP").await;
    let letter = mail.arrives();
    let (code, rest) = text(&letter, "subject").split_at(6);
    assert_eq!(rest, " is your code for Keyfob");
    assert!(text(&letter, "text").contains(&format!("\n{code}\n")));
    assert!(text(&letter, "html").contains(&format!(">{code}<")));
    assert!(!text(&letter, "text").contains("/magic/"));
    let end = ada.type_code(&waiting, code).await;
    assert!(end.return_link().starts_with("dev.keyfob://callback?code="));
}

#[tokio::test]
async fn the_provider_logs_in_with_the_password_of_its_file() {
    let login = "tls = \"none\"\nuser = \"keyfob\"\npassword = \"open sesame\"";
    let mail = Mail::sent(login, &[]);
    mail.is_asked_for("MAGIC_LINK").await;
    assert_eq!(mail.arrives()["user"], "keyfob");
}

#[tokio::test]
async fn a_wrong_password_is_said_and_the_letter_stays_in_the_outbox() {
    let login = "tls = \"none\"\nuser = \"keyfob\"\npassword = \"wrong\"";
    let mail = Mail::sent(login, &[]);
    let (ada, page) = mail.fails("MAGIC_LINK").await;
    assert!(page.has("the mail server refused it (code 535)"));
    assert!(page.has("the letter is in the outbox") && page.has("Send again"));
    let end = ada.follow_the_newest_link().await;
    assert!(end.return_link().starts_with("dev.keyfob://callback?code="));
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_gets_no_mail() {
    let mail = Mail::sent("tls = \"starttls\"", &["starttls"]);
    let (_, page) = mail.fails("MAGIC_LINK").await;
    assert!(page.has("no secure connection to the mail server could be made"));
}

#[tokio::test]
async fn a_server_without_encryption_gets_no_mail_when_encryption_is_wanted() {
    let mail = Mail::sent("tls = \"starttls\"", &[]);
    let (_, page) = mail.fails("MAGIC_LINK").await;
    assert!(page.has("could not be sent: "));
}
