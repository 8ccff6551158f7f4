//! Reads while one connection is held up now and then, with a hedge and without.
//!
//! A proxy delays all replies on the first connection by 100 ms, for a moment every three seconds. So of 100 reads some three are slow, which is
//! what the 99th percentile shows. Then all connections are slow, all the time: there the budget has to hold.

mod load;

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;
use redis_resilient_testkit::{FaultProxy, RealRedis};

use load::{Fault, Load, Measured};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "\
Measures reads through a proxy that delays one connection by 100 ms now and then, with `hedge = \"20ms\"` and without.

Usage: cargo run --release -p redis-resilient-faults --bin hedging -- [OPTIONS]

Options:
  --seconds N  how long each row takes; 15 unless told
  --rate N     reads per second; 400 unless told
  --help       print this

Exit code 0: with a hedge over a `Connector` the 99th percentile was at most 30 ms, and Redis was asked at most 5 % more often than without.
";

/// What each reply on the connection that is held up comes later.
const DELAY: Duration = Duration::from_millis(100);
/// For so long; those that come then hold up those behind them for as long as the delay.
const MOMENT: Duration = Duration::from_millis(10);
const EVERY: Duration = Duration::from_secs(3);
const MOST: Duration = Duration::from_millis(30);
const MOST_EXTRA_PERCENT: u64 = 5;
/// What a function may hedge before it has earned anything.
const AT_FIRST: u64 = 10;

#[redis_resilient]
async fn plain(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = "20ms")]
async fn hedged(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = "20ms")]
async fn hedged_of_two(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = "20ms", clone(conn))]
async fn hedged_over_one(mut conn: MultiplexedConnection) -> RedisResult<u64> {
    conn.get("n").await
}

#[redis_resilient(hedge = "20ms")]
async fn hedged_while_slow(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

fn main() {
    let code = match options().and_then(|load| load.map_or(Ok(true), |load| run(&load))) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => {
            eprintln!("{error}");
            2
        }
    };
    std::process::exit(code)
}

/// `None`: there is nothing to do.
fn options() -> Result<Option<Load>> {
    let mut load = Load {
        seconds: 15,
        rate: 400,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
        match word.as_str() {
            "--seconds" => load.seconds = value()?.parse()?,
            "--rate" => load.rate = value()?.parse()?,
            "--help" => {
                print!("{HELP}");
                return Ok(None);
            }
            _ => return Err(format!("unknown option `{word}`\n\n{HELP}").into()),
        }
    }
    if load.seconds == 0 || load.rate == 0 {
        return Err("`--seconds` and `--rate` have to be more than 0".into());
    }
    Ok(Some(load))
}

#[tokio::main]
async fn run(load: &Load) -> Result<bool> {
    let server = RealRedis::start()?;
    println!("the first connection delayed by {DELAY:?} for {MOMENT:?} every {EVERY:?}; {load}");
    println!("{}", Measured::HEAD);
    let mut wrong = Vec::new();

    let (proxy, redis) = connected(&server, 1).await?;
    let without = load
        .measure(&server, &proxy, Fault::NowAndThen, || plain(redis))
        .await?;
    println!("{}", without.row("no hedge, Connector"));
    let slow = without.percentile(99);
    if slow < DELAY / 2 {
        wrong.push(format!(
            "no hedge: the 99th percentile was {slow:?}, so there was nothing to be hedged"
        ));
    }

    let (proxy, redis) = connected(&server, 1).await?;
    let one = load
        .measure(&server, &proxy, Fault::NowAndThen, || hedged(redis))
        .await?;
    println!("{}", one.row("hedge, Connector"));
    wrong.extend(one.wrong());

    let (proxy, redis) = connected(&server, 2).await?;
    let two = load
        .measure(&server, &proxy, Fault::NowAndThen, || hedged_of_two(redis))
        .await?;
    println!("{}", two.row("hedge, Connector, connections(2)"));
    wrong.extend(two.wrong());

    let proxy = FaultProxy::to(server.addr())?;
    let client = redis::Client::open(proxy.url())?;
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let conn = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    let raw = load
        .measure(&server, &proxy, Fault::NowAndThen, || {
            hedged_over_one(conn.clone())
        })
        .await?;
    println!("{}", raw.row("hedge, one connection of redis-rs"));

    let (proxy, redis) = connected(&server, 1).await?;
    let slow = load
        .measure(&server, &proxy, Fault::Always, || hedged_while_slow(redis))
        .await?;
    println!("{}", slow.row("hedge, all connections slow all along"));
    wrong.extend(slow.too_often());

    for problem in &wrong {
        println!("{problem}");
    }
    println!(
        "{}",
        if wrong.is_empty() {
            "it holds"
        } else {
            "it does not hold"
        }
    );
    Ok(wrong.is_empty())
}

/// A proxy of its own, and a connector that has connected through it.
async fn connected(
    server: &RealRedis,
    connections: usize,
) -> Result<(FaultProxy, &'static Connector)> {
    let proxy = FaultProxy::to(server.addr())?;
    let redis = Connector::builder(proxy.url().as_str())?
        .connections(connections)
        .build();
    let () = redis.get().await?.set("n", 1).await?;
    Ok((proxy, Box::leak(Box::new(redis))))
}
