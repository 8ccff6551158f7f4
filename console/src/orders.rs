//! The orders that an operator may give, and what becomes of them. None of them needs Redis.

use std::fmt;
use std::time::Duration;

use redis_resilient_runtime::__seam::{chaos, emit, error_text};
use redis_resilient_runtime::event::OrderGiven;
use redis_resilient_runtime::registry::{Handle, ListedJournal};
use redis_resilient_runtime::{Breaker, Event, Registry, kill_switch};
use serde::Deserialize;

/// Who gives orders: the name under which they are recorded.
///
/// One line of at most 100 characters: what is more is cut off, and control characters are taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator(String);

const LONGEST: usize = 100;

impl Operator {
    /// Whoever has this name.
    #[must_use]
    pub fn named(name: impl AsRef<str>) -> Self {
        let name = name.as_ref().chars().filter(|char| !char.is_control());
        Self(name.take(LONGEST).collect())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// An order, as a request has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Order {
    ForceOpen {
        breaker: String,
        number: Option<u16>,
        /// For so long; until told otherwise if there is nothing.
        seconds: Option<u32>,
    },
    ForceClosed {
        breaker: String,
        number: Option<u16>,
    },
    Disable {
        breaker: String,
        number: Option<u16>,
    },
    ObserveOnly {
        breaker: String,
        number: Option<u16>,
        on: bool,
    },
    Reset {
        breaker: String,
        number: Option<u16>,
    },
    KillSwitch {
        on: bool,
    },
    Drain {
        journal: String,
    },
    ReplayDeadLetters {
        journal: String,
    },
    /// Injects faults on purpose, in one function or in all, for so long.
    Inject {
        fault: String,
        function: Option<String>,
        /// Of the fault `delay`.
        delay_ms: Option<u64>,
        /// In so many of 100 attempts.
        percent: u8,
        seconds: u32,
    },
    /// Ends what is injected in one function, or for all of them, whoever has armed it.
    EndInjection {
        function: Option<String>,
    },
    /// Ends all of it.
    EndAllInjections {},
}

/// What an operator may inject, if the application lets him.
pub(crate) fn faults() -> Vec<&'static str> {
    if chaos::is_allowed() {
        chaos::faults()
    } else {
        Vec::new()
    }
}

/// Why an order was not carried out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NoSuchBreaker,
    NotRegistered,
    NoSuchJournal,
    NothingInjected,
    /// Faults cannot be injected so.
    NoPlan(String),
    Failed(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchBreaker => "no breaker of this name and number is listed",
            Self::NotRegistered => {
                "the breaker takes no orders: register it when the application starts (`Registry::global().register(&BREAKER)`)"
            }
            Self::NoSuchJournal => "no journal of this name is listed",
            Self::NothingInjected => "nothing is injected there",
            Self::NoPlan(error) | Self::Failed(error) => error,
        })
    }
}

impl Order {
    /// What is ordered, in the words of the record.
    const fn name(&self) -> &'static str {
        match self {
            Self::ForceOpen { .. } => "force open",
            Self::ForceClosed { .. } => "force closed",
            Self::Disable { .. } => "disable",
            Self::ObserveOnly { on: true, .. } => "observe only",
            Self::ObserveOnly { on: false, .. } => "observe no longer",
            Self::Reset { .. } => "reset",
            Self::KillSwitch { on: true } => "engage the kill switch",
            Self::KillSwitch { on: false } => "release the kill switch",
            Self::Drain { .. } => "drain",
            Self::ReplayDeadLetters { .. } => "replay dead letters",
            Self::Inject { .. } => "inject faults",
            Self::EndInjection { .. } | Self::EndAllInjections {} => "inject faults no longer",
        }
    }

    fn target(&self) -> &str {
        match self {
            Self::ForceOpen { breaker, .. }
            | Self::ForceClosed { breaker, .. }
            | Self::Disable { breaker, .. }
            | Self::ObserveOnly { breaker, .. }
            | Self::Reset { breaker, .. } => breaker,
            Self::KillSwitch { .. } | Self::EndAllInjections {} => "process",
            Self::Drain { journal } | Self::ReplayDeadLetters { journal } => journal,
            Self::Inject { function, .. } | Self::EndInjection { function } => {
                function.as_deref().unwrap_or("all functions")
            }
        }
    }

    /// Carries it out, and has it recorded, done or not. What was done, in plain words.
    pub(crate) async fn carry_out(&self, operator: &Operator) -> Result<String, Refused> {
        let done = self.act().await;
        let error = done.as_ref().err().map(ToString::to_string);
        let event = OrderGiven::new(
            self.name(),
            operator.name(),
            self.target(),
            error.as_deref(),
        );
        emit(&Event::OrderGiven(event));
        done
    }

    async fn act(&self) -> Result<String, Refused> {
        match self {
            Self::ForceOpen {
                breaker,
                number,
                seconds,
            } => {
                let period = seconds.map(|seconds| Duration::from_secs(seconds.into()));
                to_breakers(breaker, *number, |breaker| breaker.force_open(period))
            }
            Self::ForceClosed { breaker, number } => {
                to_breakers(breaker, *number, Breaker::force_closed)
            }
            Self::Disable { breaker, number } => to_breakers(breaker, *number, Breaker::disable),
            Self::ObserveOnly {
                breaker,
                number,
                on,
            } => to_breakers(breaker, *number, |breaker| breaker.observe_only(*on)),
            Self::Reset { breaker, number } => to_breakers(breaker, *number, Breaker::reset),
            Self::KillSwitch { on: true } => {
                kill_switch::engage();
                Ok("the kill switch is engaged".to_owned())
            }
            Self::KillSwitch { on: false } => {
                kill_switch::release();
                Ok("the kill switch is released".to_owned())
            }
            Self::Drain { journal } => {
                for journal in journals(journal)? {
                    journal.handle().drain();
                }
                Ok("the journal looks for Redis now".to_owned())
            }
            Self::ReplayDeadLetters { journal } => {
                let mut replayed = 0;
                for journal in journals(journal)? {
                    let replay = journal.handle().clone().replay_dead_letters();
                    drop(journal);
                    replayed += replay
                        .await
                        .map_err(|error| Refused::Failed(error_text(&error)))?;
                }
                Ok(format!("{replayed} dead letters wait to be executed again"))
            }
            Self::Inject {
                fault,
                function,
                delay_ms,
                percent,
                seconds,
            } => {
                let (share, seconds) = (f64::from(*percent) / 100.0, f64::from(*seconds));
                chaos::start(function.as_deref(), fault, *delay_ms, share, seconds)
                    .map_err(Refused::NoPlan)?;
                Ok(format!("faults are injected for {seconds} s"))
            }
            Self::EndInjection { function } => ended(chaos::stop(function.as_deref())),
            Self::EndAllInjections {} => ended(chaos::stop_all()),
        }
    }
}

fn ended(plans: usize) -> Result<String, Refused> {
    match plans {
        0 => Err(Refused::NothingInjected),
        1 => Ok("the fault is injected no longer".to_owned()),
        more => Ok(format!("{more} faults are injected no longer")),
    }
}

/// Of several with the same name and number all that can be told are told.
fn to_breakers(
    name: &str,
    number: Option<u16>,
    order: impl Fn(&Breaker),
) -> Result<String, Refused> {
    let mut listed = Registry::global().breakers();
    listed.retain(|one| one.snapshot.name == name && one.number == number);
    if listed.is_empty() {
        return Err(Refused::NoSuchBreaker);
    }
    let handles: Vec<Handle<Breaker>> = listed
        .iter()
        .filter_map(|one| one.handle().cloned())
        .collect();
    if handles.is_empty() {
        return Err(Refused::NotRegistered);
    }
    for handle in &handles {
        order(handle);
    }
    Ok("done".to_owned())
}

fn journals(name: &str) -> Result<Vec<ListedJournal>, Refused> {
    let mut listed = Registry::global().journals();
    listed.retain(|one| one.report.name == name);
    if listed.is_empty() {
        return Err(Refused::NoSuchJournal);
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
