//! One process that consumes, until it is killed.

use std::future::pending;
use std::time::Duration;

use redis::{AsyncCommands, cmd};
use redis_resilient::connection::Connector;
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure};

use crate::{GROUP, Proving, STREAM};

pub(crate) async fn consume(url: &str) -> Proving {
    let redis = Connector::builder(url)?
        .health_check_after(Duration::from_millis(300))
        .build();
    let consumer = Consumer::group(&redis, STREAM, GROUP)
        .concurrency(16)
        .prefetch(16)
        .max_deliveries(30)
        .claim_after(Duration::from_secs(1));
    let handler = move |entry: Entry, delivery: Delivery| handle(redis.clone(), entry, delivery);
    Ok(consumer.run(pending(), handler).await?)
}

async fn handle(redis: Connector, entry: Entry, delivery: Delivery) -> Result<(), Failure> {
    let number: u32 = entry.parse("n")?;
    let unprotected = async {
        let mut redis = redis.get().await?;
        redis.hincr::<_, _, _, ()>("unprotected", number, 1).await
    };
    // Whether it has counted or not is just what is not known.
    let _: redis::RedisResult<()> = unprotected.await;
    let mut effect = cmd("HINCRBY");
    effect.arg("effects").arg(number).arg(1);
    if number.is_multiple_of(2) {
        delivery.commit::<u64>("effects", &effect).await?;
        return Ok(());
    }
    delivery.run_once::<u64>("effects", &effect).await?;
    if fastrand::u8(..100) == 0 {
        return Err("after the effect".into());
    }
    Ok(())
}
