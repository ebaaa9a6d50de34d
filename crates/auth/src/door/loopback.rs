//! The way back by a listener on this computer ([RFC 8252 §7.3]).
//!
//! A real HTTP server for one path. It hands every answer on and judges none, so a browser that also asks for an
//! icon, a forged request or a second one cannot use it up. It ends when the [`Loopback`] is dropped.
//!
//! [RFC 8252 §7.3]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::timeout,
};
use url::Url;

use crate::authorization::RedirectUri;

const PATH: &str = "/callback";
const CLEAN_PATH: &str = "/done";

/// The most that a request's head may have, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// How long a browser may take to send a request's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long the listener rests when a visitor could not be let in.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// After the answer the browser still follows the redirect to the clean page.
const LINGER: Duration = Duration::from_secs(5);

/// An open listener. Dropping it closes the door, a few seconds later.
#[derive(Debug)]
pub struct Loopback {
    redirect_uri: RedirectUri,
    _close: oneshot::Sender<Infallible>,
}

struct Door {
    host: String,
    path: String,
    returns: mpsc::Sender<String>,
}

impl Loopback {
    /// Opens a listener for `/callback` on any free port of 127.0.0.1; return addresses go to `returns` as text.
    ///
    /// # Errors
    ///
    /// When the system gives no port.
    pub async fn open(returns: mpsc::Sender<String>) -> io::Result<Self> {
        Self::open_at(PATH, &[], returns).await
    }

    /// Opens a listener for `path` on the first of `ports` that is free, or on any if there are none: a provider may
    /// want each port registered, which RFC 8252 §7.3 asks it not to.
    ///
    /// # Errors
    ///
    /// When the system gives no port.
    pub async fn open_at(
        path: &str,
        ports: &[u16],
        returns: mpsc::Sender<String>,
    ) -> io::Result<Self> {
        let ports = if ports.is_empty() { &[0][..] } else { ports };
        let addresses: Vec<_> = ports
            .iter()
            .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port)))
            .collect();
        let listener = TcpListener::bind(&*addresses).await?;
        let host = listener.local_addr()?.to_string();
        let redirect_uri = Url::parse(&format!("http://{host}{path}"))
            .map(RedirectUri::new)
            .map_err(io::Error::other)?;
        let (close, closed) = oneshot::channel();
        let door = Arc::new(Door {
            host,
            path: path.to_owned(),
            returns,
        });
        tokio::spawn(serve(listener, door, closed));
        Ok(Self {
            redirect_uri,
            _close: close,
        })
    }

    /// What the attempt that uses this door names as its redirect URI.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }
}

async fn serve(listener: TcpListener, door: Arc<Door>, closed: oneshot::Receiver<Infallible>) {
    let until_closed = async {
        let _ = closed.await;
        tokio::time::sleep(LINGER).await;
    };
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(answer_connection(stream, Arc::clone(&door)));
                }
                // The visitor is gone, or this process has too many files open: neither lasts.
                Err(_) => tokio::time::sleep(ACCEPT_REST).await,
            }
        }
    };
    tokio::select! {
        () = until_closed => {}
        () = accept => {}
    }
}

async fn answer_connection(stream: TcpStream, door: Arc<Door>) {
    let service = service_fn(|request| {
        let answer = door.answer(&request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(LARGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that hangs up has told us all it had to say.
    let _ = timeout(HEAD_PATIENCE * 2, connection).await;
}

impl Door {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let host = request.headers().get(header::HOST);
        // Another name for this computer is a page elsewhere that points its own name here.
        if host.and_then(|host| host.to_str().ok()) != Some(&self.host) {
            return page(
                StatusCode::MISDIRECTED_REQUEST,
                "This address is not for you.",
                "",
            );
        }
        let uri = request.uri();
        match (request.method(), uri.path(), uri.query()) {
            (&Method::GET, path, Some(query)) if path == self.path => {
                // When the app is busy the browser's own "reload" asks again.
                let sent = self
                    .returns
                    .try_send(format!("http://{}{path}?{query}", self.host));
                if sent.is_err() {
                    return page(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "Keyfob is busy.",
                        "Reload this page to try again.",
                    );
                }
                let mut away = page(StatusCode::SEE_OTHER, "Back to Keyfob.", "");
                away.headers_mut()
                    .insert(header::LOCATION, HeaderValue::from_static(CLEAN_PATH));
                away
            }
            (&Method::GET | &Method::HEAD, CLEAN_PATH, _) => page(
                StatusCode::OK,
                "Back to Keyfob.",
                "It shows how the sign-in went. You can close this page.",
            ),
            (&Method::GET | &Method::HEAD, _, _) => {
                page(StatusCode::NOT_FOUND, "There is nothing here.", "")
            }
            _ => page(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here.", ""),
        }
    }
}

/// A page without script, without a picture, and without a word that came from outside.
fn page(status: StatusCode, title: &'static str, text: &'static str) -> Response<Full<Bytes>> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Keyfob</title>\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:20vh auto;padding:0 1.5rem}}\
         h1{{font-size:1.5rem;font-weight:600;margin:0 0 .5rem}}p{{margin:0;opacity:.75}}</style>\
         <h1>{title}</h1><p>{text}</p></html>"
    );
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Visitor {
        door: Loopback,
        returns: mpsc::Receiver<String>,
        client: reqwest::Client,
    }

    impl Visitor {
        async fn new() -> Self {
            let (sender, returns) = mpsc::channel(4);
            Self {
                door: Loopback::open(sender).await.unwrap(),
                returns,
                client: reqwest::Client::builder()
                    .no_proxy()
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .unwrap(),
            }
        }

        fn address(&self, rest: &str) -> String {
            let callback = self.door.redirect_uri().as_str();
            format!("{}{rest}", callback.strip_suffix(PATH).unwrap())
        }

        async fn get(&self, rest: &str) -> reqwest::Response {
            self.client.get(self.address(rest)).send().await.unwrap()
        }
    }

    #[tokio::test]
    async fn an_answer_is_handed_on_and_the_browser_goes_to_a_clean_address() {
        let mut visitor = Visitor::new().await;
        let reply = visitor.get("/callback?code=C&state=S").await;
        assert_eq!(reply.status(), 303);
        assert_eq!(reply.headers()["location"], "/done");
        let returned = visitor.returns.recv().await.unwrap();
        assert_eq!(returned, visitor.address("/callback?code=C&state=S"));
        assert!(
            visitor
                .get("/done")
                .await
                .text()
                .await
                .unwrap()
                .contains("Back to Keyfob")
        );
    }

    #[tokio::test]
    async fn an_icon_a_head_request_or_another_path_does_not_use_it_up() {
        let mut visitor = Visitor::new().await;
        for path in [
            "/favicon.ico",
            "/",
            "/callback",
            "/callback/x?code=C&state=S",
        ] {
            assert_eq!(visitor.get(path).await.status(), 404, "{path}");
        }
        let head = visitor
            .client
            .head(visitor.address("/callback?code=C&state=S"));
        assert_eq!(head.send().await.unwrap().status(), 404);
        assert!(visitor.returns.try_recv().is_err());
        assert_eq!(visitor.get("/callback?code=C&state=S").await.status(), 303);
    }

    #[tokio::test]
    async fn another_name_for_this_computer_is_refused() {
        let mut visitor = Visitor::new().await;
        let request = visitor
            .client
            .get(visitor.address("/callback?code=C&state=S"))
            .header("host", "rebound.test");
        assert_eq!(request.send().await.unwrap().status(), 421);
        assert!(visitor.returns.try_recv().is_err());
    }

    #[tokio::test]
    async fn the_first_free_port_of_those_wanted_is_taken() {
        let (sender, _returns) = mpsc::channel(4);
        let taken = Loopback::open(sender.clone()).await.unwrap();
        let port = |door: &Loopback| Url::parse(door.redirect_uri().as_str()).unwrap().port();
        let theirs = port(&taken).unwrap();
        assert!(
            Loopback::open_at(PATH, &[theirs], sender.clone())
                .await
                .is_err()
        );
        let ours = Loopback::open_at(PATH, &[theirs, 0], sender).await.unwrap();
        assert_ne!(port(&ours), Some(theirs));
    }

    #[tokio::test]
    async fn no_page_repeats_what_was_asked() {
        let visitor = Visitor::new().await;
        let body = visitor
            .get("/%3Cscript%3Ealert(1)%3C/script%3E?x=%3Cb%3E")
            .await
            .text()
            .await
            .unwrap();
        assert!(!body.contains("alert"));
    }

    #[tokio::test]
    async fn a_door_may_have_its_own_path_and_takes_the_first_port_that_is_free() {
        let taken = Visitor::new().await;
        let port = |door: &Loopback| Url::parse(door.redirect_uri().as_str()).unwrap().port();
        let taken_port = port(&taken.door).unwrap();
        let free_port = port(&Visitor::new().await.door).unwrap();
        let (sender, mut returns) = mpsc::channel(4);
        let path = "/callback/work";
        let door = loop {
            // The one that was free a moment ago is let go of in the background.
            match Loopback::open_at(path, &[taken_port, free_port], sender.clone()).await {
                Ok(door) => break door,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        assert_eq!(port(&door), Some(free_port));
        let address = door.redirect_uri().as_str();
        let get = |address: String| taken.client.get(address).send();
        let other = address.replace(path, PATH);
        assert_eq!(
            get(format!("{other}?code=C&state=S"))
                .await
                .unwrap()
                .status(),
            404
        );
        assert_eq!(
            get(format!("{address}?code=C&state=S"))
                .await
                .unwrap()
                .status(),
            303
        );
        assert_eq!(
            returns.recv().await.unwrap(),
            format!("{address}?code=C&state=S")
        );
        assert!(
            Loopback::open_at(path, &[taken_port], sender)
                .await
                .is_err()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_door_closes() {
        let Visitor { door, client, .. } = Visitor::new().await;
        let address = door.redirect_uri().as_str().replace(PATH, CLEAN_PATH);
        assert!(client.get(&address).send().await.is_ok());
        drop(door);
        tokio::time::sleep(LINGER * 2).await;
        assert!(client.get(address).send().await.is_err());
    }
}
