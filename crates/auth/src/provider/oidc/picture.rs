//! The person's picture, fetched here and never by the page: whoever serves it learns nothing but that somebody asked.
//!
//! It is a stranger's file. It is bounded, taken only over https, and only if its first bytes are those of a picture;
//! what the server calls it does not matter.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::Oidc;
use crate::{http::HttpError, provider::ProviderError};

/// The largest picture that is taken, in bytes.
const LARGEST: usize = 1024 * 1024;

/// How often it may lie elsewhere: picture services send to each other.
const MOST_REDIRECTS: usize = 3;

/// A picture, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its kind, by its first bytes: `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
    pub media_type: &'static str,
    /// The file; at most a mebibyte.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// The picture as an address that holds it (RFC 2397), for a page that may ask nobody.
    pub fn data_url(&self) -> String {
        format!(
            "data:{};base64,{}",
            self.media_type,
            STANDARD.encode(&self.bytes)
        )
    }
}

impl Oidc {
    /// The picture at `address`; none when that is no address that may be asked.
    ///
    /// # Errors
    ///
    /// When it is too large, no picture, or cannot be had.
    pub(crate) async fn picture(&self, address: &str) -> Result<Option<Picture>, ProviderError> {
        let mut next = Url::parse(address).ok();
        for _ in 0..=MOST_REDIRECTS {
            let Some(address) = next.filter(|address| self.may_ask(address)) else {
                return Ok(None);
            };
            let reply = self.http.fetch(address.clone(), LARGEST).await?;
            let status = reply.status.as_u16();
            if reply.status.is_redirection() {
                next = reply.location.and_then(|text| address.join(&text).ok());
                continue;
            }
            let media_type = media_type(reply.bytes()).filter(|_| reply.status.is_success());
            let media_type = media_type.ok_or(HttpError::Broken {
                what: "it is no picture",
                status,
            })?;
            return Ok(Some(Picture {
                media_type,
                bytes: reply.bytes().to_vec(),
            }));
        }
        Ok(None)
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_whole_picture_and_its_checked_kind() {
        let bytes = b"GIF89a\0\xff".to_vec();
        let media_type = media_type(&bytes).unwrap();
        let picture = Picture { media_type, bytes };
        assert_eq!(picture.data_url(), "data:image/gif;base64,R0lGODlhAP8=");
    }
}
