//! Failures as HTTP answers, and one time budget for all calls of a request.
//!
//! When Redis is away, a service that cannot answer without it has to say *come back later*, `503 Service Unavailable` with `Retry-After`, and not that it is broken. Load
//! balancers, clients and the people on call treat the two differently. In any framework that is one line, without this module:
//! [`is_outage`](redis_resilient_runtime::is_outage) and [`retry_after`](redis_resilient_runtime::retry_after). What is here writes the answer too.
//!
//! | feature | for | what there is |
//! |---|---|---|
//! | `http` | all | [`Problem`]: status, `Retry-After` and body of the answer to any error; [`RequestBudget`] |
//! | `http-axum` | axum 0.8 | `Problem` as what a handler's `?` makes of any error |
//! | `http-tower` | axum, hyper, tower | `OutageLayer`, which answers for the errors of a service; `BudgetLayer` |
//! | `http-actix` | Actix Web 4 | `Problem` as the same there |
//!
//! # The answer
//!
//! | the error | status | headers | body |
//! |---|---|---|---|
//! | an outage: a failure of Redis, or a [`Rejection`](redis_resilient_runtime::Rejection) | 503 | `Retry-After`, `Cache-Control: no-store` | `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) |
//! | all else | 500 | `Cache-Control: no-store` | the same |
//!
//! `Retry-After` is in whole seconds, rounded up: the time until the circuit lets a probe through, or 1 where none says it. The body is the same for all
//! errors of one status, and tells nothing of what is inside: no error's text, no name, no address. For logs the error stays with the answer: a
//! `Cause` among the response's extensions in axum, `ResponseError` in Actix Web.
//!
#![cfg_attr(
    feature = "axum",
    doc = r#"# axum

```
use axum::{Router, extract::{Path, State}, routing::get};
use redis_resilient::{connection::Connector, http::{BudgetLayer, OutageLayer, Problem}, redis_resilient};
use std::time::Duration;

#[redis_resilient]
async fn user_name(redis: &Connector, id: u64) -> redis::RedisResult<String> {
    redis::cmd("GET").arg(id).query_async(&mut redis.get().await?).await
}

async fn show(State(redis): State<Connector>, Path(id): Path<u64>) -> Result<String, Problem> {
    Ok(user_name(&redis, id).await?)
}

fn app(redis: Connector) -> Router {
    Router::new()
        .route("/users/{id}", get(show))
        .with_state(redis)
        .layer(BudgetLayer::new(Duration::from_secs(2)))
        .layer(OutageLayer::new())
}
# let _ = app;
```

A handler with an error type of its own keeps it. Its `IntoResponse` says `Problem::from(self).into_response()` for what is not its own; or it leaves a
`Cause` in the response, and the `OutageLayer` answers where that is an outage:

```
use axum::{http::StatusCode, response::{IntoResponse, Response}};
use redis_resilient::http::Cause;

# #[derive(Debug)] enum AppError { Redis(redis::RedisError), NotFound }
# impl std::fmt::Display for AppError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
# impl std::error::Error for AppError { fn source(&self) -> Option<&(dyn std::error::Error + 'static)> { match self { Self::Redis(error) => Some(error), _ => None } } }
impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = match &self {
            AppError::NotFound => StatusCode::NOT_FOUND,
            AppError::Redis(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Cause::new(self));
        response
    }
}
```
"#
)]
#![cfg_attr(
    feature = "actix",
    doc = r#"
# Actix Web

```
use actix_web::{HttpResponse, middleware::{Next, from_fn}, body::MessageBody, dev::{ServiceRequest, ServiceResponse}, web};
use redis_resilient::{RequestBudget, http::Problem};
use std::time::Duration;

async fn show(id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().body(user_name(*id).await?))
}

// The budget: from here on, for all that the handler calls.
async fn budget(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    RequestBudget::new(Duration::from_secs(2)).scope(next.call(request)).await
}

# async fn user_name(_: u64) -> redis::RedisResult<String> { Ok(String::new()) }
let app = actix_web::App::new()
    .wrap(from_fn(budget))
    .route("/users/{id}", web::get().to(show));
# let _ = app;
```
"#
)]

#[cfg(feature = "actix")]
mod actix;
mod answer;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod budget_layer;
mod cause;
#[cfg(feature = "tower")]
mod outage_layer;
mod problem;
#[cfg(any(feature = "axum", feature = "tower"))]
mod response;

#[cfg(feature = "tower")]
pub use budget_layer::{Budget, BudgetLayer};
pub use cause::Cause;
#[cfg(feature = "tower")]
pub use outage_layer::{Answering, AnswersOutages, OutageLayer};
pub use problem::Problem;
#[doc(no_inline)]
pub use redis_resilient_runtime::{RequestBudget, WithinBudget};
