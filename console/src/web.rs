//! The router: health for probes and for machines, a live page for people, and controls where the application says who may use them.

mod access;
mod feed;
mod guard;
mod page;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

pub use self::access::Access;
use self::feed::{Feed, Source};
use self::guard::{Token, is_from_elsewhere};
use crate::checks::Checks;
use crate::health::{Health, HealthPolicy, Verdict};
use crate::orders::{Operator, Order, Refused};
use crate::timeline;

/// So much of an order is read.
const LONGEST_ORDER: usize = 4_096;

/// The router of health, the live page and the controls, as [`Console`] makes it where nothing else is asked for.
///
/// Streams of open pages end by themselves after ten seconds and are opened again by the browser. So they keep a server that is asked to end waiting for
/// that long at most; [`Console::end`] ends them at once.
pub fn router<S>(access: Access) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Console::new(access).router()
}

/// Health, a live page and controls, as a router for axum.
///
/// | path | it is |
/// |---|---|
/// | `/healthz` | 200 as long as the process answers: for the probe that restarts it. Redis has no part in it |
/// | `/readyz` | 200, or 503 if something that is [required](HealthPolicy::required) does not work: for the probe that sends it calls |
/// | `/resilience` | the live page for browsers; for all others, and with `?format=json`, [`Health`] as JSON |
/// | `/resilience/events` | the same once a second, as server-sent events |
/// | `/resilience/orders` | takes orders; it is there only with [`Access::controlled_by`] |
///
/// Clones are the same console.
///
/// ```
/// use axum::Router;
/// use redis_resilient::console::{Access, Console};
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # async fn ctrl_c() {}
/// let console = Console::new(Access::read_only());
/// let app: Router = Router::new().merge(console.router());
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// axum::serve(listener, app)
///     .with_graceful_shutdown(async move {
///         ctrl_c().await;
///         // Pages that are open would keep the server from ending.
///         console.end();
///     })
///     .await
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Console {
    access: Access,
    source: Source,
    feed: Arc<Feed>,
    token: Token,
}

impl Console {
    /// One that may be used so.
    ///
    /// # Panics
    /// If the system has no random numbers.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            source: Source {
                policy: HealthPolicy::new(),
                checks: Checks::new(),
            },
            feed: Arc::default(),
            token: Token::new(),
        }
    }

    /// What counts as healthy. By default nothing is required.
    pub fn policy(mut self, policy: HealthPolicy) -> Self {
        self.source.policy = policy;
        self
    }

    /// What is tried when `/readyz` or `/resilience` is asked for, and while a page is open. By default nothing is.
    pub fn checks(mut self, checks: Checks) -> Self {
        self.source.checks = checks;
        self
    }

    /// The routes.
    pub fn router<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        timeline::begin();
        let mut router = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/resilience", get(resilience))
            .route("/resilience/events", get(events));
        if self.access.is_controlled() {
            router = router.route("/resilience/orders", post(orders));
        }
        router.with_state(self.clone())
    }

    /// Ends the streams of all open pages, and lets none begin: for when the server is to end.
    pub fn end(&self) {
        self.feed.end();
    }

    /// How many streams are open.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.feed.watchers()
    }
}

async fn healthz(State(console): State<Console>) -> Response {
    let health = console.source.known();
    verdict(StatusCode::OK, &health)
}

async fn readyz(State(console): State<Console>) -> Response {
    let health = console.source.health().await;
    let status = match health.verdict {
        Verdict::Down => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    verdict(status, &health)
}

fn verdict(status: StatusCode, health: &Health) -> Response {
    let body = json!({ "verdict": health.verdict, "findings": health.findings });
    of_json(status, body.to_string())
}

async fn resilience(State(console): State<Console>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let wants_page = parts.uri.query() != Some("format=json")
        && parts
            .headers
            .get("accept")
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"));
    if wants_page {
        let operator = console.access.operator(&parts);
        let token = operator.as_ref().map(|_| &console.token);
        return page::page(token, operator.as_ref());
    }
    of_json(
        StatusCode::OK,
        feed::document(&console.source.health().await),
    )
}

async fn events(State(console): State<Console>, method: Method) -> Response {
    // Nobody reads what would come.
    let stream = if method == Method::HEAD {
        Body::empty()
    } else if let Ok(stream) = feed::watch(&console.feed, &console.source) {
        Body::from_stream(stream)
    } else {
        let text = "as many pages are open as can be, or the server is about to end\n";
        let retry_after = [(RETRY_AFTER, "5")];
        return (StatusCode::SERVICE_UNAVAILABLE, retry_after, text).into_response();
    };
    let mut response = Response::new(stream);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies are not to keep back what comes.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    harden(headers);
    response
}

async fn orders(State(console): State<Console>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if is_from_elsewhere(&parts.headers) {
        return refusal(
            StatusCode::FORBIDDEN,
            "an order has to come from the console's own page",
        );
    }
    let Some(operator) = console.access.operator(&parts) else {
        return refusal(StatusCode::FORBIDDEN, "you may not give orders");
    };
    if !console.token.is_in(&parts.headers) {
        return refusal(
            StatusCode::FORBIDDEN,
            "the token of the page is missing or old: load the page again",
        );
    }
    let is_json = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json {
        let text = "an order is JSON: send `content-type: application/json`";
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    }
    let order = match axum::body::to_bytes(body, LONGEST_ORDER).await {
        Ok(body) => parse(&body),
        Err(_) => Err("an order is not that long".to_owned()),
    };
    match order {
        Ok(order) => answer(&order, &operator).await,
        Err(text) => refusal(StatusCode::BAD_REQUEST, &text),
    }
}

fn parse(body: &Bytes) -> Result<Order, String> {
    serde_json::from_slice(body).map_err(|error| format!("this is no order: {error}"))
}

async fn answer(order: &Order, operator: &Operator) -> Response {
    match order.carry_out(operator).await {
        Ok(done) => of_json(StatusCode::OK, json!({ "done": done }).to_string()),
        Err(refused) => {
            let status = match refused {
                Refused::NoSuchBreaker | Refused::NoSuchJournal | Refused::NothingInjected => {
                    StatusCode::NOT_FOUND
                }
                Refused::NoPlan(_) => StatusCode::BAD_REQUEST,
                Refused::NotRegistered => StatusCode::CONFLICT,
                Refused::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            refusal(status, &refused.to_string())
        }
    }
}

fn refusal(status: StatusCode, text: &str) -> Response {
    of_json(status, json!({ "error": text }).to_string())
}

fn of_json(status: StatusCode, json: String) -> Response {
    let mut response = (status, json).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    harden(headers);
    response
}

/// What holds for all answers: they are of the moment, and show themselves nowhere else.
fn harden(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
}
