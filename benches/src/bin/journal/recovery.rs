//! How long it takes to open a journal in which a million writes wait.

use std::time::{Duration, Instant};

use redis_resilient::journal::Journal;
use tokio::runtime::Builder;

use crate::memory::resident_mib;
use crate::{Result, Scratch, nowhere};

const ENTRIES: u64 = 1_000_000;
const MOST: Duration = Duration::from_secs(2);

pub(crate) fn measure(scratch: &Scratch) -> Result<bool> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let redis = nowhere()?;
    let open = || {
        Journal::builder("bench")
            .max_entries(2 * ENTRIES)
            .file(scratch.path("million"))
            .open(&redis)
    };
    let journal = open()?;
    runtime.block_on(async {
        let mut writers = Vec::new();
        for writer in 0..2_000_u64 {
            let journal = journal.clone();
            writers.push(tokio::spawn(async move {
                for number in 0..ENTRIES / 2_000 {
                    let key = format!("customer:{}", (writer * 500 + number) % 10_000);
                    let command = redis::cmd("RPUSH").arg(key).arg(&[b'x'; 64][..]).clone();
                    let _ = journal.enqueue::<()>(command).await?;
                }
                redis::RedisResult::Ok(())
            }));
        }
        for writer in writers {
            writer.await??;
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    journal.close_blocking(Duration::ZERO)?;
    drop(journal);
    let mut taken = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let journal = open()?;
        taken.push(begun.elapsed());
        if journal.recovered().waiting != ENTRIES {
            return Err(format!("{:?} of {ENTRIES}", journal.recovered()).into());
        }
        journal.close_blocking(Duration::ZERO)?;
    }
    taken.sort();
    println!(
        "A million writes are there {:.2} s after the journal is opened (median of five; the slowest {:.2} s); {} MiB of memory.\n",
        taken[2].as_secs_f64(),
        taken[4].as_secs_f64(),
        resident_mib()
    );
    std::fs::remove_dir_all(scratch.path("million"))?;
    Ok(taken[2] <= MOST)
}
