//! Sessions are in Redis. While it is away, customers keep them: this process remembers those that it has written, and tells Redis when it is back.
//!
//! A customer that another process serves meanwhile has the session from before the outage, if at all: where that matters, keep customers at one process.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use moka::sync::Cache;
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::http::Problem;
use redis_resilient::journal::{Journal, JournalError};
use redis_resilient::redis_resilient;

use crate::shop::Shop;

const LIFE: Duration = Duration::from_secs(1_800);

pub(crate) struct Sessions {
    redis: Connector,
    journal: Journal,
    written: Cache<String, String>,
}

impl Sessions {
    pub(crate) fn open(redis: &Connector) -> Result<Self, JournalError> {
        let (redis, journal) = (redis.clone(), Journal::builder("sessions").open(redis)?);
        let written = Cache::builder().max_capacity(10_000).time_to_live(LIFE);
        let written = written.build();
        Ok(Self {
            redis,
            journal,
            written,
        })
    }

    async fn load(&self, id: &str) -> RedisResult<Option<String>> {
        // While writes wait, Redis has older ones. This is not within `read`: there, what memory answers would count as an answer of Redis.
        let waits = self.journal.progress().waiting > 0;
        match waits.then(|| self.written.get(id)).flatten() {
            Some(session) => Ok(Some(session)),
            None => self.read(id).await,
        }
    }

    #[redis_resilient(name = "sessions::read", retries = 1, timeout = "200ms", breaker = self.redis.breaker(), fallback = Ok(self.written.get(id)))]
    async fn read(&self, id: &str) -> RedisResult<Option<String>> {
        self.redis.get().await?.get(key(id)).await
    }

    async fn save(&self, id: &str, session: String) -> RedisResult<()> {
        self.written.insert(id.to_owned(), session.clone());
        let mut redis = self.journal.over(&self.redis).exactly_once(LIFE);
        redis.set_ex(key(id), session, LIFE.as_secs()).await
    }
}

// The rest is the shop's.

fn key(id: &str) -> String {
    format!("session:{id}")
}

pub(crate) fn routes() -> Router<Shop> {
    Router::new().route("/sessions/{id}", get(show).put(keep))
}

async fn show(State(shop): State<Shop>, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(match shop.sessions.load(&id).await? {
        Some(session) => session.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn keep(
    State(shop): State<Shop>,
    Path(id): Path<String>,
    session: String,
) -> Result<StatusCode, Problem> {
    shop.sessions.save(&id, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
