//! Settings of annotated functions and policies from a file and the environment, reloaded while the service runs.
//!
//! ```toml
//! # resilience.toml
//! [functions."shop::users::load"]
//! retries = 5
//! backoff = "exp"
//! delay = "20ms"
//! timeout = "250ms"
//! deadline = "2s"
//!
//! [functions.views]        # the attribute says `name = "views"`, or it is `Policy::new("views")`
//! retries = 0
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), redis_resilient::settings::SettingsError> {
//! redis_resilient::settings::watch("resilience.toml")?;
//! # Ok(())
//! # }
//! ```
//!
//! # Keys
//!
//! In a table `functions."NAME"`, where the name is that in events: `module::function`, or what `name = …` says. The spelling and the rules are those of the
//! attribute. What is not said stays as the attribute says it.
//!
//! | key | value | what it is |
//! |---|---|---|
//! | `retries` | a number from 0 to 100 | attempts after the first |
//! | `backoff` | `"exp"`, `"linear"`, `"fixed"`, `"none"` | how pauses grow |
//! | `delay` | a time | the first pause |
//! | `max_delay` | a time, at least as long as `delay` | the longest pause |
//! | `factor` | a number from 1 | what an exponential pause is multiplied by |
//! | `jitter` | `"full"`, `"equal"`, `"decorrelated"`, `"none"` | how pauses are spread |
//! | `timeout` | a time | each attempt. Of no effect where an attempt cannot be cut off: in a sync function, and in one with `timeout = false, breaker = false` |
//! | `deadline` | a time, longer than `timeout` | the whole call. In a sync function it begins to run with the first failure, unless the attribute has one too |
//!
//! A time is a number and a unit, in quotes: `"250ms"`, `"1.5s"`, `"2m"`. A name that no function has is no mistake: functions are known by name from
//! their first failure on, and what was set before holds then. [`sources`] says which of them are known, and what is similar.
//!
//! Breakers, bulkheads, connectors and caches have no settings here: what is said in code holds.
//!
//! # Precedence
//!
//! Environment before file before attribute, key by key. A variable is `REDIS_RESILIENT__FUNCTIONS__NAME__KEY` in capitals, where all that is not a
//! letter or digit in the name is one underscore: `REDIS_RESILIENT__FUNCTIONS__SHOP_USERS_LOAD__RETRIES=5`. Its value is read as its key says, with
//! nothing added or taken away: `0123` is no number. Variables with the prefix `REDIS_RESILIENT__` that nothing uses are [reported](Loaded::warnings).
//!
//! # Reloads
//!
//! * The folder is watched and not the file, so that editors may rename, and a `ConfigMap` of Kubernetes may swap its link `..data`. The file is looked at
//!   every five seconds besides, for file systems that tell nothing.
//! * A change is all or nothing. A file that cannot be read, is empty or has a mistake changes nothing: the settings in force stay, and one
//!   [`Event::SettingsRefused`](redis_resilient_runtime::Event) says what is wrong and on which line. One that is right again clears it.
//! * A file that is the beginning of the one in force is taken for one that was cut, and refused. To remove the last lines of a file, leave a comment in
//!   their place.
//! * A call under way goes by what was in force when it first failed or had to wait, until it ends. No call fails by a reload.
//! * After a reload all is as after a restart: nothing is left of an older file.
//!
//! While nothing fails and nothing waits, no call looks at any of this.

mod document;
mod duration;
mod environment;
mod error;
mod file;
mod in_force;
mod known;
mod report;
mod said;
mod schema;
#[allow(dead_code, reason = "shared with the macros, which use all of it")]
mod suggest;
mod watcher;

pub use error::SettingsError;
pub use in_force::{Loaded, Status, load, reload, status, watch};
pub use redis_resilient_runtime::registry::SettingPart;
pub use report::{Origin, Source, sources};
