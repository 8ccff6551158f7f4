//! A long outage at 5,000 writes a second: the memory stays where it is.

use std::time::{Duration, Instant};

use redis_resilient::journal::Journal;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::memory::resident_mib;
use crate::{Result, Scratch, nowhere};

const PER_SECOND: u64 = 5_000;
/// What it may grow by from the first tenth to the end.
const MOST_GROWTH: u64 = 16;

pub(crate) fn measure(scratch: &Scratch, seconds: u64) -> Result<bool> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let redis = nowhere()?;
    let path = scratch.path("outage");
    let journal = Journal::builder("bench")
        .max_entries(u64::MAX)
        .max_bytes(u64::MAX)
        .file(&path)
        .open(&redis)?;
    let growth = runtime.block_on(async {
        let begun = Instant::now();
        let mut early = None;
        let mut told = 0;
        let mut written = 0_u64;
        while begun.elapsed() < Duration::from_secs(seconds) {
            let elapsed_ms = u64::try_from(begun.elapsed().as_millis())?;
            let due = elapsed_ms * PER_SECOND / 1_000;
            let mut writes = Vec::new();
            while written < due {
                let key = format!("customer:{}", written % 10_000);
                let command = redis::cmd("RPUSH")
                    .arg(key)
                    .arg(written)
                    .arg(&[b'x'; 64][..])
                    .clone();
                let journal = journal.clone();
                writes.push(tokio::spawn(
                    async move { journal.enqueue::<()>(command).await },
                ));
                written += 1;
            }
            for write in writes {
                let _ = write.await??;
            }
            let elapsed = begun.elapsed().as_secs();
            if elapsed * 10 >= seconds && early.is_none() {
                early = Some(resident_mib());
            }
            if elapsed >= told {
                told = elapsed + (seconds / 10).max(1);
                println!(
                    "{elapsed:4} s: {written} writes wait, {} MiB of memory",
                    resident_mib()
                );
            }
            sleep(Duration::from_millis(2)).await;
        }
        println!(
            "{seconds:4} s: {written} writes wait, {} MiB of memory\n",
            resident_mib()
        );
        Ok::<_, Box<dyn std::error::Error>>(resident_mib().saturating_sub(early.unwrap_or(0)))
    })?;
    journal.close_blocking(Duration::ZERO)?;
    drop(journal);
    std::fs::remove_dir_all(path)?;
    Ok(growth <= MOST_GROWTH)
}
