//! One cell of the table: a row's fault, with one caller on one kind of connection.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use redis_resilient::Class;
use tokio::runtime::Handle;

use crate::Result;
use crate::client::{Call, Client, Kind, seen};
use crate::row::{End, Row};
use crate::world::World;

/// Between two calls of the caller.
const PAUSE: Duration = Duration::from_millis(20);
/// Who is not back so long after the fault is over never is.
pub(crate) const NEVER: Duration = Duration::from_secs(15);
/// The longest fault.
const FAULT: Duration = Duration::from_secs(25);

/// What the caller went through.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Its failures by what it saw, each with the longest time that took, in the order of the first of each.
    pub(crate) failures: Vec<Failure>,
    /// How many calls failed that began after the fault was over, or since it began where it stays.
    pub(crate) failed_after: usize,
    /// From the end of the fault, or from its beginning where it stays, to the end of the first call that succeeds; `None`: never.
    pub(crate) back: Option<Duration>,
    /// A call that never came to an end.
    pub(crate) hangs: bool,
    /// Connections made since the fault began, where that can be counted.
    pub(crate) connects: u64,
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) class: Class,
    pub(crate) longest: Duration,
}

/// A call that has ended.
struct Seen {
    begun: Instant,
    ended: Instant,
    failure: Option<(String, Class)>,
}

pub(crate) fn run(row: &Row, kind: Kind, runtime: &Handle) -> Result<Outcome> {
    let world = Arc::new(World::new(row.way, row.server, row.password)?);
    let url = world.url();
    let mut client = Client::new(kind, &url, world.password.as_ref(), runtime.clone())?;
    if row.is_connected {
        client.call(Call::Get)?;
    }
    client.used_by(row.idle)?;
    (row.begin)(&world)?;
    let connected = world.proxy.accepted();
    let begun = Instant::now();
    let over = Arc::new(OnceLock::new());
    if let End::Stays | End::Hopeless = row.end {
        let _ = over.set(begun);
    }
    let calls = call_on(client, *row);
    let ender = end(row.end, kind, &world, &over);
    let mut outcome = watch(&calls, row, begun, &over);
    outcome.connects = world.proxy.accepted() - connected;
    if let Some(ender) = ender {
        ender
            .join()
            .map_err(|_| "a panic while the fault was to end")??;
    }
    Ok(outcome)
}

/// Calls again and again, in a thread that may hang: what a caller is stuck in cannot be stopped. It ends when nobody listens any more.
fn call_on(mut client: Client, row: Row) -> mpsc::Receiver<Seen> {
    let (tell, calls) = mpsc::channel();
    thread::spawn(move || {
        let mut call = row.call;
        loop {
            let begun = Instant::now();
            let result = client.call(call);
            let seen = Seen {
                begun,
                ended: Instant::now(),
                failure: result.err().map(|error| seen(&error)),
            };
            if let (End::Once, Some(_)) = (row.end, &seen.failure) {
                call = Call::Get;
            }
            if tell.send(seen).is_err() {
                return;
            }
            thread::sleep(PAUSE);
        }
    });
    calls
}

type Ender = thread::JoinHandle<Result<()>>;

/// Ends the fault while calls go on.
fn end(end: End, kind: Kind, world: &Arc<World>, over: &Arc<OnceLock<Instant>>) -> Option<Ender> {
    let End::When(ends) = end else {
        return None;
    };
    let (world, over) = (world.clone(), over.clone());
    Some(thread::spawn(move || {
        ends(&world, kind)?;
        let _ = over.set(Instant::now());
        Ok(())
    }))
}

/// Listens to the caller until it is back, or long enough.
fn watch(
    calls: &mpsc::Receiver<Seen>,
    row: &Row,
    begun: Instant,
    over: &OnceLock<Instant>,
) -> Outcome {
    let mut outcome = Outcome {
        failures: Vec::new(),
        failed_after: 0,
        back: None,
        hangs: false,
        connects: 0,
    };
    let mut last_heard = begun;
    loop {
        let until = over.get().map_or(begun + FAULT, |over| *over) + NEVER;
        let seen = match calls.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(seen) => seen,
            Err(RecvTimeoutError::Timeout)
                if over.get().is_some_and(|over| *over + NEVER > until) =>
            {
                continue;
            }
            Err(_) => {
                outcome.hangs = last_heard.elapsed() > NEVER / 2;
                return outcome;
            }
        };
        last_heard = seen.ended;
        if let (End::Once, false) = (row.end, outcome.failures.is_empty()) {
            let _ = over.set(seen.begun);
        }
        let Some((what, class)) = seen.failure else {
            if let Some(over) = over.get()
                && seen.ended >= *over
            {
                outcome.back = Some(seen.ended - *over);
                return outcome;
            }
            continue;
        };
        let took = seen.ended - seen.begun;
        match outcome.failures.iter_mut().find(|known| known.what == what) {
            Some(known) => known.longest = known.longest.max(took),
            None => outcome.failures.push(Failure {
                what,
                class,
                longest: took,
            }),
        }
        if let End::Hopeless = row.end {
            return outcome;
        }
        if over.get().is_some_and(|over| seen.begun >= *over) {
            outcome.failed_after += 1;
        }
    }
}
