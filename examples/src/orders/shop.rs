//! The process that takes the orders, and is killed: it does what a service would do that has a journal.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Duration;

use redis::RedisResult;
use redis_resilient::connection::{Connector, Once};
use redis_resilient::journal::{Journal, Written};
use tokio::runtime::Builder;
use tokio::time::interval;

use super::line::{Order, Said, Waits};
use crate::program::Failure;

/// What tells it from the program that starts it.
pub(super) const ROLE: &str = "the-shop";

/// How many of the orders that wait are executed in a second: Redis has others to serve when it is back. It is more than are placed.
pub(super) const PER_SECOND: u32 = 1_500;

/// How long Redis remembers an order: longer than any outage here.
const REMEMBER: Duration = Duration::from_secs(3_600);

/// How long what waits may take at the end.
const CLOSING: Duration = Duration::from_secs(60);

/// Where a customer's orders are.
pub(super) fn key(customer: u32) -> String {
    format!("orders:{customer}")
}

/// Takes orders from its standard input until that ends, and goes when none waits any more.
pub(super) fn run(url: &str, directory: &Path) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let redis = Connector::builder(url)?
        .connect_timeout(Duration::from_millis(500))
        .response_timeout(Duration::from_millis(300))
        .build();
    let journal = Journal::builder("orders")
        .file(directory)
        .rate(PER_SECOND)
        .open(&redis)?;
    say(&Said::Open(journal.recovered().waiting));
    runtime.spawn(tell(journal.clone()));
    let mut input = io::stdin().lock();
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        if let Some(order) = Order::parse(&line) {
            let (journal, redis) = (journal.clone(), redis.clone());
            runtime.spawn(async move {
                say(&match place(&journal, &redis, order).await {
                    Ok(Written::Done(_)) => Said::Done(order),
                    Ok(_) => Said::Queued(order),
                    Err(error) => Said::Failed(order, error.to_string()),
                });
            });
        }
        line.clear();
    }
    match runtime.block_on(journal.close(CLOSING))? {
        0 => Ok(()),
        waiting => Err(format!("{waiting} orders wait still").into()),
    }
}

/// Whatever becomes of Redis and of this process, the order is executed once: its token is that of the order, so that the
/// customer may place it again with another process, who does not know what the last one has done. Where nobody does that,
/// `journal.over(&redis).exactly_once(…)` makes the tokens.
async fn place(journal: &Journal, redis: &Connector, order: Order) -> RedisResult<Written<u64>> {
    let once = Once::with_token(order.token()).remember_for(REMEMBER);
    let key = key(order.customer);
    let mut push = redis::cmd("RPUSH");
    push.arg(&key).arg(order.number);
    once.run(&mut journal.over(redis), &key, &push).await
}

/// How far the journal is, ten times a second.
async fn tell(journal: Journal) {
    let mut ticks = interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let progress = journal.progress();
        say(&Said::Waits(Waits {
            waiting: progress.waiting,
            per_second: progress.per_second,
            eta: progress.eta,
        }));
    }
}

/// In one piece, so that lines are whole. There may be nobody who listens any more.
fn say(said: &Said) {
    let line = format!("{said}\n");
    let _ = io::stdout().lock().write_all(line.as_bytes());
}
