//! Many tasks on one connector, and many connectors, through an outage: what that takes of memory and processor.
//!
//! Each has a process of its own, so that memory is told apart.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;
use redis_resilient_testkit::RealRedis;

use crate::Result;
use crate::client::KEY;
use crate::storm::memory::{mebibytes, resident};

/// How a process is told to be one of them: this, and how many connectors.
pub(crate) const CHILD: &str = "--scale";
const TASKS: u64 = 10_000;
const CONNECTORS: u64 = 1_000;
const CALM: Duration = Duration::from_secs(3);
const OUTAGE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);
const NEVER: Duration = Duration::from_secs(30);

/// What 10,000 tasks may take for being told of failures, in bytes.
const MOST_FOR_TASKS: u64 = 8 << 20;
/// What one connector may take, connection and all, in bytes. It was 15.2 KiB before each runtime had connections of its own, subscriptions shared
/// one, and commands that wait had a limit; it is 16.9 KiB with them.
const MOST_FOR_CONNECTOR: u64 = 18 << 10;

#[redis_resilient(retries = 3, deadline = "2s", breaker = false)]
async fn get(redis: &Connector) -> redis::RedisResult<Option<String>> {
    redis.get().await?.get(KEY).await
}

/// Prints the table; returns what our connections missed.
pub(crate) fn print() -> Result<Vec<String>> {
    println!(
        "{TASKS} tasks with a call of `#[redis_resilient(retries = 3, deadline = \"2s\", breaker = false)]` each {} ms, through an outage of {} s \
         in which the server is killed. Memory is the process's resident set, processor its time, of what each phase adds.",
        PAUSE.as_millis(),
        OUTAGE.as_secs()
    );
    println!();
    println!(
        "| connectors | before them, MiB | with them | most in the outage | processor, calm s/s | in the outage | all tasks back after |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    let mut missed = Vec::new();
    for connectors in [1, CONNECTORS] {
        let output = Command::new(std::env::current_exe()?)
            .args([CHILD, &connectors.to_string()])
            .stdout(Stdio::piped())
            .spawn()?
            .wait_with_output()?;
        for line in String::from_utf8(output.stdout)?.lines() {
            match line.strip_prefix("MISSED: ") {
                Some(text) => missed.push(text.to_owned()),
                None => println!("{line}"),
            }
        }
        if !output.status.success() {
            return Err("a process did not come to its end".into());
        }
    }
    Ok(missed)
}

/// One process, with so many connectors.
pub(crate) fn run(connectors: &str) -> Result<()> {
    let count: u64 = connectors.parse()?;
    let server = RealRedis::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let back = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let url = server.url();
    // The tasks themselves, and what their calls take.
    let before = resident()?;
    let redis: Vec<_> = (0..count)
        .map(|_| Connector::open(&*url))
        .collect::<redis::RedisResult<_>>()?;
    runtime.block_on(async {
        for redis in &redis {
            drop(redis.get().await?);
        }
        Ok::<_, redis::RedisError>(())
    })?;
    let connected = resident()?;
    for (redis, _) in redis.iter().cycle().zip(0..TASKS) {
        let (redis, back, is_over) = (redis.clone(), back.clone(), is_over.clone());
        runtime.spawn(async move {
            let mut is_counted = false;
            loop {
                let is_after = is_over.load(Ordering::Relaxed);
                let is_well = get(&redis).await.is_ok();
                if is_after && is_well && !is_counted {
                    is_counted = true;
                    back.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
    thread::sleep(CALM);
    let (calm, calm_cpu) = (resident()?, processor()?);
    thread::sleep(CALM);
    let calm_cpu = (processor()? - calm_cpu) / CALM.as_secs_f64();
    server.kill();
    let (begun, cpu) = (Instant::now(), processor()?);
    let mut most = calm;
    while begun.elapsed() < OUTAGE {
        thread::sleep(Duration::from_millis(50));
        most = most.max(resident()?);
    }
    let outage_cpu = (processor()? - cpu) / begun.elapsed().as_secs_f64();
    server.restart()?;
    is_over.store(true, Ordering::Relaxed);
    let over = Instant::now();
    while back.load(Ordering::Relaxed) < TASKS && over.elapsed() < NEVER {
        thread::sleep(Duration::from_millis(20));
    }
    let all_back = back.load(Ordering::Relaxed) == TASKS;
    let back_text = if all_back {
        crate::verdict::millis(over.elapsed())
    } else {
        "never".to_owned()
    };
    println!(
        "| {count} | {} | {} | {} | {calm_cpu:.2} | {outage_cpu:.2} | {back_text} |",
        mebibytes(before),
        mebibytes(connected),
        mebibytes(most),
    );
    if !all_back {
        println!("MISSED: {count} connectors: not all tasks came back");
    }
    let growth = most.saturating_sub(calm);
    if growth > MOST_FOR_TASKS && count == 1 {
        println!(
            "MISSED: {TASKS} tasks: memory grew by {} MiB",
            mebibytes(growth)
        );
    }
    let each = connected.saturating_sub(before) / count;
    if count > 1 {
        println!("| | | {each} B each | | | | |");
        if each > MOST_FOR_CONNECTOR {
            println!("MISSED: {count} connectors: {each} B each");
        }
    }
    Ok(())
}

/// The processor time of this process so far, in seconds.
fn processor() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("the system does not tell")?;
    // utime and stime, in hundredths of a second, are the 14th and the 15th.
    let mut times = fields.split(' ').skip(11);
    let mut next = || -> Result<f64> {
        let ticks: u32 = times.next().ok_or("the system does not tell")?.parse()?;
        Ok(f64::from(ticks) / 100.0)
    };
    Ok(next()? + next()?)
}
