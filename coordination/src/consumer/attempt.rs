//! The way of one entry through this consumer: it waits, is handled, rests and is handled again, and leaves.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use redis::Value;
use redis_resilient_runtime::Class;
use tokio::sync::OwnedSemaphorePermit;

use super::dead_letter::{acknowledgement, bury};
use super::delivery::Delivery;
use super::entry::{Entry, FromEntry};
use super::failure::Failure;
use super::fingerprint;
use super::hand::{Held, Place, Stay, Turn};
use super::link::Insistence;
use super::race::{First, race};
use super::reply;
use super::run::Run;
use super::scripts::BEGIN;
use super::verdict::{Arrival, Standing, Verdict, failed, is_alone};

/// With what an entry begins its way.
pub(super) struct Start {
    pub(super) arrival: Arrival,
    /// Until those before it have left.
    pub(super) turn: Turn,
    /// It is handled at once, and the server has counted that.
    pub(super) permit: Option<OwnedSemaphorePermit>,
    /// So many attempts have ended without a word.
    pub(super) silent: u32,
}

/// What becomes of an entry at some point of its way.
enum Next {
    Handle(OwnedSemaphorePermit),
    /// It is somebody else's.
    Leave,
}

pub(super) async fn live<T, H, F, E>(run: Arc<Run>, handler: Arc<H>, stay: Stay, start: Start)
where
    T: FromEntry,
    H: Fn(T, Delivery) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Failure>,
{
    let held = stay.held();
    match start.arrival {
        Arrival::Acknowledge => return acknowledge(&run, held).await,
        Arrival::Dead => {
            let reason = format!("none of its {} deliveries had an end", held.begun());
            return bury(&run, held, &reason).await;
        }
        Arrival::Handle => {}
    }
    if let First::One(()) = race(run.stopped(), start.turn.comes()).await {
        return run.give_back(held.id(), held.begun());
    }
    let (mut permit, mut silent, mut pause) = (start.permit, start.silent, Duration::ZERO);
    loop {
        let permit = match permit.take() {
            Some(permit) => permit,
            None => match begin(&run, held, silent).await {
                Next::Handle(permit) => permit,
                Next::Leave => return,
            },
        };
        run.hand.moves(held, Place::Running);
        let delivery = Delivery {
            link: run.link.clone(),
            held: held.clone(),
            remember_for: run.settings.remember_for,
        };
        let outcome = match read::<T>(&held.entry) {
            Ok(value) => call(&*handler, value, delivery).await,
            Err(failure) => Err(failure),
        };
        drop(permit);
        silent = 0;
        let Err(failure) = outcome else {
            run.counters.handled.add(1);
            let fingerprint = fingerprint::of_fields(&held.entry);
            run.position().handled(held.id(), fingerprint);
            return acknowledge(&run, held).await;
        };
        run.counters.failed.add(1);
        if held.is_settled() {
            // It has committed, and nothing can be done after that.
            return;
        }
        let (most, backoff) = (run.settings.max_deliveries, &run.settings.backoff);
        let random = fastrand::u32(..);
        let verdict = failed(&failure, held.begun(), most, backoff, pause, random);
        let delay = match &verdict {
            Verdict::Retry(delay) => Some(*delay),
            Verdict::DeadLetter => None,
        };
        run.events
            .failed(held.id(), held.begun(), delay, failure.text());
        match verdict {
            Verdict::DeadLetter => return bury(&run, held, failure.text()).await,
            Verdict::Retry(next) => {
                pause = next;
                run.hand.moves(held, Place::Resting);
                if let First::One(()) = race(run.stopped(), tokio::time::sleep(pause)).await {
                    return run.give_back(held.id(), held.begun());
                }
            }
        }
    }
}

/// Waits for a free handler, and has the server count the attempt before it begins.
async fn begin(run: &Run, held: &Held, silent: u32) -> Next {
    run.hand.moves(held, Place::Waiting);
    let settings = &run.settings;
    let count = if is_alone(silent, settings.max_deliveries) {
        settings.concurrency
    } else {
        1
    };
    let permit = run.permits.clone().acquire_many_owned(count);
    let attempt = held.begun() + 1;
    let counted = async { (permit.await, count_attempt(run, held, attempt).await) };
    match race(run.stopped(), counted).await {
        First::One(()) => {
            run.give_back(held.id(), held.begun());
            Next::Leave
        }
        First::Other((Ok(permit), standing)) if standing.may_begin() && run.is_leading() => {
            if standing.is_only_here() {
                held.stays_only_here();
            }
            held.begin(attempt);
            Next::Handle(permit)
        }
        First::Other(_) => Next::Leave,
    }
}

/// `attempt`: which one is about to begin.
async fn count_attempt(run: &Run, held: &Held, attempt: u32) -> Standing {
    let mut insistence = Insistence::default();
    loop {
        if held.is_only_here() {
            return Standing::OnlyHere;
        }
        let script = run.link.script(BEGIN, None);
        let script = script.arg(held.id().to_string()).arg(attempt);
        let answer = run.link.run(&script).await;
        let standing = answer.and_then(|answer| reply::standing(&answer));
        if let Some(standing) = insistence.done(standing).await {
            return standing;
        }
    }
}

async fn acknowledge(run: &Run, held: &Held) {
    run.hand.moves(held, Place::Settling);
    if held.is_settled() || held.is_only_here() {
        return;
    }
    let acknowledge = acknowledgement(run, held);
    let (mut is_unsure, mut insistence) = (false, Insistence::default());
    let known = loop {
        let answer = run.link.send(&acknowledge, Duration::ZERO).await;
        is_unsure |= answer
            .as_ref()
            .is_err_and(|error| Class::of(error) != Class::Unreachable);
        if let Some(known) = insistence.done(answer).await {
            break known;
        }
    };
    if known == Value::Int(0) && !is_unsure {
        run.counters.unacknowledged.add(1);
    }
    held.settle();
}

fn read<T: FromEntry>(entry: &Entry) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(|| T::from_entry(entry))) {
        Ok(value) => value.map_err(Failure::dead_letter),
        Err(panic) => Err(panicked(&*panic)),
    }
}

/// A panic is a failure like others.
async fn call<T, H, F, E>(handler: &H, value: T, delivery: Delivery) -> Result<(), Failure>
where
    H: Fn(T, Delivery) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Failure>,
{
    let handling = catch_unwind(AssertUnwindSafe(|| handler(value, delivery)));
    let mut handling = pin!(handling.map_err(|panic| panicked(&*panic))?);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(result.map_err(Into::into)),
            Err(panic) => Poll::Ready(Err(panicked(&*panic))),
        }
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::from(format!("the handler panicked: {}", text.unwrap_or("…")))
}
