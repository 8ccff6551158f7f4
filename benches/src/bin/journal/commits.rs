//! Acknowledged writes per second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_resilient::journal::{Journal, JournalBuilder};
use tokio::runtime::Builder;

use crate::peer::Redb;
use crate::{Result, Scratch, nowhere};

const WRITERS: u64 = 64;
const EACH: Duration = Duration::from_secs(3);
const LEAST: f64 = 50_000.0;
const LEAST_OVER_EACH: f64 = 10.0;

/// Each writer waits for the acknowledgement of one write before the next.
pub(crate) fn measure(scratch: &Scratch) -> Result<bool> {
    // In turns, for the disk is faster at one time than at another.
    let mut together = Vec::new();
    let mut each = Vec::new();
    let mut redb = Vec::new();
    for round in 0..3 {
        together.push(of_journal(
            scratch,
            &format!("together{round}"),
            |builder| builder,
        )?);
        each.push(of_journal(
            scratch,
            &format!("each{round}"),
            JournalBuilder::sync_each,
        )?);
        redb.push(of_redb(scratch, &format!("redb{round}"))?);
    }
    let (together, each, redb) = (median(together), median(each), median(redb));
    println!(
        "| {WRITERS} writers, each of which waits for its acknowledgement | writes per second | of one `fsync` each |"
    );
    println!("|---|---:|---:|");
    println!(
        "| journal, those that come meanwhile over one `fsync` | {together:.0} | {:.1} |",
        together / each
    );
    println!("| journal, `sync_each` | {each:.0} | 1.0 |");
    println!(
        "| redb 4, one transaction for those that come meanwhile | {redb:.0} | {:.1} |",
        redb / each
    );
    println!();
    Ok(
        told(together >= LEAST, &format!("at least {LEAST} a second"))
            & told(
                together / each >= LEAST_OVER_EACH,
                "at least ten times one `fsync` each",
            ),
    )
}

fn told(is_so: bool, what: &str) -> bool {
    if !is_so {
        println!("MISSED: {what}");
    }
    is_so
}

#[allow(clippy::cast_precision_loss, reason = "nobody looks at so many digits")]
fn per_second(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn of_journal(
    scratch: &Scratch,
    name: &str,
    with: impl Fn(JournalBuilder) -> JournalBuilder,
) -> Result<f64> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let redis = nowhere()?;
    let journal = with(
        Journal::builder("bench")
            .max_entries(u64::MAX)
            .max_bytes(u64::MAX)
            .file(scratch.path(name)),
    )
    .open(&redis)?;
    let count = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let written = runtime.block_on(async {
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let (journal, count) = (journal.clone(), count.clone());
            writers.push(tokio::spawn(async move {
                while begun.elapsed() < EACH {
                    let command = redis::cmd("RPUSH").arg(writer).arg(&[b'x'; 64][..]).clone();
                    let _ = journal.enqueue::<()>(command).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                redis::RedisResult::Ok(())
            }));
        }
        for writer in writers {
            writer.await??;
        }
        Ok::<_, Box<dyn std::error::Error>>(count.load(Ordering::Relaxed))
    })?;
    let per_second = per_second(written, begun);
    journal.close_blocking(Duration::ZERO)?;
    drop(journal);
    std::fs::remove_dir_all(scratch.path(name))?;
    Ok(per_second)
}

fn of_redb(scratch: &Scratch, name: &str) -> Result<f64> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let store = Arc::new(Redb::open(&scratch.path(name))?);
    let count = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    runtime.block_on(async {
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let (store, count) = (store.clone(), count.clone());
            writers.push(tokio::spawn(async move {
                while begun.elapsed() < EACH {
                    let command = redis::cmd("RPUSH")
                        .arg(writer)
                        .arg(&[b'x'; 64][..])
                        .get_packed_command();
                    if store.append(command).await {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }));
        }
        for writer in writers {
            writer.await?;
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    let per_second = per_second(count.load(Ordering::Relaxed), begun);
    drop(store);
    let _ = std::fs::remove_file(scratch.path(name));
    Ok(per_second)
}
