//! A web server for one folder, on loopback, for as long as this program runs.
//!
//! It gives the gallery to Chromium, which loads module scripts from a server only, never from files.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::thread;

/// Serves the files below `folder` and gives the address to ask for them.
pub(crate) fn start(folder: PathBuf) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let base = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // A browser that goes away in the middle of an answer is no failure of ours.
            thread::spawn(move || answer(&folder, stream));
        }
    });
    Ok(base)
}

fn answer(folder: &Path, mut stream: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for header in lines {
        if header?.is_empty() {
            break;
        }
    }
    let target = request.split(' ').nth(1).unwrap_or("/");
    let found =
        file_for(folder, target).and_then(|file| Some((kind_of(&file), fs::read(file).ok()?)));
    let (status, kind, body) = match found {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain", b"not found".to_vec()),
    };
    // Each state is a page of its own, of the same files: a browser that may keep them is spared reading them again.
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Cache-Control: max-age=3600\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

/// The file that a request names, if it stays inside the folder.
fn file_for(folder: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split('?').next()?.trim_start_matches('/');
    let stays = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    stays.then(|| folder.join(path))
}

fn kind_of(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_for;

    #[test]
    fn a_request_finds_its_file_whatever_its_query() {
        let file = file_for(Path::new("/site"), "/gallery.html?state=waiting");
        assert_eq!(file.as_deref(), Some(Path::new("/site/gallery.html")));
    }

    #[test]
    fn a_request_never_leaves_the_folder() {
        for target in ["/../secret", "/a/../../secret", "//etc/passwd/.."] {
            assert_eq!(file_for(Path::new("/site"), target), None, "{target}");
        }
    }
}
