//! Orders go to a stream in Redis, or to a journal on disk while Redis is away; from there to Redis, in their order, when it is back.
//!
//! * An order that was accepted is not lost, also if this process is killed.
//! * Customers whose answer got lost send the order again, with the same number: it is one order.

use std::path::Path;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use redis::RedisResult;
use redis_resilient::connection::{Connector, Once};
use redis_resilient::http::Problem;
use redis_resilient::journal::{Journal, JournalError, Written};
use serde::Deserialize;

use crate::shop::Shop;

pub(crate) const STREAM: &str = "orders";

pub(crate) fn journal(redis: &Connector, folder: &Path) -> Result<Journal, JournalError> {
    Journal::builder("shop")
        .file(folder.join("journal"))
        .open(redis)
}

async fn place(
    redis: &Connector,
    journal: &Journal,
    order: &Order,
) -> RedisResult<Written<String>> {
    let once = Once::with_token(order.id.into()).remember_for(Duration::from_secs(3_600));
    once.run(&mut journal.over(redis), STREAM, &order.command())
        .await
}

// The rest is the shop's.

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    /// Chosen by the customer: a random number, or a UUID.
    pub(crate) id: u64,
    pub(crate) customer: u64,
    pub(crate) sum: u64,
}

impl Order {
    fn command(&self) -> redis::Cmd {
        let mut add = redis::cmd("XADD");
        add.arg(STREAM).arg("*");
        add.arg("id")
            .arg(self.id)
            .arg("customer")
            .arg(self.customer)
            .arg("sum")
            .arg(self.sum);
        add
    }
}

pub(crate) fn routes() -> Router<Shop> {
    Router::new().route("/orders", post(order))
}

/// 201: it is in Redis. 202: it is accepted.
async fn order(State(shop): State<Shop>, Json(order): Json<Order>) -> Result<StatusCode, Problem> {
    let written = place(&shop.redis, &shop.journal, &order).await?;
    Ok(if written.is_queued() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::CREATED
    })
}
