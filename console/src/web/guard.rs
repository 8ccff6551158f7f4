//! What keeps other sites from giving orders in the name of an operator whose browser is logged in here.
//!
//! Browsers say where a request comes from, and only a page of this origin could have read the token and may send the header that it is in.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

pub(super) const TOKEN_HEADER: &str = "x-resilience-token";

/// What the page gets, and sends with each order. Of this process: after a restart the page has to be loaded again.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    /// # Panics
    /// If the system has no random numbers.
    pub(super) fn new() -> Self {
        Self(random())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let sent = headers
            .get(TOKEN_HEADER)
            .map_or(&b""[..], |token| token.as_bytes());
        // In the same time, however much of it is right.
        let differs = sent
            .iter()
            .zip(self.0.as_bytes())
            .fold(0, |differs, (one, other)| differs | (one ^ other));
        sent.len() == self.0.len() && differs == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// 128 random bits, in hexadecimal digits.
///
/// # Panics
/// If the system has no random numbers.
pub(super) fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    format!("{:032x}", u128::from_ne_bytes(bytes))
}

/// Whether a browser says that a page of another origin has sent this.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site != "same-origin";
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        // No browser: they send one of both with each POST.
        return false;
    };
    let origin = origin.split_once("://").map(|(_, host)| host);
    origin.is_none() || origin != text(HOST.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        let list = list.iter();
        list.map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, value.parse().expect("a value"))
        })
        .collect()
    }

    #[test]
    fn what_another_site_sends_is_known_by_its_headers() {
        for (list, elsewhere) in [
            (&[("host", "a:1")][..], false),
            (&[("host", "a:1"), ("origin", "http://a:1")], false),
            (&[("host", "a:1"), ("origin", "https://evil")], true),
            (&[("host", "a:1"), ("origin", "null")], true),
            (&[("host", "a:1"), ("origin", "http://a:2")], true),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "none")], true),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("host", "a"),
                    ("origin", "http://a"),
                ],
                true,
            ),
        ] {
            assert_eq!(is_from_elsewhere(&headers(list)), elsewhere, "{list:?}");
        }
    }

    #[test]
    fn a_token_is_right_as_a_whole_only() {
        let token = Token::new();
        let sent = |text: &str| token.is_in(&headers(&[(TOKEN_HEADER, text)]));
        assert!(sent(token.as_str()));
        assert!(!token.is_in(&HeaderMap::new()));
        let more = format!("{}0", token.as_str());
        for wrong in ["", &token.as_str()[1..], &more, Token::new().as_str()] {
            assert!(!sent(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains(token.as_str()));
    }
}
