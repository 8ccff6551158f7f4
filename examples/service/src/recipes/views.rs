//! Each view of a page is counted, exactly once.
//!
//! * An `INCR` whose reply is lost may have been executed. Here it is sent again with the same token, by which Redis knows it.
//! * While Redis is away, views wait in the journal, on disk, and are counted when it is back. The page is shown meanwhile, without its number.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::http::Problem;
use redis_resilient::journal::{Journal, JournalConnection, Written};
use serde_json::{Value, json};

use crate::shop::Shop;

pub(crate) fn counter(redis: &Connector, journal: &Journal) -> JournalConnection {
    journal.over(redis).exactly_once(Duration::from_secs(3_600))
}

async fn count_view(views: &JournalConnection, page: u64) -> RedisResult<Written<u64>> {
    views.clone().incr(format!("views:{page}"), 1).await
}

// The rest is the shop's.

pub(crate) fn routes() -> Router<Shop> {
    Router::new().route("/pages/{page}", get(show))
}

/// `views` is `null` where the number is not known yet.
async fn show(State(shop): State<Shop>, Path(page): Path<u64>) -> Result<Json<Value>, Problem> {
    let views = count_view(&shop.views, page).await?.done();
    Ok(Json(json!({ "page": page, "views": views })))
}
