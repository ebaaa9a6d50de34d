//! The way back, spoilt: the redirect that ends the browser's part, with what should not be in it.

use url::form_urlencoded;

use super::{Fault, Faults, Place};

impl Faults {
    /// The return link as the browser will follow it; the witness remembers its code.
    pub(crate) fn on_the_way_back(&self, link: String) -> String {
        let Some((target, query)) = link.split_once('?') else {
            return link;
        };
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        for (name, value) in &pairs {
            if name == "code" {
                self.witness.saw("authorization_code", value);
            }
        }
        let strikes = |fault| self.strikes(fault, Place::Return).is_some();
        if strikes(Fault::ErrorRedirect) {
            pairs.retain(|(name, _)| name != "code" && name != "challenge_id");
            pairs.push(("error".to_owned(), "access_denied".to_owned()));
        }
        if strikes(Fault::WrongState) {
            for (_, value) in pairs.iter_mut().filter(|(name, _)| name == "state") {
                *value = value.chars().rev().collect();
            }
        }
        if strikes(Fault::MissingState) {
            pairs.retain(|(name, _)| name != "state");
        }
        if strikes(Fault::DuplicateState) {
            let state: Vec<_> = pairs
                .iter()
                .filter(|(name, _)| name == "state")
                .cloned()
                .collect();
            pairs.extend(state);
        }
        if strikes(Fault::ChallengeIdNotANumber) {
            for (_, value) in pairs.iter_mut().filter(|(name, _)| name == "challenge_id") {
                "forty-two".clone_into(value);
            }
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("{target}?{query}")
    }
}
