//! Settings of functions, policies, breakers, bulkheads, connectors and caches from a file and the environment, reloaded while the service runs.
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
//!
//! [breakers.sessions]
//! failure_threshold = 10
//! reset_timeout = "500ms"
//!
//! [bulkheads.primary]
//! limit = 40
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), redis_resilient::settings::SettingsError> {
//! redis_resilient::settings::watch("resilience.toml")?;
//! # Ok(())
//! # }
//! ```
//!
//! # Formats
//!
//! By the ending of the file's name: `.json` (feature `settings-json`), `.yaml` and `.yml` (feature `settings-yaml`), TOML otherwise. The same tables and
//! keys are in each, and each mistake has its line. A string stays a string: `"0123"` is no number, and neither is `0123` in YAML. Of YAML, anchors,
//! aliases and tags are refused.
//!
//! # Keys
//!
//! The spelling is that of attributes and builders. What is not said stays as it is said there. A time is a number and a unit, in quotes: `"250ms"`,
//! `"1.5s"`, `"2m"`.
//!
//! ## `functions."NAME"`
//!
//! The name is that in events: `module::function`, or what `name = …` says; or that of a policy.
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
//! ## `breakers."NAME"`
//!
//! The name given to `Breaker::new`; in a `BreakerSet` with its number, or without it for all. The rule by which it opens stays the one of the code, and its numbers can be
//! changed; others are [told](Loaded::warnings) and have no effect. Failures that were counted before count on, and the state stays.
//!
//! | key | value | what it is |
//! |---|---|---|
//! | `failure_threshold` | a number from 1 | failures in a row, or of the last calls, that open it |
//! | `failure_rate` | a number from 1 to 100 | percent of the calls that open it, where the rule is a rate |
//! | `min_calls` | a number from 1 | how many calls a rate waits for |
//! | `window` | a time | how far a rate looks back, where that is a time. A window that slides begins anew |
//! | `burst_window` | a time, or `"0s"` | failures within it are one |
//! | `reset_timeout`, `reset_timeout_max` | a time | how long it stays open, from the next time on. Where only one is said, the other gives way |
//! | `half_open_permits`, `success_threshold` | a number from 1 to 63 | probes at once, and those that have to succeed |
//! | `half_open_timeout`, `probe_lease` | a time | how long a probe may take |
//!
//! ## `bulkheads."NAME"`
//!
//! The name given to `Bulkhead::new`; `fallback of NAME` for that of a function's `fallback_limit = 64`. `limit` is how many may be inside. Nobody is turned out.
//!
//! ## `connectors."NAME"`
//!
//! The name given to `client_name`, or what events and the registry call it: `cache.example:6379`. `connect_timeout`, `response_timeout` and
//! `health_check_after` are times. Commands that are sent from now on go by them, over the connections there are.
//!
//! ## `caches."NAME"`
//!
//! | key | value | what it is |
//! |---|---|---|
//! | `enabled` | `true`, `false` | with `false` each read is a load. Invalidations go on |
//! | `ttl`, `negative_ttl` | a time | how long values are good that are stored from now on |
//! | `stale_if_error`, `stale_while_revalidate` | a time, or `"0s"` | how long after that they are served in need |
//! | `jitter` | a number from 0 to 0.5 | by what part the time varies |
//!
//! ## `chaos."NAME"`
//!
//! Faults on purpose in the function of that name, or with `"*"` in all. With the feature `chaos`, and once the application has called `chaos::allow()`;
//! else they are told, and nothing is injected. Not from the environment, which cannot be changed while the process runs. What is no longer in the file ends
//! at once.
//!
//! ```toml
//! [chaos."shop::users::load"]
//! fault = "delay"          # one of `Fault::names()`
//! delay = "300ms"          # of the fault `delay`
//! share = 0.1              # of the attempts; all of them if nothing is said
//! for = "10m"              # a day at most; or `until = 2030-01-31T18:30:00Z`
//! ```
//!
//! An end is required. `for` runs from when it is armed, and does not begin anew when the file is read again: after it has ended, the entry has to be changed, or
//! removed and written again.
//!
//! # Names
//!
//! A name that nothing has is no mistake: functions, breakers and bulkheads are known by name from their first failure on, and what was set before holds then.
//! [`sources`] says which of them are known, and [`Loaded::warnings`] and [`Event::SettingUnused`](redis_resilient_runtime::Event) what is similar.
//!
//! # Precedence
//!
//! Environment before file before code, key by key. A variable is `REDIS_RESILIENT__FUNCTIONS__NAME__KEY` in capitals (or `BREAKERS`, `BULKHEADS`, `CONNECTORS`,
//! `CACHES`), where all that is not a letter or digit in the name is one underscore: `REDIS_RESILIENT__FUNCTIONS__SHOP_USERS_LOAD__RETRIES=5`. Its
//! value is read as its key says, with nothing added or taken away: `0123` is no number. Variables with the prefix `REDIS_RESILIENT__` that nothing uses
//! are reported, without their values.
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
//! * After a reload all is as after a restart: nothing is left of an older file. The registry and the console show it at once.
//!
//! While nothing fails and nothing waits, no call looks at any of this; a bulkhead looks at one flag, and a cache at one more.

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
pub use in_force::{Loaded, Status, load, reload, status, unwatch, watch, watch_or_create};
pub use redis_resilient_runtime::registry::SettingPart;
pub use report::{Origin, Source, sources};
