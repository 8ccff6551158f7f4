//! What a hit in the near cache costs, beside `moka` by itself and beside a GET over loopback. Prints one table; its exit code is 0 only if a hit takes no
//! more than half as much again as moka's own, and a GET fifty times as long.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use redis_resilient::connection::Connector;
use redis_resilient_benches::server::Server;
use redis_resilient_cache::__seam::{Bounds, Near, near_tracking};
use tokio::runtime::Builder;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const KEYS: usize = 1000;
const ROUNDS: usize = 501;
const QUICK_ROUNDS: usize = 101;
/// What is aimed at.
const MOST_OVER_MOKA: f64 = 1.5;
const LEAST_UNDER_GET: f64 = 50.0;

/// The size of most values that are cached.
type Value = [u8; 64];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if is_quick { QUICK_ROUNDS } else { ROUNDS };
    let server = Server::start()?;
    let connector = Connector::open(server.url.as_str())?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let redis = runtime.block_on(connector.get())?;
    let mut raw = redis::Client::open(server.url.as_str())?.get_connection()?;
    let keys: Vec<String> = (0..KEYS).map(|number| format!("user:{number}")).collect();
    for key in &keys {
        redis::Commands::set::<_, _, ()>(&mut raw, key, &[7_u8; 64][..])?;
    }

    let moka: Cache<Arc<str>, Arc<Value>> = Cache::new(10_000);
    let for_a_time = Near::for_a_time(Duration::from_secs(3600), Bounds::DEFAULT);
    let (tracked, _tracker) = near_tracking(&connector, "user:", Bounds::DEFAULT)?;
    let begun = Instant::now();
    while !tracked.is_trusted() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    // What has to be heard of first: the values were written just now.
    std::thread::sleep(Duration::from_millis(600));
    // The connection that is asked from where it comes has to have been used.
    runtime.block_on(async { redis::cmd("PING").exec_async(&mut redis.clone()).await })?;
    for key in &keys {
        let value = || Arc::new([7_u8; 64]);
        moka.insert(key.as_str().into(), value());
        for near in [&for_a_time, &tracked] {
            let ticket = near.ticket(key);
            if !near.fill(&ticket, &redis, key, value(), 64, None) {
                return Err("a value was not stored".into());
            }
        }
    }

    let mut taken = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        taken[0].push(nanos(&keys, |key| moka.get(key).is_some())?);
        taken[1].push(nanos(&keys, |key| for_a_time.get(key).is_some())?);
        taken[2].push(nanos(&keys, |key| tracked.get(key).is_some())?);
        taken[3].push(nanos(&keys[..50], |key| {
            let value: redis::RedisResult<Vec<u8>> = redis::Commands::get(&mut raw, key);
            value.is_ok_and(|value| value.len() == 64)
        })?);
    }
    println!("| what answers | ns, median | ns, least | of moka's |");
    println!("|---|---:|---:|---:|");
    let names = [
        "`moka::sync::Cache::get`",
        "near, by time alone",
        "near, tracked",
        "`GET` over loopback, `redis::Connection`",
    ];
    let ratio = |at: usize| {
        let ratios = taken[at].iter().zip(&taken[0]);
        median(ratios.map(|(ours, moka)| ours / moka))
    };
    for (at, name) in names.iter().enumerate() {
        let times = &taken[at];
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "| {name} | {:.0} | {least:.0} | {:.2} |",
            median(times.iter().copied()),
            ratio(at)
        );
    }
    let under_get = ratio(3) / ratio(2);
    println!("\na GET takes {under_get:.0} times as long as a tracked hit");
    let is_kept = ratio(1) <= MOST_OVER_MOKA && ratio(2) <= MOST_OVER_MOKA;
    Ok(is_kept && under_get >= LEAST_UNDER_GET)
}

/// For each key.
#[expect(clippy::cast_precision_loss, reason = "it is a few digits")]
fn nanos(keys: &[String], mut get: impl FnMut(&str) -> bool) -> Result<f64> {
    let begun = Instant::now();
    let mut hits = 0;
    for key in keys {
        hits += usize::from(black_box(get(black_box(key))));
    }
    let taken = begun.elapsed().as_nanos() as f64;
    if hits < keys.len() {
        return Err(format!("{} of {} were not there", keys.len() - hits, keys.len()).into());
    }
    Ok(taken / keys.len() as f64)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
