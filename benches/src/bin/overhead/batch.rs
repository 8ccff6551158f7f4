//! Two sides that take turns, and what they take of time and of the processor.

use std::fmt;
use std::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    time: f64,
    processor: f64,
}

/// What both take, in microseconds per call, and what ours takes of what theirs takes: in each round by itself, then the median of all
/// rounds. The processor's time is this process's alone; the server's is not in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    theirs: Taken,
    ours: Taken,
    ratio: Taken,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (theirs, ours, ratio) = (self.theirs, self.ours, self.ratio);
        write!(
            f,
            "| {:.2} | {:.2} | {:.3} ",
            theirs.time, ours.time, ratio.time
        )?;
        write!(
            f,
            "| {:.2} | {:.2} | {:.3} |",
            theirs.processor, ours.processor, ratio.processor
        )
    }
}

/// Turns of theirs and ours, of so many calls each; who begins alternates.
pub(crate) fn compare(
    rounds: usize,
    calls: u32,
    mut theirs: impl FnMut(),
    mut ours: impl FnMut(),
) -> Compared {
    let mut taken = Vec::with_capacity(rounds);
    for round in 0..rounds {
        taken.push(if round % 2 == 0 {
            let first = timed(&mut theirs);
            (first, timed(&mut ours))
        } else {
            let first = timed(&mut ours);
            (timed(&mut theirs), first)
        });
    }
    let of = |value: &dyn Fn(&(Taken, Taken), fn(Taken) -> f64) -> f64| {
        let median =
            |what: fn(Taken) -> f64| median(taken.iter().map(|both| value(both, what)).collect());
        Taken {
            time: median(|taken| taken.time),
            processor: median(|taken| taken.processor),
        }
    };
    let micros = 1e6 / f64::from(calls);
    Compared {
        theirs: of(&|(theirs, _), what| what(*theirs) * micros),
        ours: of(&|(_, ours), what| what(*ours) * micros),
        ratio: of(&|(theirs, ours), what| what(*ours) / what(*theirs)),
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
