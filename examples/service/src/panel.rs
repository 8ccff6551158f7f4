//! The page at `/`: buttons that break Redis and mend it, and how the customers fare.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use redis_resilient::http::Problem;
use serde_json::{Value, json};

use crate::load::Tally;
use crate::patient::{Fault, Patient};

const PAGE: &str = include_str!("panel.html");

#[derive(Clone)]
struct Panel {
    patient: Arc<Patient>,
    tally: Arc<Tally>,
}

pub(crate) fn routes(patient: Arc<Patient>, tally: Arc<Tally>) -> Router {
    let orders = Router::new()
        .route("/panel/break/{fault}", post(inflict))
        .route("/panel/heal", post(heal))
        .route("/panel/operator/{name}", post(operator))
        .layer(from_fn(from_here));
    Router::new()
        .route("/", get(page))
        .route("/panel/status", get(status))
        .merge(orders)
        .with_state(Panel { patient, tally })
}

async fn page() -> Response {
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:";
    ([(CONTENT_SECURITY_POLICY, policy)], Html(PAGE)).into_response()
}

async fn status(State(panel): State<Panel>) -> Json<Value> {
    let fault = panel.patient.fault();
    Json(json!({ "fault": fault, "calls": panel.tally.shown() }))
}

async fn inflict(
    State(panel): State<Panel>,
    Path(fault): Path<Fault>,
) -> Result<StatusCode, Problem> {
    tokio::task::spawn_blocking(move || panel.patient.inflict(fault)).await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn heal(State(panel): State<Panel>) -> Result<StatusCode, Problem> {
    tokio::task::spawn_blocking(move || panel.patient.heal()).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// What the console takes for a login here.
async fn operator(Path(name): Path<String>) -> Response {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_plain {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let cookie = format!("operator={name}; Path=/; HttpOnly; SameSite=Strict");
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response()
}

/// Pages of other sites cannot send this header.
async fn from_here(headers: HeaderMap, request: Request, next: Next) -> Response {
    if headers.contains_key("x-panel") {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}
