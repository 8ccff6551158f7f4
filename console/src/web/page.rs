//! The live page: one file, which asks nobody else for anything.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};

use super::guard::{Token, random};
use crate::orders::Operator;

const PAGE: &str = include_str!("../../page/index.html");

/// The page, with buttons for who may use them.
pub(super) fn page(token: Option<&Token>, operator: Option<&Operator>) -> Response {
    // Nothing runs on it that was not in the file.
    let nonce = random();
    let page = PAGE
        .replace("{{nonce}}", &nonce)
        .replace("{{token}}", token.map_or("", Token::as_str))
        .replace(
            "{{operator}}",
            &escaped(operator.map_or("", Operator::name)),
        );
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    super::harden(headers);
    response
}

/// As the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_attribute() {
        assert_eq!(escaped("a\"><script>&"), "a&quot;>&lt;script>&amp;");
    }
}
