//! What comes in: new entries, what dead consumers have left, and what came without this consumer's having heard of it.
//!
//! One request after the other. So nothing is under way that could be taken for lost while the consumer looks for what is lost.

use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient_runtime::__seam::clock::{self, Instant};
use redis_resilient_runtime::Class;
use tokio::task::AbortHandle;

use super::attempt::Start;
use super::entry::{Entry, EntryId};
use super::fingerprint;
use super::group::ensure;
use super::hand::{Held, Stay};
use super::identity;
use super::keeper::refresh;
use super::lead::{Lead, Leading};
use super::link::is_group_lost;
use super::pacing::Pauses;
use super::race::race;
use super::reply::{self, Delivered};
use super::run::Run;
use super::scripts::{FORGET, LOOK, OWN};
use super::settings::TICK;
use super::verdict::{Arrival, arrived, room};

/// The most that are asked for at once.
const MOST: usize = 256;

/// What is done with entries, without their types.
pub(super) struct Work {
    pub(super) key: Key,
    pub(super) launch: Launch,
}

/// By what entries are ordered, of those that can be read.
pub(super) type Key = Box<dyn Fn(&Entry) -> Option<u64> + Send + Sync>;
/// Begins the way of an entry.
pub(super) type Launch = Box<dyn Fn(Stay, Start) -> AbortHandle + Send + Sync>;

pub(super) struct Intake<'a> {
    run: &'a Run,
    work: &'a Work,
    needs_group: bool,
    /// A reply may have been lost.
    recovers: bool,
    leading: Leading,
    /// This consumer has just begun to lead: what is pending with others comes before what is new.
    takes_all: bool,
    next_look: Instant,
    next_tidying: Instant,
}

impl<'a> Intake<'a> {
    pub(super) fn new(run: &'a Run, work: &'a Work) -> Self {
        let now = clock::now();
        Self {
            run,
            work,
            needs_group: true,
            recovers: false,
            leading: Leading::of(&run.settings),
            takes_all: false,
            next_look: now,
            next_tidying: now,
        }
    }

    /// Until the consumer is to stop.
    ///
    /// # Errors
    /// The first one, if it will not go away.
    pub(super) async fn take_in(&mut self) -> RedisResult<()> {
        let (mut pauses, mut has_begun) = (Pauses::default(), false);
        while !self.run.is_stopping() {
            match self.step().await {
                Ok(()) => {
                    has_begun = true;
                    self.run.counters.reads(true);
                    self.run.events.reads();
                    pauses.succeeded();
                }
                Err(error) if !has_begun && stays(&error) => return Err(error),
                Err(error) => {
                    self.run.counters.reads(false);
                    self.run.events.cannot_read(&error);
                    self.needs_group |= is_group_lost(&error);
                    self.recovers = true;
                    let pause = pauses.after_failure(fastrand::u32(..));
                    race(self.run.stopped(), tokio::time::sleep(pause)).await;
                }
            }
        }
        Ok(())
    }

    async fn step(&mut self) -> RedisResult<()> {
        if self.needs_group {
            ensure(self.run).await?;
            self.needs_group = false;
        }
        let lead = self.leading.keep(self.run).await?;
        self.takes_all |= lead == Lead::New;
        if self.recovers || self.takes_all {
            self.recover().await?;
            (self.recovers, self.takes_all) = (false, false);
        }
        if clock::now() >= self.next_look {
            self.look().await?;
            self.next_look = clock::now() + TICK;
            self.tidy().await?;
        }
        let left = self.next_look.saturating_duration_since(clock::now());
        match self.room() {
            0 => {
                let waits = race(self.run.hand.changed(), tokio::time::sleep(left));
                race(self.run.stopped(), waits).await;
                Ok(())
            }
            room => self.read(room, left).await,
        }
    }

    /// None while others lead.
    fn room(&self) -> usize {
        if !self.run.is_leading() {
            return 0;
        }
        let settings = &self.run.settings;
        let (in_hand, resting) = self.run.hand.count();
        room(settings.concurrency, settings.prefetch(), in_hand, resting).min(MOST)
    }

    /// New entries, for which the server is waited for.
    async fn read(&self, room: usize, waits: Duration) -> RedisResult<()> {
        let link = &self.run.link;
        // 0 would be without an end.
        let millis = u64::try_from(waits.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(link.group()).arg(link.me());
        read.arg("COUNT").arg(room).arg("BLOCK").arg(millis);
        read.arg("STREAMS").arg(link.stream()).arg(">");
        let entries = reply::read(link.send(&read, waits).await?)?;
        self.admit(entries).await;
        Ok(())
    }

    /// Handles what there is a free handler for. The rest is not charged with an attempt that has not begun.
    async fn admit(&self, entries: Vec<Entry>) {
        let mut queued = Vec::new();
        for entry in entries {
            let arrival = self.arrived(&entry, 0);
            let key = (self.work.key)(&entry);
            let held = Held::new(entry, 0);
            let Some((stay, turn)) = self.run.hand.take(held, key) else {
                continue;
            };
            let is_free = turn.is_now() && arrival == Arrival::Handle;
            let permit = is_free.then(|| self.run.permits.clone().try_acquire_owned().ok());
            let permit = permit.flatten();
            let start = Start {
                arrival,
                turn,
                permit,
                silent: 0,
            };
            if start.permit.is_some() {
                stay.held().begin(1);
                self.launch(stay, start);
            } else {
                queued.push((stay, start));
            }
        }
        if !queued.is_empty() {
            let entries = queued.iter().map(|(stay, _)| (stay.held().id(), Some(0)));
            let entries: Vec<_> = entries.collect();
            // Should it fail, they are charged if this process is killed before they begin.
            let _ = self.run.keep(0, &entries).await;
        }
        for (stay, start) in queued {
            self.launch(stay, start);
        }
    }

    /// Entries of which so many attempts have begun.
    fn admit_again(&self, delivered: Vec<Delivered>) {
        for Delivered { entry, count, .. } in delivered {
            let arrival = self.arrived(&entry, count);
            let key = (self.work.key)(&entry);
            let held = Held::new(entry, count);
            if let Some((stay, turn)) = self.run.hand.take(held, key) {
                let start = Start {
                    arrival,
                    turn,
                    permit: None,
                    silent: count,
                };
                self.launch(stay, start);
            }
        }
    }

    fn arrived(&self, entry: &Entry, begun: u32) -> Arrival {
        let fingerprint = fingerprint::of_fields(entry);
        let was_handled = self.run.position().was_handled(entry.id, fingerprint);
        arrived(begun, self.run.settings.max_deliveries, was_handled)
    }

    fn launch(&self, stay: Stay, start: Start) {
        let id = stay.held().id();
        let task = (self.work.launch)(stay, start);
        self.run.hand.runs(id, task);
    }

    /// Looks at the group, and takes over what has been idle for too long, if there is room.
    async fn look(&mut self) -> RedisResult<()> {
        let (run, settings) = (self.run, &self.run.settings);
        let is_well = run.link.is_well_for(settings.hold_off());
        let most = if is_well { self.room() } else { 0 };
        let idle_ms = u64::try_from(settings.claim_after.as_millis()).unwrap_or(u64::MAX);
        let script = run.link.script(LOOK, None).arg(idle_ms).arg(most);
        let look = reply::look(run.link.run(&script).await?)?;
        if look.added < run.link.seen() {
            // Perhaps another stream: as long as it is known how many the last one had, what is in hand can be told from that.
            refresh(run).await?;
        }
        run.link.saw(look.added);
        run.counters.lags(look.lag);
        run.position()
            .looked(look.last_delivered, look.first_pending);
        self.were_trimmed(look.trimmed);
        let others = look.taken.iter().filter(|taken| !taken.was_ours).count() as u64;
        run.counters.taken_over.add(others);
        run.events.taken_over(others);
        self.admit_again(look.taken);
        Ok(())
    }

    /// Nothing more is taken in, and others may lead.
    pub(super) async fn leave(&mut self) {
        self.leading.leave().await;
    }

    /// Finds what was delivered in replies that were lost; and what others have, who lead no more.
    async fn recover(&self) -> RedisResult<()> {
        let whose = if self.takes_all { "all" } else { "" };
        let mut from = EntryId::ZERO.to_string();
        loop {
            let script = self.run.link.script(OWN, None);
            let script = script.arg(&from).arg(MOST).arg(whose);
            let (mut own, trimmed) = reply::own(self.run.link.run(&script).await?)?;
            self.were_trimmed(trimmed);
            let Some(last) = own.last() else {
                return Ok(());
            };
            from = format!("({}", last.entry.id);
            for delivered in &mut own {
                // A delivery of which nothing was heard has not begun.
                if delivered.was_ours && delivered.count == 1 {
                    delivered.count = 0;
                }
            }
            let others = own.iter().filter(|own| !own.was_ours).count() as u64;
            self.run.counters.taken_over.add(others);
            self.run.events.taken_over(others);
            self.admit_again(own);
        }
    }

    fn were_trimmed(&self, count: u64) {
        self.run.counters.trimmed.add(count);
        self.run.events.trimmed(count);
    }

    /// Forgets consumers that are gone.
    async fn tidy(&mut self) -> RedisResult<()> {
        let now = clock::now();
        if now < self.next_tidying {
            return Ok(());
        }
        let forget_after = self.run.settings.forget_after();
        self.next_tidying = now + forget_after / 4;
        let millis = u64::try_from(forget_after.as_millis()).unwrap_or(u64::MAX);
        let script = self.run.link.script(FORGET, None);
        let script = script.arg(identity::PREFIX).arg(millis);
        self.run.link.run(&script).await?;
        Ok(())
    }
}

/// Whether the server will always say so.
fn stays(error: &RedisError) -> bool {
    let is_lost = matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"));
    !is_lost && matches!(Class::of(error), Class::Permanent | Class::Misconfigured)
}
