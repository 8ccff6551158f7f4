//! A shop whose Redis has somebody to take over: the calls of the Sentinel drill and of the cluster's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;

use crate::connection::{Redis, counted};
use crate::database::{self, Database};
use crate::drill::Run;
use crate::ledger::{Ledger, Orders};
use crate::load::{Calls, Kind, Load};
use crate::report::{self, Notes};
use crate::shop::{ShopError, User, name_key, user_of_call};
use crate::stats::{Served, Source};
use crate::verdict::{self, Verdict};

/// Longer than a failover takes: a write waits for its new server.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// How long a failover may take, on whatever machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The annotated functions, and what is shown of them.
pub(crate) trait Shop: Send + Sync + 'static {
    /// The index of the row for calls about this key.
    fn row(&self, key: &str, is_read: bool) -> usize;

    /// The key of the set that an order goes to.
    fn orders_key(&self, order: u32) -> String;

    fn get_user(
        &self,
        redis: &Redis,
        database: &Database,
        id: u32,
    ) -> impl Future<Output = Result<User, ShopError>> + Send;

    fn record_order(
        &self,
        redis: &Redis,
        order: u32,
    ) -> impl Future<Output = Result<(), ShopError>> + Send;
}

/// Puts into Redis what the database says.
pub(crate) async fn fill(connector: &Connector) -> RedisResult<()> {
    let mut redis = connector.get().await?;
    for id in 0..database::USERS {
        let (key, name) = (name_key(id), database::name_of(id));
        redis.set::<_, _, ()>(key, name).await?;
    }
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Customers<S> {
    shop: S,
    redis: Redis,
    database: Database,
    ledger: Ledger,
    /// Answers that are not what the database says.
    wrong: AtomicUsize,
}

impl<S: Shop> Customers<S> {
    pub(crate) fn new(shop: S, redis: Redis, start: Instant) -> rusqlite::Result<Self> {
        Ok(Self {
            shop,
            redis,
            database: Database::with_users()?,
            ledger: Ledger::new(start),
            wrong: AtomicUsize::new(0),
        })
    }

    async fn get_user(&self, id: u32) -> Option<Source> {
        let user = self.shop.get_user(&self.redis, &self.database, id).await;
        let user = user.ok()?;
        if user.name != database::name_of(id) {
            self.wrong.fetch_add(1, Ordering::Relaxed);
        }
        Some(user.source)
    }

    async fn record_order(&self, order: u32) -> Option<Source> {
        self.ledger.place();
        let recorded = self.shop.record_order(&self.redis, order).await;
        recorded.ok()?;
        self.ledger.acknowledge(order);
        Some(Source::Redis)
    }

    /// The notes of a run, and what was to hold in it; this user is one of those that were out of reach.
    pub(crate) async fn judge(
        &self,
        load: &Load<Self>,
        run: &Run,
        on_servers: RedisResult<Vec<u32>>,
        user: u32,
    ) -> (Notes, Verdict) {
        let is_back = verdict::comes_back(async || self.get_user(user).await).await;
        let orders = on_servers.map(|orders| self.ledger.compare(&orders));
        let orders = orders.map(|orders| {
            let pardoned = orders.lost_by_redis(&run.spans);
            (orders, pardoned)
        });
        let mut notes = Notes::default();
        notes.note("reads", &report::reads(&run.records));
        notes.note("writes", &report::writes(&run.records));
        if let Ok((orders, pardoned)) = &orders {
            notes.note("orders", &told(orders, *pardoned));
        }
        let mut verdict = Verdict::default();
        let orders = orders
            .as_ref()
            .map(|(orders, pardoned)| (orders, *pardoned));
        let wrong = self.wrong.load(Ordering::Relaxed);
        verdict.judge(load.hung(), wrong, orders, is_back);
        (notes, verdict)
    }
}

impl<S: Shop> Calls for Customers<S> {
    const RATE: u32 = 200;
    const DEADLINE: Duration = DEADLINE;

    fn kind(&self, number: u32) -> Kind {
        let is_read = !is_order(number);
        let key = if is_read {
            name_key(user_of_call(number))
        } else {
            self.shop.orders_key(number)
        };
        let row = self.shop.row(&key, is_read);
        Kind { row, is_read }
    }

    async fn call(&self, number: u32) -> Served {
        let (answer, attempts) = if is_order(number) {
            counted(self.record_order(number)).await
        } else {
            counted(self.get_user(user_of_call(number))).await
        };
        Served::of(answer, attempts)
    }
}

fn is_order(call: u32) -> bool {
    matches!(call % 20, 3 | 10 | 16)
}

fn told(orders: &Orders, pardoned: usize) -> String {
    let told = format!(
        "{} of {} acknowledged, of these on their servers now: {}",
        orders.acknowledged,
        orders.placed,
        orders.acknowledged - orders.lost()
    );
    match pardoned {
        0 => told,
        _ => format!("{told}; {pardoned} went with the server that had just acknowledged them"),
    }
}
