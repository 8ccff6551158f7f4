//! Sessions are in Redis. While it is away, customers keep them: this process remembers those that it has written, and tells Redis when it is back.
//!
//! A customer that another process serves meanwhile has the session from before the outage, if at all: where that matters, keep customers at one process.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::http::Problem;
use redis_resilient::journal::{Journal, JournalConnection, JournalError};

use crate::shop::Shop;

const LIFE: Duration = Duration::from_secs(1_800);

pub(crate) fn open(redis: &Connector) -> Result<JournalConnection, JournalError> {
    let journal = Journal::builder("sessions").open(redis)?;
    let sessions = journal.over(redis).exactly_once(LIFE);
    Ok(sessions.remembering(10_000, LIFE))
}

async fn load(sessions: &JournalConnection, id: &str) -> RedisResult<Option<String>> {
    sessions.clone().get(key(id)).await
}

async fn save(sessions: &JournalConnection, id: &str, session: String) -> RedisResult<()> {
    let mut sessions = sessions.clone();
    sessions.set_ex(key(id), session, LIFE.as_secs()).await
}

// The rest is the shop's.

fn key(id: &str) -> String {
    format!("session:{id}")
}

pub(crate) fn routes() -> Router<Shop> {
    Router::new().route("/sessions/{id}", get(show).put(keep))
}

async fn show(State(shop): State<Shop>, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(match load(&shop.sessions, &id).await? {
        Some(session) => session.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn keep(
    State(shop): State<Shop>,
    Path(id): Path<String>,
    session: String,
) -> Result<StatusCode, Problem> {
    save(&shop.sessions, &id, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
