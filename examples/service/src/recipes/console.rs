//! Health for probes at `/healthz` and `/readyz`, and a live page at `/resilience` for people, with buttons for those who may press them.
//!
//! Redis is optional here: while it is away the shop is degraded, and ready.

use axum::Router;
use axum::extract::Request;
use axum::http::header::COOKIE;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use redis_resilient::console::{Access, Console, Operator};

pub(crate) fn console() -> Console {
    Console::new(Access::controlled_by(|parts| {
        parts.extensions.get::<Operator>().cloned()
    }))
}

pub(crate) fn routes(console: &Console) -> Router {
    console.router().layer(from_fn(recognise))
}

// The rest is the shop's.

/// Your own login goes here. This one believes whoever says that he is an operator: it is for a service that listens on this machine alone.
async fn recognise(mut request: Request, next: Next) -> Response {
    let cookies = request
        .headers()
        .get(COOKIE)
        .and_then(|cookies| cookies.to_str().ok());
    let mut cookies = cookies.unwrap_or_default().split("; ");
    let name = cookies
        .find_map(|cookie| cookie.strip_prefix("operator="))
        .map(str::to_owned);
    if let Some(name) = name {
        request.extensions_mut().insert(Operator::named(name));
    }
    next.run(request).await
}
