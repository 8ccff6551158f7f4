//! Two sides that take turns, and what they take of time and of the processor.

use std::fmt;
use std::time::Instant;

/// Seconds; of the processor, this process's alone, the server's are not in it.
struct Taken {
    time: f64,
    processor: f64,
}

/// What both take of time and of the processor.
#[derive(Debug)]
pub struct Compared {
    time: Pair,
    processor: Pair,
}

/// Microseconds per call, and the ratio of each round by itself: medians.
#[derive(Debug)]
struct Pair {
    theirs: f64,
    ours: f64,
    ratio: f64,
}

impl Pair {
    /// Of what so many calls took in each round, theirs and ours, in seconds.
    fn of(rounds: &[(f64, f64)], calls: u32) -> Self {
        let micros = 1e6 / f64::from(calls);
        Self {
            theirs: median(rounds.iter().map(|(theirs, _)| theirs * micros)),
            ours: median(rounds.iter().map(|(_, ours)| ours * micros)),
            ratio: median(rounds.iter().map(|(theirs, ours)| ours / theirs)),
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            theirs,
            ours,
            ratio,
        } = self;
        write!(f, "{theirs:.2} | {ours:.2} | {ratio:.3}")
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {}", self.time, self.processor)
    }
}

/// Turns of theirs and ours, of so many calls each; who begins alternates.
pub fn compare(
    rounds: usize,
    calls: u32,
    mut theirs: impl FnMut(),
    mut ours: impl FnMut(),
) -> Compared {
    let (mut time, mut processor) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (theirs, ours) = if round % 2 == 0 {
            let first = timed(&mut theirs);
            (first, timed(&mut ours))
        } else {
            let first = timed(&mut ours);
            (timed(&mut theirs), first)
        };
        time.push((theirs.time, ours.time));
        processor.push((theirs.processor, ours.processor));
    }
    Compared {
        time: Pair::of(&time, calls),
        processor: Pair::of(&processor, calls),
    }
}

fn timed(run: &mut impl FnMut()) -> Taken {
    let (start, processor) = (Instant::now(), processor_seconds());
    run();
    Taken {
        time: start.elapsed().as_secs_f64(),
        processor: processor_seconds() - processor,
    }
}

/// Of this thread, which does all the work: the runtime has no other.
#[cfg(target_os = "linux")]
fn processor_seconds() -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[allow(clippy::cast_precision_loss)]
    let (seconds, nanos) = (time.tv_sec as f64, time.tv_nsec as f64);
    seconds + nanos / 1e9
}

#[cfg(not(target_os = "linux"))]
fn processor_seconds() -> f64 {
    f64::NAN
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
