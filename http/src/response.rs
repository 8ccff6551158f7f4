//! An answer as a response of the crate `http`, which axum and tower use.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::Cause;
use crate::answer::{self, Answer};

/// The response, with why it is one of its kind.
pub(crate) fn response<B: From<&'static str>>(answer: Answer, cause: Cause) -> Response<B> {
    let mut response = Response::new(B::from(answer.body()));
    *response.status_mut() = match answer {
        Answer::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Answer::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer::CONTENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = answer.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(cause);
    response
}
