//! The person in the browser: opens the sign-in page, finds the letter in the outbox, presses its button.
//!
//! Only what they bring back is measured, the return link, so this is as much of a browser as the local provider's
//! pages need: requests one at a time, and its cookies.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// More redirects than the provider's pages have.
const REDIRECTS: usize = 5;

/// A browser for one provider.
pub(super) struct Browser<'a> {
    /// The provider's address, without a slash at the end.
    base: &'a str,
    cookies: Vec<String>,
}

struct Answer {
    location: Option<String>,
    cookies: Vec<String>,
    body: String,
}

/// One page or answer of the provider's.
pub(super) fn get(base: &str, path: &str) -> io::Result<String> {
    let mut browser = Browser {
        base,
        cookies: Vec::new(),
    };
    browser.get(path)
}

/// An answer of the provider's to a request without a form.
pub(super) fn post(base: &str, path: &str) -> io::Result<String> {
    let mut browser = Browser {
        base,
        cookies: Vec::new(),
    };
    Ok(browser.ask("POST", path, "")?.body)
}

/// Where redirects end.
enum End {
    /// On a page of the provider.
    Page(String),
    /// At somebody else's address: a listener that waits for the answer.
    Elsewhere(String),
}

/// Follows the mail of the sign-in at `page`, and gives the link that leads back to the app.
pub(super) fn follow_the_mail(base: &str, page: &str) -> io::Result<String> {
    let mut browser = Browser {
        base,
        cookies: Vec::new(),
    };
    browser.get(page)?;
    let outbox = browser.get("/outbox")?;
    let letter = format!("/magic/{}", between(&outbox, "/magic/", "\"")?);
    let form = browser.get(&letter)?;
    let form = between(&form, "name=\"form\" value=\"", "\"")?;
    let last = match browser.post(&letter, &format!("form={form}"))? {
        End::Page(page) => page,
        End::Elsewhere(address) => return Ok(address),
    };
    let (_, link) = last
        .split_once("id=\"return-link\"")
        .ok_or_else(|| io::Error::other(format!("no way back on the last page: {last}")))?;
    Ok(between(link, "href=\"", "\"")?.replace("&amp;", "&"))
}

impl Browser<'_> {
    fn get(&mut self, address: &str) -> io::Result<String> {
        match self.follow("GET", address, "")? {
            End::Page(page) => Ok(page),
            End::Elsewhere(_) => Err(io::Error::other("a page of the provider leads elsewhere")),
        }
    }

    fn post(&mut self, address: &str, form: &str) -> io::Result<End> {
        self.follow("POST", address, form)
    }

    fn follow(&mut self, method: &str, address: &str, form: &str) -> io::Result<End> {
        let mut answer = self.ask(method, address, form)?;
        for _ in 0..REDIRECTS {
            let Some(next) = answer.location.take() else {
                return Ok(End::Page(answer.body));
            };
            if !next.starts_with('/') && !next.starts_with(self.base) {
                return Ok(End::Elsewhere(next));
            }
            answer = self.ask("GET", &next, "")?;
        }
        Err(io::Error::other("the provider's pages redirect in circles"))
    }

    /// HTTP/1.0: one connection for each request, and the answer ends where the connection does.
    fn ask(&mut self, method: &str, address: &str, form: &str) -> io::Result<Answer> {
        let path = address.strip_prefix(self.base).unwrap_or(address);
        let host = self.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(LONGEST_ANSWER))?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.base,
            self.cookies.join("; "),
            form.len()
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let answer = read(&text).ok_or_else(|| {
            io::Error::other(format!("the provider's answer to {method} {path}: {text}"))
        })?;
        for cookie in &answer.cookies {
            let name = cookie.split('=').next().unwrap_or_default();
            self.cookies
                .retain(|known| known.split('=').next() != Some(name));
            self.cookies.push(cookie.clone());
        }
        Ok(answer)
    }
}

/// An answer that is a success or a redirect.
fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?;
    if !matches!(status.as_bytes().first(), Some(b'2' | b'3')) {
        return None;
    }
    let mut answer = Answer {
        location: None,
        cookies: Vec::new(),
        body: body.to_owned(),
    };
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("location") {
            answer.location = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("set-cookie") {
            let cookie = value.split(';').next().unwrap_or_default();
            answer.cookies.push(cookie.to_owned());
        }
    }
    Some(answer)
}

fn between<'text>(text: &'text str, before: &str, after: &str) -> io::Result<&'text str> {
    let missing = || io::Error::other(format!("a page of the provider has no {before:?}: {text}"));
    let (_, rest) = text.split_once(before).ok_or_else(missing)?;
    let (found, _) = rest.split_once(after).ok_or_else(missing)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = read(
            "HTTP/1.0 303 See Other\r\nlocation: /app/return/7\r\n\
             Set-Cookie: browser=a1; HttpOnly; Path=/\r\n\r\n<p>Moved: here</p>",
        )
        .unwrap();
        assert_eq!(answer.location.as_deref(), Some("/app/return/7"));
        assert_eq!(answer.cookies, ["browser=a1"]);
        assert_eq!(answer.body, "<p>Moved: here</p>");
    }

    #[test]
    fn a_refusal_is_not_taken_for_a_page() {
        assert!(read("HTTP/1.0 403 Forbidden\r\n\r\nno").is_none());
        assert!(read("nonsense").is_none());
    }
}
