//! As much of WebDriver as taking pictures needs, on the standard library: one window, go there, photograph.
//!
//! Starting Chromium for each picture takes a second; one Chromium takes hundreds of pictures in that time. The
//! stories have a real client (in `tests/harness`), which would make every chore wait for its compilation.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use xtask::chromium;

const LONGEST_ANSWER: Duration = Duration::from_mins(1);

/// A headless Chromium with one window, until it is dropped.
pub(crate) struct Window {
    server: Child,
    port: u16,
    session: String,
}

/// What a person told their system about colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
    /// Light, with as much contrast as there is.
    HighContrast,
    DarkHighContrast,
}

impl Theme {
    /// The theme's part of a picture's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::HighContrast => "high-contrast",
            Self::DarkHighContrast => "dark-high-contrast",
        }
    }

    /// The values of `prefers-color-scheme` and `prefers-contrast`.
    fn preferences(self) -> (&'static str, &'static str) {
        match self {
            Self::Light => ("light", "no-preference"),
            Self::Dark => ("dark", "no-preference"),
            Self::HighContrast => ("light", "more"),
            Self::DarkHighContrast => ("dark", "more"),
        }
    }
}

/// How large the window is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Device pixels per pixel.
    pub(crate) scale: u32,
}

impl Window {
    /// Opens the window. `fonts` says which fonts there are and how letters are drawn (fontconfig).
    pub(crate) fn open(fonts: &Path) -> io::Result<Self> {
        let mut server = Command::new("chromedriver")
            .arg("--port=0")
            .env("FONTCONFIG_FILE", fonts)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = server.stdout.take();
        let output = BufReader::new(output.expect("standard output was asked to be a pipe"));
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let port = port.ok_or_else(|| io::Error::other("chromedriver did not start"))?;
        let mut window = Self {
            server,
            port,
            session: String::new(),
        };

        let mut switches = chromium::switches();
        switches.extend([
            "--headless",
            "--hide-scrollbars",
            "--force-prefers-reduced-motion",
        ]);
        let wanted = format!(
            r#"{{"capabilities": {{"alwaysMatch": {{"goog:chromeOptions": {{"args": {switches:?}}}}}}}}}"#
        );
        let answer = window.ask("POST", "", &wanted)?;
        window.session = format!("/{}", text_of(&answer, "sessionId")?);
        Ok(window)
    }

    /// Goes to an address and waits until the page has loaded.
    pub(crate) fn go_to(&self, address: &str) -> io::Result<()> {
        self.ask("POST", "/url", &format!(r#"{{"url": "{address}"}}"#))
            .map(drop)
    }

    /// Makes what the page sees of the window this large.
    pub(crate) fn resize(
        &self,
        Size {
            width,
            height,
            scale,
        }: Size,
    ) -> io::Result<()> {
        let metrics = format!(
            r#"{{"width": {width}, "height": {height}, "deviceScaleFactor": {scale}, "mobile": false}}"#
        );
        self.command("Emulation.setDeviceMetricsOverride", &metrics)
    }

    /// Shows the page in a theme, also the one that is open.
    pub(crate) fn put_on(&self, theme: Theme) -> io::Result<()> {
        let (scheme, contrast) = theme.preferences();
        let features = format!(
            r#"{{"features": [
                {{"name": "prefers-color-scheme", "value": "{scheme}"}},
                {{"name": "prefers-contrast", "value": "{contrast}"}}
            ]}}"#
        );
        self.command("Emulation.setEmulatedMedia", &features)
    }

    /// The text that an expression in the page has for its value, or promises.
    pub(crate) fn text(&self, expression: &str) -> io::Result<String> {
        // A promise that fails would be waited for as long as one that is late.
        let script = format!(
            "const done = arguments[0]; Promise.resolve({expression}).then(done, (e) => done(`failed: ${{e}}`));"
        );
        let body = format!(r#"{{"script": {script:?}, "args": []}}"#);
        let answer = self.ask("POST", "/execute/async", &body)?;
        let missing = || io::Error::other(format!("the page's answer is no text: {answer}"));
        answer
            .split_once("\"value\":\"")
            .and_then(|(_, rest)| from_json_text(rest))
            .ok_or_else(missing)
    }

    /// A command of Chromium's own protocol.
    fn command(&self, command: &str, parameters: &str) -> io::Result<()> {
        let body = format!(r#"{{"cmd": "{command}", "params": {parameters}}}"#);
        self.ask("POST", "/goog/cdp/execute", &body).map(drop)
    }

    /// What the window shows, as PNG.
    pub(crate) fn picture(&self) -> io::Result<Vec<u8>> {
        let answer = self.ask("GET", "/screenshot", "")?;
        from_base64(text_of(&answer, "value")?)
            .ok_or_else(|| io::Error::other("the picture is not base64"))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(LONGEST_ANSWER))?;
        write!(
            stream,
            "{method} /session{}{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n\r\n{body}",
            self.session,
            self.port,
            body.len()
        )?;
        let mut answer = BufReader::new(stream);
        let mut status = String::new();
        answer.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            answer.read_line(&mut header)?;
            match header.trim().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = String::new();
        answer.take(length).read_to_string(&mut body)?;
        if status.split(' ').nth(1) != Some("200") {
            return Err(io::Error::other(format!(
                "chromedriver says: {status}{body}"
            )));
        }
        Ok(body)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Chromium ends with its session; if it does not answer, it ends with its driver.
        let _ = self.ask("DELETE", "", "");
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The text of one field of an answer. Those that we ask for hold no quotes and no escapes.
fn text_of<'answer>(answer: &'answer str, field: &str) -> io::Result<&'answer str> {
    let text = answer
        .split_once(&format!("\"{field}\":\""))
        .and_then(|(_, rest)| rest.split_once('"'));
    let missing = || io::Error::other(format!("chromedriver's answer has no {field}: {answer}"));
    text.map(|(text, _)| text).ok_or_else(missing)
}

/// Standard base64 ([RFC 4648 §4]); `None` when it is something else.
///
/// [RFC 4648 §4]: https://www.rfc-editor.org/rfc/rfc4648#section-4
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("eight bits fit a byte"));
        }
    }
    Some(bytes)
}

/// A JSON text ([RFC 8259 §7]) from behind its opening quote to its closing one; `None` when it has no end.
///
/// [RFC 8259 §7]: https://www.rfc-editor.org/rfc/rfc8259#section-7
fn from_json_text(text: &str) -> Option<String> {
    // In UTF-16, as JSON escapes it: what needs two units comes as two escapes.
    let mut units = Vec::new();
    let mut rest = text.chars();
    loop {
        let letter = match rest.next()? {
            '"' => return String::from_utf16(&units).ok(),
            '\\' => match rest.next()? {
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).ok()?);
                    continue;
                }
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                itself => itself,
            },
            itself => itself,
        };
        units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
    }
}

#[cfg(test)]
mod tests {
    use super::{from_base64, from_json_text};

    #[test]
    fn a_json_text_is_read_as_its_specification_writes_it() {
        let read = |text| from_json_text(text);
        assert_eq!(
            read(r#"a \"b\" \\ \/ \n\u003C\uD83D\uDE00…", "next": 1"#).as_deref(),
            Some("a \"b\" \\ / \n<\u{1f600}…")
        );
        assert_eq!(read("\"").as_deref(), Some(""));
        assert_eq!(read(r#"no end \""#), None);
    }

    #[test]
    fn base64_is_read_as_its_specification_writes_it() {
        let vectors = [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ];
        for (text, bytes) in vectors {
            assert_eq!(
                from_base64(text).as_deref(),
                Some(bytes.as_bytes()),
                "{text}"
            );
        }
        assert_eq!(
            from_base64("+/+/").as_deref(),
            Some(&[0xfb, 0xff, 0xbf][..])
        );
        assert_eq!(from_base64("Zm9v!"), None);
    }
}
