//! A mail server that does not take the letter, in each way in which it can be missing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::support::{Answer, Attempt, Browser, Local, between};

/// A port of this computer, and a thread that does `with_each` to whoever connects.
fn listening(with_each: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(with_each));
    port
}

async fn sending_to(port: u16) -> Local {
    Local::configured(&format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"keyfob@example.com\"\ntimeout_seconds = 1\n"
    ))
    .await
}

/// Asks for a letter, and waits until the page's script would learn that it was not sent.
async fn not_sent(local: &Local) -> (Browser, Answer) {
    let browser = Browser::new();
    let waiting = Attempt::new("state").asks(local, &browser).await;
    for _ in 0..500 {
        let state = browser.get(&format!("{waiting}/state")).await.json();
        assert_eq!(state["stage"], "mailed");
        if state["failed"] == true {
            let page = browser.get(&waiting).await;
            return (browser, page);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is still being sent");
}

fn why(page: &Answer) -> &str {
    between(&page.body, "could not be sent: ", "</p>").expect("a reason")
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_with_a_way_on() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let local = sending_to(port).await;
    let (browser, page) = not_sent(&local).await;
    assert_eq!(why(&page), "the mail server could not be reached.");
    assert!(page.has("Open the outbox") && page.has("Send again"));
    let outbox = browser.get(&format!("{}/outbox", local.base)).await;
    assert_eq!(why(&outbox), "the mail server could not be reached.");
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    assert_eq!(
        pressed.location(),
        "/app/return/1",
        "the letter works all the same"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let local = sending_to(listening(std::mem::forget)).await;
    let (_, page) = not_sent(&local).await;
    assert_eq!(why(&page), "the mail server did not answer in time.");
}

#[tokio::test]
async fn a_server_that_talks_nonsense_or_refuses_is_named_and_not_quoted() {
    let nonsense = sending_to(listening(|mut stream| {
        let _ = stream.write_all(b"<script>alert(1)</script>\r\n");
    }));
    let (_, page) = not_sent(&nonsense.await).await;
    assert!(why(&page).starts_with("the mail server ") && !page.has("alert(1)"));

    let refusing = sending_to(listening(|mut stream| {
        let _ = stream.write_all(b"220 here\r\n");
        for line in BufReader::new(stream.try_clone().unwrap())
            .lines()
            .map_while(Result::ok)
        {
            let answer: &[u8] = if line.starts_with("RCPT") {
                b"550 no <script>alert(1)</script> here\r\n"
            } else {
                b"250 fine\r\n"
            };
            let _ = stream.write_all(answer);
        }
    }));
    let (_, page) = not_sent(&refusing.await).await;
    assert_eq!(why(&page), "the mail server refused it (code 550).");
}

#[tokio::test]
async fn a_letter_that_was_on_its_way_at_the_end_is_not_called_sent() {
    let local = sending_to(listening(std::mem::forget)).await;
    let browser = Browser::new();
    let waiting = Attempt::new("state").asks(&local, &browser).await;
    assert!(browser.get(&waiting).await.has("among the spam"));
    let local = local.restart().await;
    let page = browser.get(&waiting).await;
    assert_eq!(why(&page), "this provider was ended meanwhile.");
    drop(local);
}

#[tokio::test]
async fn messages_to_phones_stay_in_the_outbox() {
    let local = sending_to(listening(std::mem::forget)).await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let rest = "&type=PHONE&direct_login=true&input=%2B4930901820";
    let sent = browser.get(&attempt.address_with(&local, rest)).await;
    let waiting = browser
        .get(&format!("{}{}", local.base, sent.location()))
        .await;
    assert!(waiting.has("sends nothing out"));
}

#[tokio::test]
async fn the_limits_can_be_set() {
    let local = Local::configured("[limits]\nletters_per_address = 1\n").await;
    Attempt::new("one").asks(&local, &Browser::new()).await;
    let refused = Browser::new()
        .get(&Attempt::new("two").address(&local))
        .await;
    assert_eq!(refused.status, 429);
}
