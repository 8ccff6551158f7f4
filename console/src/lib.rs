//! What people on call look at and press: health, a live page, controls.
//!
//! [`health`] says how the process is doing, as a struct that serialises. With the feature `console-axum` the same is a [router](Console) for axum, with a page
//! that moves while it is looked at:
//!
//! ```
//! use axum::Router;
//! use redis_resilient::console::{self, Access};
//!
//! let app: Router = Router::new().merge(console::router(Access::read_only()));
//! # let _ = app;
//! ```
//!
//! # Health
//!
//! Redis is optional unless you say otherwise: a process whose Redis is away is [degraded](Verdict::Degraded), and ready, for its fallbacks answer. What it
//! cannot do without is [required](HealthPolicy::required); without that it is [down](Verdict::Down), and `/readyz` says 503.
//!
//! Health is what calls have met: it costs nothing, and cannot disagree with what callers see. Of what is not used it knows nothing. Where that is to be
//! known, add [`Checks`]: commands of your own, over the connections that the application uses, in bounded time.
//!
//! # Controls
//!
//! Buttons exist where the application says who may press them, and each leaves an event with the operator's name:
//!
//! ```
//! use redis_resilient::console::{Access, Console, Operator};
//! use redis_resilient::{Breaker, Registry};
//!
//! static SESSIONS: Breaker = Breaker::new("sessions");
//!
//! // What is to take orders is registered when the application starts.
//! Registry::global().register(&SESSIONS);
//! let console = Console::new(Access::controlled_by(|parts| {
//!     // Whoever the application's own layer has found the request to come from.
//!     parts.extensions.get::<Operator>().cloned()
//! }));
//! let app: axum::Router = console.router();
//! # let _ = app;
//! ```
//!
//! An order is a POST of JSON. It is refused if a browser says that a page of another origin has sent it, or if the page's own token is not in its header:
//! another site cannot give orders in the name of an operator who is logged in. No order needs Redis: they work while it is down.
//!
//! Faults on purpose are marked on the page, whoever has armed them. With the feature `chaos`, and where the application has said `chaos::allow()`, an
//! operator may inject some, with an end, and end all.
//!
//! # Settings
//!
//! With the feature `settings`, the page and the JSON show each value that a file or a variable says, from which place, and whether it counts. What is not there
//! is as the code says it.
//!
//! # What it costs
//!
//! Nothing is sampled while no page is open. While some are, all are sent the same sample, once a second: `benches/README.md` of the repository has the figures.
//! A console keeps how circuits have changed; for that it [observes](redis_resilient_runtime::observe) events, so that failures have their texts made.

mod checks;
mod health;
#[cfg(feature = "axum")]
mod orders;
#[cfg(feature = "axum")]
mod timeline;
#[cfg(feature = "axum")]
mod web;

pub use self::checks::Checks;
pub use self::health::{
    BreakerHealth, BulkheadHealth, CacheHealth, Calls, ChaosHealth, CheckHealth, ConnectionHealth,
    ConnectorHealth, ConsumerHealth, DatabaseHealth, DatabasesHealth, Failure, Finding,
    FunctionHealth, FunctionNumbers, Health, HealthPolicy, JournalHealth, Part, SettingHealth,
    SettingsHealth, SwitchHealth, Verdict, health,
};
#[cfg(feature = "axum")]
pub use self::orders::Operator;
#[cfg(feature = "axum")]
pub use self::web::{Access, Console, router};
