//! Many programs at once, each on a key of its own, and what came of them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::task::{JoinSet, spawn_blocking};

use crate::chaos::strike;
use crate::program::{Outcome, Program};
use crate::subject::Kind;
use crate::world::World;

const AT_ONCE: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) programs: u32,
    steps: u32,
    invalidations: u32,
    pub(crate) stored: u64,
    chaos: [u32; 5],
    pub(crate) findings: Vec<String>,
    /// Flights and pending invalidations that are left when all is over.
    pub(crate) stuck: usize,
    took: Duration,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [lost, resets, holes, freezes, restarts] = self.chaos;
        write!(
            f,
            "{} interleavings of {} steps, {} invalidations that Redis was told, {} looks that found a value; {lost} times replies lost, \
             {resets} resets, {holes} black holes, {freezes} freezes, {restarts} restarts; {} stale stores, {} left over; {:.1} s",
            self.programs,
            self.steps,
            self.invalidations,
            self.stored,
            self.findings.len(),
            self.stuck,
            self.took.as_secs_f64(),
        )
    }
}

pub(crate) async fn run(kind: Kind, programs: u32, seed: u64) -> Result<Counts, Box<dyn Error>> {
    let begun = Instant::now();
    let world = Arc::new(World::new(kind)?);
    let mut random = Rng::with_seed(seed);
    let is_over = Arc::new(AtomicBool::new(false));
    let chaos = {
        let (world, is_over, random) = (world.clone(), is_over.clone(), random.fork());
        spawn_blocking(move || strike(&world, random, &is_over))
    };
    let mut counts = Counts {
        programs,
        ..Counts::default()
    };
    let mut running = JoinSet::new();
    for number in 0..programs {
        if running.len() == AT_ONCE {
            let ended = running.join_next().await.transpose()?;
            counts.add(ended.unwrap_or_default());
        }
        running.spawn(Program::new(&world, number, random.fork()).run());
    }
    while let Some(ended) = running.join_next().await {
        counts.add(ended?);
    }
    is_over.store(true, Ordering::Relaxed);
    counts.chaos = chaos.await?;
    counts.stuck = world.settle().await;
    counts.took = begun.elapsed();
    Ok(counts)
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        self.steps += outcome.steps;
        self.invalidations += outcome.invalidations;
        self.stored += u64::from(outcome.stored);
        self.findings.extend(outcome.findings);
    }
}
