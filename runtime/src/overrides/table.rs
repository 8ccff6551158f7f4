//! What is said, by the function's name, and by its name as variables of the environment have it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::settings::Settings;
use crate::{Backoff, Jitter};

/// What is said of one function. The rest stays as its attribute says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Override {
    pub retries: Option<u32>,
    pub curve: Option<Curve>,
    pub delay: Option<Duration>,
    pub max_delay: Option<Duration>,
    pub factor: Option<f64>,
    pub jitter: Option<Jitter>,
    pub timeout: Option<Duration>,
    pub deadline: Option<Duration>,
}

/// How pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Curve {
    Exponential,
    Linear,
    Fixed,
    None,
}

/// All that is said. It is replaced as a whole: a call sees the one or the other.
#[derive(Debug)]
struct Table {
    by_name: BTreeMap<String, Override>,
    by_variable: BTreeMap<String, Override>,
}

static TABLE: RwLock<Table> = RwLock::new(Table {
    by_name: BTreeMap::new(),
    by_variable: BTreeMap::new(),
});

/// Whether something is said. Nothing is published through it: whoever sees it set looks into the table, under its lock.
static IN_USE: AtomicBool = AtomicBool::new(false);
static WAS_IN_USE: AtomicBool = AtomicBool::new(false);

/// From now on this holds, and nothing of what held before. `by_variable` comes before `by_name`.
pub fn replace(by_name: BTreeMap<String, Override>, by_variable: BTreeMap<String, Override>) {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    IN_USE.store(
        !by_name.is_empty() || !by_variable.is_empty(),
        Ordering::Relaxed,
    );
    WAS_IN_USE.fetch_or(IN_USE.load(Ordering::Relaxed), Ordering::Relaxed);
    *table = Table {
        by_name,
        by_variable,
    };
}

/// A function's name as variables of the environment have it: `APP_USERS_LOAD` for `app::users::load`.
#[must_use]
pub fn as_variable(name: &str) -> String {
    let parts = name
        .split(|other: char| !other.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_").to_ascii_uppercase()
}

#[inline]
pub(crate) fn is_in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// Whether something has ever been said: what functions tell of themselves may be outdated.
#[inline]
pub(crate) fn was_in_use() -> bool {
    WAS_IN_USE.load(Ordering::Relaxed)
}

/// What holds for the function that goes by these; `None`: nothing else is said of it.
pub(crate) fn in_force(settings: &Settings) -> Option<Box<Settings>> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let by_name = table.by_name.get(settings.name);
    let by_variable = if table.by_variable.is_empty() {
        None
    } else {
        table.by_variable.get(&as_variable(settings.name))
    };
    if by_name.is_none() && by_variable.is_none() {
        return None;
    }
    let mut all = Box::new(*settings);
    let said = [by_name, by_variable];
    for said in said.into_iter().flatten() {
        said.apply(&mut all);
    }
    Some(all)
}

impl Override {
    fn apply(&self, to: &mut Settings) {
        to.retries = self.retries.unwrap_or(to.retries);
        to.timeout = self.timeout.or(to.timeout);
        to.deadline = self.deadline.or(to.deadline);
        let mut backoff = to.backoff;
        if let Some(curve) = self.curve {
            backoff = backoff.along(match curve {
                Curve::Exponential => Backoff::exponential,
                Curve::Linear => Backoff::linear,
                Curve::Fixed => Backoff::fixed,
                Curve::None => |_| Backoff::none(),
            });
        }
        if let Some(delay) = self.delay {
            backoff = backoff.beginning_with(delay);
        }
        if let Some(max_delay) = self.max_delay {
            backoff = backoff.max_delay(max_delay);
        }
        if let Some(factor) = self.factor {
            backoff = backoff.factor(factor);
        }
        if let Some(jitter) = self.jitter {
            backoff = backoff.jitter(jitter);
        }
        // Its parts make sense, and with those of the attribute they may not.
        if backoff.problem().is_none() {
            to.backoff = backoff;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn what_is_not_said_stays() {
        let settings = Settings::new("app::load");
        let mut other = settings;
        Override::default().apply(&mut other);
        assert_eq!(other, settings);
        let said = Override {
            retries: Some(7),
            delay: Some(MS(2_000)),
            ..Override::default()
        };
        said.apply(&mut other);
        let backoff = Backoff::exponential(MS(2_000));
        assert_eq!(other, settings.retries(7).backoff(backoff));
    }

    #[test]
    fn a_curve_keeps_the_delays_there_are() {
        let mut settings = Settings::new("app::load").backoff(Backoff::none());
        let said = Override {
            curve: Some(Curve::Fixed),
            ..Override::default()
        };
        said.apply(&mut settings);
        // There were none.
        assert_eq!(settings.backoff, Backoff::fixed(MS(50)));
        let exponential = Backoff::exponential(MS(7))
            .max_delay(MS(9))
            .jitter(Jitter::None);
        let mut settings = settings.backoff(exponential);
        said.apply(&mut settings);
        let fixed = Backoff::fixed(MS(7)).max_delay(MS(9)).jitter(Jitter::None);
        assert_eq!(settings.backoff, fixed);
    }

    #[test]
    fn a_name_is_found_by_a_variable() {
        assert_eq!(as_variable("app::users::load"), "APP_USERS_LOAD");
        assert_eq!(as_variable("<App as Users>::load"), "APP_AS_USERS_LOAD");
        assert_eq!(as_variable("settings fails"), "SETTINGS_FAILS");
    }
}
