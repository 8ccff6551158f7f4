//! Several databases, of which commands go to one: which it is now, who has to know when it is another, and what was heard of each.
//!
//! What is decided is in [`databases`](crate::databases). Whoever holds a connection asks with each command whether its database is still the
//! present one, which is one load; who cannot ask, because he waits, is told ([`Follower`]).

pub(crate) mod follows;
mod report;
mod telling;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use redis::{ErrorKind, RedisError, RedisResult};
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::error_text;
use redis_resilient_runtime::event::{DatabaseSwitched, SwitchReason};
use redis_resilient_runtime::{Breaker, Class, State};
use tokio::sync::Notify;

use self::telling::{Switched, Telling};
use crate::databases::{Choice, Rules};
use crate::manager::Manager;

/// So many databases may be named: more than anybody has.
pub(crate) const MOST_DATABASES: usize = 200;

/// Who is told of each switch, as long as he is there.
pub trait Follower: Send + Sync {
    /// Another database is the present one from now on. This is what is said of it to those who had something in the one before.
    fn switched(&self, error: &RedisError);
}

/// Which database is the present one, and the how-manieth in a row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Stamp {
    const fn new(switches: u64, database: usize) -> Self {
        Self(switches << 8 | database as u64)
    }

    pub(crate) const fn database(self) -> usize {
        (self.0 & 0xff) as usize
    }

    pub(crate) const fn switches(self) -> u64 {
        self.0 >> 8
    }
}

/// One of them.
pub(crate) struct Place {
    pub(crate) name: Arc<str>,
    pub(crate) weight: u32,
    pub(crate) manager: Arc<Manager>,
    pub(crate) breaker: &'static Breaker,
    /// A command has failed there: it is to be looked at.
    pub(crate) doubted: Arc<Notify>,
}

/// Called with each switch.
pub(crate) type OnSwitch = Box<dyn Fn(&DatabaseSwitched<'_>) + Send + Sync>;

pub(crate) struct Switching {
    /// As events name it.
    name: Arc<str>,
    places: Vec<Place>,
    stamp: AtomicU64,
    state: Mutex<Known>,
    followers: Mutex<Vec<Weak<dyn Follower>>>,
    telling: Telling,
    on_switch: Option<OnSwitch>,
    /// That of those who go by one for all databases.
    common: Option<&'static Breaker>,
    /// Wakes those who wait for the present one.
    pub(crate) moved: Notify,
    /// What is decided next may be due at another time.
    pub(crate) changed: Arc<Notify>,
    /// Nobody has it any more.
    pub(crate) gone: Arc<Notify>,
}

/// What is known of the databases.
struct Known {
    choice: Choice,
    /// What was wrong with each last.
    errors: Vec<Option<String>>,
    /// How often an operator has said of each that what was known of it does not count.
    chances: Vec<u64>,
    last: Option<(Switched, u64)>,
}

impl Switching {
    pub(crate) fn new(places: Vec<Place>, rules: Rules, on_switch: Option<OnSwitch>) -> Self {
        let weights: Vec<_> = places.iter().map(|place| place.weight).collect();
        let names: Vec<_> = places.iter().map(|place| &*place.name).collect();
        let choice = Choice::new(&weights, rules, now_ms());
        Self {
            name: format!("databases {}", names.join(", ")).into(),
            stamp: AtomicU64::new(Stamp::new(0, choice.present()).0),
            state: Mutex::new(Known {
                errors: vec![None; places.len()],
                chances: vec![0; places.len()],
                choice,
                last: None,
            }),
            places,
            followers: Mutex::default(),
            telling: Telling::default(),
            on_switch,
            common: None,
            moved: Notify::new(),
            changed: Arc::default(),
            gone: Arc::default(),
        }
    }

    /// A switch closes this circuit too.
    pub(crate) const fn closing(mut self, common: &'static Breaker) -> Self {
        self.common = Some(common);
        self
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(self.stamp.load(Ordering::Acquire))
    }

    pub(crate) fn present(&self) -> &Place {
        &self.places[self.stamp().database()]
    }

    /// The breaker of the present one. Where that refuses calls, another database may have become the present one by this.
    pub(crate) fn breaker(&self) -> &'static Breaker {
        let stamp = self.stamp();
        let breaker = self.places[stamp.database()].breaker;
        if breaker.state() == State::Closed {
            return breaker;
        }
        self.refuses(stamp.database());
        self.present().breaker
    }

    /// Its circuit is not closed.
    #[cold]
    fn refuses(&self, database: usize) {
        let breaker = self.places[database].breaker;
        let state = breaker.state();
        if state == State::ForcedOpen {
            self.looked_at_circuit(database);
        } else if state == State::Open && !breaker.retry_after().is_zero() {
            let chance = self.round_begins(database);
            self.probed(database, chance, &Err(circuit_is_open()));
        }
    }

    /// Whether an operator forbids it.
    fn looked_at_circuit(&self, database: usize) {
        let is_barred = self.places[database].breaker.state() == State::ForcedOpen;
        let is_news = self.known().choice.bars(database, is_barred, now_ms());
        if is_news && is_barred {
            self.known().errors[database] = Some(error_text(&forced_open()));
        }
        if is_news {
            self.settle();
        }
    }

    /// A command that was sent to the present one at that time has failed like this. Errors of a database that was left do not count.
    pub(crate) fn saw(&self, stamp: Stamp, error: &RedisError) {
        let is_failure = matches!(
            Class::of(error),
            Class::Unreachable | Class::Unavailable | Class::Ambiguous | Class::NotIdempotent
        );
        if is_failure && stamp == self.stamp() {
            self.places[stamp.database()].doubted.notify_one();
        }
    }

    /// To be given to [`probed`](Self::probed) at its end.
    pub(crate) fn round_begins(&self, database: usize) -> u64 {
        self.known().chances[database]
    }

    /// What a round of probes has come to.
    pub(crate) fn probed(&self, database: usize, chance: u64, outcome: &RedisResult<()>) {
        self.looked_at_circuit(database);
        let now_ms = now_ms();
        let text = outcome.as_ref().err().map(|error| error_text(error));
        let (is_news, lasted_ms) = {
            let mut known = self.known();
            if known.chances[database] != chance {
                // An operator has said since then that it does not count.
                return;
            }
            let lasted_ms = known.choice.unchanged_ms(database, now_ms);
            let is_news = known.choice.becomes(database, outcome.is_ok(), now_ms);
            if text.is_some() {
                known.errors[database].clone_from(&text);
            }
            (is_news, lasted_ms)
        };
        if !is_news {
            return;
        }
        if outcome.is_ok() {
            self.closes_circuit(database);
        }
        self.tell_health(database, text, lasted_ms);
        self.settle();
    }

    /// What has failed there is over: it answers, or somebody has chosen it.
    fn closes_circuit(&self, database: usize) {
        close(self.places[database].breaker);
    }

    /// Goes where the rules say.
    pub(crate) fn settle(&self) {
        let now_ms = now_ms();
        let switched = {
            let mut known = self.known();
            let next = known.choice.next(now_ms);
            next.map(|(to, reason)| self.goes_to(&mut known, to, reason, now_ms))
        };
        self.changed.notify_one();
        if let Some(switched) = switched {
            self.has_switched(switched);
        }
    }

    /// In how many milliseconds [`settle`](Self::settle) may have something to do, with nothing new; `None`: never.
    pub(crate) fn due_in_ms(&self) -> Option<u64> {
        let now_ms = now_ms();
        let due_ms = self.known().choice.due_ms(now_ms)?;
        Some(due_ms.saturating_sub(now_ms))
    }

    /// An operator says where to go.
    pub(crate) fn switch_to(&self, name: &str) -> RedisResult<()> {
        let found = self.places.iter().position(|place| &*place.name == name);
        let to = found.ok_or_else(|| self.unknown(name))?;
        if self.places[to].breaker.state() == State::ForcedOpen {
            return Err(barred(name));
        }
        let now_ms = now_ms();
        let switched = {
            let mut known = self.known();
            known.choice.bars(to, false, now_ms);
            self.places[to].manager.forgets_failures();
            known.choice.is_given_a_chance(to, now_ms);
            known.chances[to] += 1;
            if known.choice.present() == to {
                known.choice.stays_by_hand();
                None
            } else {
                Some(self.goes_to(&mut known, to, SwitchReason::ByHand, now_ms))
            }
        };
        // What its circuit says is as old as what is known of it.
        self.closes_circuit(to);
        self.places[to].doubted.notify_one();
        if let Some(switched) = switched {
            self.has_switched(switched);
        }
        Ok(())
    }

    /// An operator leaves it to the rules again.
    pub(crate) fn leave_to_rules(&self) {
        self.known().choice.is_left_to_the_rules();
        self.settle();
    }

    /// Tells this one of each switch from now on.
    pub(crate) fn follow(&self, follower: &Arc<dyn Follower>) {
        let mut followers = self.followers();
        if followers.len() == followers.capacity() {
            followers.retain(|one| one.strong_count() > 0);
        }
        followers.push(Arc::downgrade(follower));
    }

    fn goes_to(&self, known: &mut Known, to: usize, reason: SwitchReason, now_ms: u64) -> Switched {
        let from = known.choice.present();
        let error = known.errors[from].clone();
        let switched = Switched {
            from,
            to,
            reason,
            stayed_ms: known.choice.stayed_ms(now_ms),
            error: error.filter(|_| reason == SwitchReason::Unhealthy),
        };
        let by_hand = reason == SwitchReason::ByHand;
        known.choice.goes_to(to, by_hand, now_ms);
        known.last = Some((switched.clone(), now_ms));
        let number = self.stamp().switches() + 1;
        // Under the lock: a later switch has a later number.
        self.stamp
            .store(Stamp::new(number, to).0, Ordering::Release);
        self.places[from].manager.settings.departs();
        switched
    }

    /// For all who have to know.
    fn has_switched(&self, switched: Switched) {
        self.closes_circuit(switched.to);
        if let Some(common) = self.common {
            close(common);
        }
        self.moved.notify_waiters();
        let error = self.error_of(&switched);
        let followers: Vec<_> = self.followers().iter().filter_map(Weak::upgrade).collect();
        for follower in followers {
            follower.switched(&error);
        }
        self.changed.notify_one();
        self.tell_switch(switched);
    }

    fn error_of(&self, switched: &Switched) -> RedisError {
        let (from, to) = (
            &self.places[switched.from].name,
            &self.places[switched.to].name,
        );
        let text = format!("commands go to the database `{to}` now, no longer to `{from}`");
        std::io::Error::new(std::io::ErrorKind::NotConnected, text).into()
    }

    fn unknown(&self, name: &str) -> RedisError {
        let names: Vec<_> = self
            .places
            .iter()
            .map(|place| format!("`{}`", place.name))
            .collect();
        let text = format!(
            "there is no database `{name}`: there are {}",
            names.join(", ")
        );
        (ErrorKind::InvalidClientConfig, "cannot switch", text).into()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Weak<dyn Follower>>> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unless an operator has said what it is to be.
fn close(breaker: &Breaker) {
    let is_open = matches!(breaker.state(), State::Open | State::HalfOpen);
    if is_open && !breaker.snapshot().observing {
        breaker.reset();
    }
}

impl Drop for Switching {
    fn drop(&mut self) {
        self.gone.notify_one();
    }
}

impl fmt::Debug for Switching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switching")
            .field("name", &self.name)
            .field("present", &self.present().name)
            .finish_non_exhaustive()
    }
}

fn circuit_is_open() -> RedisError {
    std::io::Error::other("its circuit is open").into()
}

fn forced_open() -> RedisError {
    std::io::Error::other("its circuit was forced open by an operator").into()
}

fn barred(name: &str) -> RedisError {
    let text =
        format!("the circuit of the database `{name}` is forced open: reset its breaker first");
    (ErrorKind::InvalidClientConfig, "cannot switch", text).into()
}
