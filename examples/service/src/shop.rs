//! What the handlers of the shop share, and where it is put together.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use redis_resilient::connection::Connector;
use redis_resilient::journal::{Journal, JournalConnection};

use crate::Failure;
use crate::database::Database;
use crate::recipes::{
    cached_users, connection, http_503, orders, rate_limit, rate_limit::Local, sessions, views,
};

#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) redis: Connector,
    pub(crate) db: Database,
    pub(crate) journal: Journal,
    pub(crate) views: JournalConnection,
    pub(crate) sessions: JournalConnection,
    pub(crate) local: Arc<Local>,
}

impl Shop {
    pub(crate) fn open(redis: &str, folder: &Path) -> Result<Self, Failure> {
        let redis = connection::connect(redis)?;
        let journal = orders::journal(&redis, folder)?;
        Ok(Self {
            db: Database::with_users()?,
            views: views::counter(&redis, &journal),
            sessions: sessions::open(&redis)?,
            local: Arc::new(rate_limit::local()),
            redis,
            journal,
        })
    }

    pub(crate) fn router(&self) -> Router {
        let routes = Router::new()
            .merge(cached_users::routes())
            .merge(views::routes())
            .merge(orders::routes())
            .merge(sessions::routes())
            .merge(http_503::routes())
            .layer(from_fn_with_state(self.clone(), rate_limit::limit))
            .with_state(self.clone());
        http_503::layered(routes)
    }
}
