//! The query of `/app`, parsed once.
//!
//! Two of Cotter's clients concatenate it without encoding and write the literal `null` for "no channel", so unknown
//! values of optional parameters are ignored. A required parameter that is missing, doubled or malformed is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use url::form_urlencoded;

use crate::challenge::Attempt;
use crate::identifier::IdentifierKind;
use crate::letter::Channel;
use crate::method::Method;
use crate::provider::API_KEY_ID;
use crate::redirect::{NotAllowed, RedirectUrl};

/// A client's wish to have somebody sign in.
#[derive(Clone, Debug)]
pub(crate) struct SignInRequest {
    pub(crate) attempt: Attempt,
    pub(crate) kind: IdentifierKind,
    /// What the letter shall carry, if the client says so.
    pub(crate) method: Option<Method>,
    /// How a letter may travel; the first is the one to propose.
    pub(crate) channels: Vec<Channel>,
    /// An address that the client knows already.
    pub(crate) input: Option<String>,
    /// Send to that address at once.
    pub(crate) direct: bool,
}

/// The query is not a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum BadRequest {
    #[error("The API key id is missing or unknown.")]
    Key,
    #[error(transparent)]
    Redirect(#[from] NotAllowed),
    #[error("The parameter {0} is missing.")]
    Missing(&'static str),
    #[error("The parameter {0} is there more than once.")]
    Doubled(&'static str),
    #[error("The parameter {0} has a value that this provider does not know.")]
    Malformed(&'static str),
}

impl SignInRequest {
    pub(crate) fn parse(query: &str) -> Result<Self, BadRequest> {
        let query = Query(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        );
        if query.one("api_key")? != Some(API_KEY_ID) {
            return Err(BadRequest::Key);
        }
        let redirect_url = RedirectUrl::parse(query.required("redirect_url")?)?;
        let kind = IdentifierKind::from_wire(query.required("type")?)
            .ok_or(BadRequest::Malformed("type"))?;
        let code_challenge = query.required("code_challenge")?;
        if URL_SAFE_NO_PAD
            .decode(code_challenge)
            .map_or(0, |hash| hash.len())
            != 32
        {
            return Err(BadRequest::Malformed("code_challenge"));
        }
        let state = query.required("state")?;
        if state.len() > 1024 {
            return Err(BadRequest::Malformed("state"));
        }
        let method = query
            .one("auth_method")?
            .filter(|method| !matches!(*method, "" | "null"))
            .map(|method| Method::from_wire(method).ok_or(BadRequest::Malformed("auth_method")))
            .transpose()?;
        let input = query.one("input")?.filter(|input| !input.is_empty());
        Ok(Self {
            kind,
            method,
            channels: query.channels(kind)?,
            direct: input.is_some() && query.one("direct_login")? == Some("true"),
            input: input.map(str::to_owned),
            attempt: Attempt {
                redirect_url,
                code_challenge: code_challenge.to_owned(),
                state: state.to_owned(),
                user: query
                    .one("cotter_user_id")?
                    .filter(|user| !matches!(*user, "" | "null"))
                    .map(str::to_owned),
            },
        })
    }
}

struct Query(Vec<(String, String)>);

impl Query {
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &'static str) -> Result<Option<&str>, BadRequest> {
        let mut values = self.all(name);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(BadRequest::Doubled(name)),
        }
    }

    fn required(&self, name: &'static str) -> Result<&str, BadRequest> {
        self.one(name)?
            .filter(|value| !value.is_empty())
            .ok_or(BadRequest::Missing(name))
    }

    fn channels(&self, kind: IdentifierKind) -> Result<Vec<Channel>, BadRequest> {
        if kind == IdentifierKind::Email {
            return Ok(vec![Channel::Email]);
        }
        if let Some(channel) = self.one("use_channel")?.and_then(Channel::from_wire) {
            return Ok(vec![channel]);
        }
        let mut channels: Vec<Channel> = Vec::new();
        for channel in self.all("phone_channels[]").filter_map(Channel::from_wire) {
            if !channels.contains(&channel) {
                channels.push(channel);
            }
        }
        if channels.is_empty() {
            channels = vec![Channel::Sms, Channel::WhatsApp];
        }
        Ok(channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(rest: &str) -> Result<SignInRequest, BadRequest> {
        SignInRequest::parse(&format!(
            "api_key={API_KEY_ID}&state=s&code_challenge={CHALLENGE}{rest}"
        ))
    }

    #[test]
    fn the_concatenated_query_of_a_mobile_client_is_understood() {
        let request = parse(
            "&redirect_url=dev.keyfob://callback&type=EMAIL&auth_method=null&use_channel=null&direct_login=true&input=ada%40example.com&cotter_user_id=null",
        )
        .expect("a sign-in");
        assert_eq!(
            request.attempt.redirect_url.as_str(),
            "dev.keyfob://callback"
        );
        assert_eq!(request.input.as_deref(), Some("ada@example.com"));
        assert!(request.direct && request.attempt.user.is_none());
        assert_eq!(request.method, None);
    }

    #[test]
    fn the_channels_of_a_phone_are_offered_in_the_clients_order() {
        let request = parse(
            "&redirect_url=dev.keyfob%3A%2F%2Fcallback&type=PHONE&phone_channels[]=WHATSAPP&phone_channels[]=SMS&phone_channels[]=PIGEON",
        )
        .expect("a sign-in");
        assert_eq!(request.channels, [Channel::WhatsApp, Channel::Sms]);
    }

    #[test]
    fn a_client_that_names_no_channel_leaves_both_to_the_person_and_one_that_chose_leaves_none() {
        let channels = |rest: &str| {
            let rest = format!("&redirect_url=dev.keyfob://callback&type=PHONE{rest}");
            parse(&rest).expect("a sign-in").channels
        };
        let both = [Channel::Sms, Channel::WhatsApp];
        assert_eq!(channels(""), both);
        assert_eq!(channels("&use_channel=null"), both);
        assert_eq!(channels("&phone_channels[]=PIGEON"), both);
        assert_eq!(channels("&use_channel=WHATSAPP"), [Channel::WhatsApp]);
        let chosen = "&phone_channels[]=SMS&use_channel=WHATSAPP";
        assert_eq!(channels(chosen), [Channel::WhatsApp]);
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_a_sign_in_or_refused(query in proptest::prelude::any::<String>()) {
            let _ = SignInRequest::parse(&query);
        }

        #[test]
        fn any_parameters_are_a_sign_in_or_refused(
            name in "(redirect_url|type|input|state|auth_method|use_channel|phone_channels\\[\\]|direct_login|cotter_user_id)",
            value in proptest::prelude::any::<String>(),
        ) {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let _ = parse(&format!("&redirect_url=dev.keyfob://callback&type=PHONE&{name}={value}"));
        }
    }

    #[test]
    fn a_query_that_is_no_sign_in_is_refused_by_name() {
        let refusal = |rest: &str| parse(rest).expect_err("refused");
        let callback = "&redirect_url=dev.keyfob://callback";
        assert_eq!(
            SignInRequest::parse("").expect_err("refused"),
            BadRequest::Key
        );
        assert_eq!(refusal(""), BadRequest::Missing("redirect_url"));
        assert!(matches!(
            refusal("&redirect_url=https://example.com&type=EMAIL"),
            BadRequest::Redirect(_)
        ));
        assert_eq!(refusal(callback), BadRequest::Missing("type"));
        for (rest, refused) in [
            ("&type=FAX", BadRequest::Malformed("type")),
            ("&type=EMAIL&state=t", BadRequest::Doubled("state")),
            (
                "&type=EMAIL&auth_method=SOCIAL_LOGIN",
                BadRequest::Malformed("auth_method"),
            ),
        ] {
            assert_eq!(refusal(&format!("{callback}{rest}")), refused);
        }
        let short = format!("api_key={API_KEY_ID}&state=s&code_challenge=abc&type=EMAIL{callback}");
        assert_eq!(
            SignInRequest::parse(&short).expect_err("refused"),
            BadRequest::Malformed("code_challenge")
        );
    }
}
