//! What a write over a journal costs while Redis is well, beside the same over the connector alone.

use std::time::Instant;

use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient::journal::Journal;
use redis_resilient_benches::server::Server;
use tokio::runtime::Builder;

use crate::Result;

const ROUNDS: usize = 401;
const CALLS: u32 = 60;
const MOST: f64 = 1.10;

pub(crate) fn measure() -> Result<bool> {
    let server = Server::start()?;
    let redis = Connector::open(server.url.as_str())?;
    let journal = Journal::builder("passing").open(&redis)?;
    let mut over = journal.over(&redis);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (mut plain, mut journalled, mut policed) = (Vec::new(), Vec::new(), Vec::new());
    let policy = redis_resilient::Policy::new("plain")
        .retries(0)
        .without_timeout()
        .breaker(redis.breaker());
    runtime.block_on(async {
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for _ in 0..CALLS {
                redis.get().await?.set::<_, _, ()>("key", "value").await?;
            }
            plain.push(begun.elapsed().as_secs_f64());
            let begun = Instant::now();
            for _ in 0..CALLS {
                over.set::<_, _, ()>("key", "value").await?;
            }
            journalled.push(begun.elapsed().as_secs_f64());
            let begun = Instant::now();
            for _ in 0..CALLS {
                policy
                    .run(async || redis.get().await?.set::<_, _, ()>("key", "value").await)
                    .await?;
            }
            policed.push(begun.elapsed().as_secs_f64());
        }
        redis::RedisResult::Ok(())
    })?;
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2] / f64::from(CALLS) * 1e6
    };
    let (plain, journalled, policed) = (median(plain), median(journalled), median(policed));
    println!("| a `SET` while Redis is well | µs, median | of the plain one |");
    println!("|---|---:|---:|");
    println!("| over the connector | {plain:.1} | 1.000 |");
    println!(
        "| the same under a policy with its breaker | {policed:.1} | {:.3} |",
        policed / plain
    );
    println!(
        "| over the journal | {journalled:.1} | {:.3} |",
        journalled / plain
    );
    println!();
    Ok(journalled / plain <= MOST)
}
