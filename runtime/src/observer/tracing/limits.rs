//! The series of all subjects, and how many of their lines were left out.
//!
//! A table of fixed size, for names may come from outside. What finds no place in it shares one with all of its kind.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::series::{LeftOut, Series};
use super::subject::{Line, Subject};

/// So many subjects have a series of their own.
const PLACES: usize = 512;
/// So many places are looked at for one.
const PROBES: usize = 16;
// Each number is a count or a hint by itself.
const ORDER: Ordering = Ordering::Relaxed;

pub(super) struct Limits {
    places: [OnceLock<Box<Place>>; PLACES],
    shared: [OnceLock<Box<Place>>; Line::COUNT],
    /// When the circuits that are open have opened.
    outages: Mutex<Vec<(&'static str, u64)>>,
}

struct Place {
    line: Line,
    name: Box<str>,
    breaker: Option<&'static str>,
    left_out: AtomicU64,
    /// As the series says it: most lines of an outage are left out, and look at nothing else.
    silent_until_ms: AtomicU64,
    series: Mutex<Series>,
}

impl Limits {
    pub(super) const fn new() -> Self {
        Self {
            places: [const { OnceLock::new() }; PLACES],
            shared: [const { OnceLock::new() }; Line::COUNT],
            outages: Mutex::new(Vec::new()),
        }
    }

    /// What was left out before this line, if it is to be written; else it counts as left out.
    pub(super) fn admits(&self, subject: &Subject<'_>, now_ms: u64) -> Option<LeftOut> {
        self.place(subject).admits(now_ms)
    }

    /// Whether this line is left out now, and counts as that.
    pub(super) fn leaves_out(&self, line: Line, name: &str, now_ms: u64) -> bool {
        let place = self.find(line, name);
        place.is_some_and(|place| place.leaves_out(now_ms))
    }

    /// A circuit has opened that was not open.
    pub(super) fn outage_began(&self, breaker: &'static str, now_ms: u64) {
        let mut outages = self.outages.lock().unwrap_or_else(PoisonError::into_inner);
        outages.retain(|(of, _)| *of != breaker);
        // Breakers that are made anew all the time do not fill the memory.
        if outages.len() < PLACES {
            outages.push((breaker, now_ms));
        }
    }

    /// How long it was open or half-open.
    pub(super) fn outage_ended(&self, breaker: &str, now_ms: u64) -> Option<u64> {
        let mut outages = self.outages.lock().unwrap_or_else(PoisonError::into_inner);
        let at = outages.iter().position(|(of, _)| *of == breaker)?;
        let (_, began_ms) = outages.swap_remove(at);
        Some(now_ms.saturating_sub(began_ms))
    }

    /// What was left out of the functions on this breaker, whose next lines are written again.
    pub(super) fn circuit_closed(&self, breaker: &str, now_ms: u64) -> LeftOut {
        self.end(now_ms, |place| place.breaker == Some(breaker))
    }

    /// The same of a connector that has connected again, or a stream that is read again.
    pub(super) fn recovered(&self, name: &str, now_ms: u64) -> LeftOut {
        self.end(now_ms, |place| {
            place.line.ends_with_recovery() && *place.name == *name
        })
    }

    fn end(&self, now_ms: u64, is_over: impl Fn(&Place) -> bool) -> LeftOut {
        let places = self.places.iter().filter_map(OnceLock::get);
        places
            .filter(|place| is_over(place))
            .map(|place| place.end(now_ms))
            .fold(LeftOut::default(), LeftOut::and)
    }

    fn place(&self, subject: &Subject<'_>) -> &Place {
        let (line, name) = (subject.line, subject.name);
        for at in places(line, name) {
            let place =
                self.places[at].get_or_init(|| Box::new(Place::new(line, name, subject.breaker)));
            if place.is_of(line, name) {
                return place;
            }
        }
        self.shared[line as usize].get_or_init(|| Box::new(Place::new(line, "", None)))
    }

    /// If there was a line of it before.
    fn find(&self, line: Line, name: &str) -> Option<&Place> {
        for at in places(line, name) {
            let place = self.places[at].get()?;
            if place.is_of(line, name) {
                return Some(place);
            }
        }
        self.shared[line as usize].get().map(Box::as_ref)
    }
}

/// Where it may be.
fn places(line: Line, name: &str) -> impl Iterator<Item = usize> {
    let mut hasher = DefaultHasher::new();
    (line, name).hash(&mut hasher);
    let first = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default();
    (0..PROBES).map(move |probe| (first + probe) % PLACES)
}

impl Place {
    fn new(line: Line, name: &str, breaker: Option<&'static str>) -> Self {
        Self {
            line,
            name: name.into(),
            breaker,
            left_out: AtomicU64::new(0),
            silent_until_ms: AtomicU64::new(0),
            series: Mutex::default(),
        }
    }

    fn is_of(&self, line: Line, name: &str) -> bool {
        self.line == line && *self.name == *name
    }

    fn leaves_out(&self, now_ms: u64) -> bool {
        let is_silent = Series::is_silent(self.silent_until_ms.load(ORDER), now_ms);
        if is_silent {
            self.left_out.fetch_add(1, ORDER);
        }
        is_silent
    }

    fn admits(&self, now_ms: u64) -> Option<LeftOut> {
        if self.leaves_out(now_ms) {
            return None;
        }
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have written one meanwhile.
        if self.leaves_out(now_ms) {
            return None;
        }
        let millis = series.write(now_ms);
        self.silent_until_ms.store(series.silent_until_ms(), ORDER);
        Some(LeftOut::new(self.left_out.swap(0, ORDER), millis))
    }

    fn end(&self, now_ms: u64) -> LeftOut {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = series.end(now_ms);
        self.silent_until_ms.store(0, ORDER);
        LeftOut::new(self.left_out.swap(0, ORDER), millis)
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
