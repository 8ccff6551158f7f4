//! One list of everything that has something to tell: what a dashboard, a health page or an audit reads.
//!
//! [`Registry::global`] has the [breakers](Registry::breakers), [bulkheads](Registry::bulkheads), annotated
//! [functions](Registry::functions), [connectors](Registry::connectors) and their
//! [databases](Registry::databases), [caches](Registry::caches), [journals](Registry::journals) and
//! [consumers of streams](Registry::consumers) of the process.
//!
//! # Who is listed
//!
//! A thing is listed from the first time that it has something to tell: an attempt that failed, a call that was refused or for which there
//! was no room, an order of an operator. Until then it costs nothing, and is not there: a breaker on which nothing has failed is missing
//! from the list. What is to be there from the start is [registered](Registry::register) when the application starts. So is what is to be
//! given orders: of a breaker that only its failures have brought here nobody knows whether it is a `static`, so there is no
//! [handle](ListedBreaker::handle) to it. [`DEFAULT_BREAKER`](crate::DEFAULT_BREAKER) has one always, and so have the breakers of connectors, which
//! are listed from the start.
//!
//! Nothing is kept alive by being listed. What is dropped is no longer there.
//!
//! # Order
//!
//! By name, then by number, then by when it was first listed. As long as nothing is added or dropped, two lists have the same order. Things
//! with the same name are all listed.
//!
//! ```
//! use redis_resilient::{Breaker, Registry, State};
//! use std::time::Duration;
//!
//! static SESSIONS: Breaker = Breaker::new("sessions");
//! static USERS: Breaker = Breaker::new("users");
//!
//! // When the application starts.
//! Registry::global().register(&SESSIONS);
//! Registry::global().register(&USERS);
//!
//! // On a page of the operators: what is there, and a button.
//! for breaker in Registry::global().breakers() {
//!     println!("{} {:?}", breaker.snapshot.name, breaker.snapshot.state);
//!     if breaker.snapshot.name == "sessions"
//!         && let Some(sessions) = breaker.handle()
//!     {
//!         sessions.force_open(Duration::from_secs(60));
//!     }
//! }
//! assert_eq!(SESSIONS.state(), State::ForcedOpen);
//! ```

mod breakers;
mod caches;
mod connectors;
mod consumers;
mod databases;
mod journals;
mod register;
mod settings;
#[cfg(feature = "overrides")]
pub(crate) mod tuning;

use std::sync::Arc;

pub use self::breakers::{ListedBreaker, ListedBulkhead};
pub use self::caches::{CacheReport, RegisteredCache};
pub use self::connectors::{
    ConnectionFailure, ConnectionReport, ConnectorReport, RegisteredConnector, ServerRole,
};
pub use self::consumers::{ConsumerReport, RegisteredConsumer};
pub use self::databases::{DatabaseReport, DatabasesReport, RegisteredDatabases, SwitchReport};
pub use self::journals::{JournalReport, ListedJournal, RegisteredJournal, Replayed};
pub use self::register::Register;
#[doc(hidden)]
pub use self::settings::RegisteredSettings;
pub use self::settings::{SettingPart, SettingReport, SettingsReport};
pub use crate::bulkhead::BulkheadSnapshot;
pub use crate::counts::{AttemptDurations, CallCounts, Durations};
use crate::function;
pub use crate::function::{BulkheadLimit, FunctionPolicy, FunctionSnapshot, LastFailure};
pub use crate::handle::Handle;
pub use crate::overrides::{CacheSettings, ConnectorSettings};
use crate::weak_list::WeakList;

/// Everything in this process that has something to tell. The [module](self) says who is listed, and in which order.
#[derive(Debug)]
pub struct Registry {
    connectors: WeakList<dyn RegisteredConnector>,
    databases: WeakList<dyn RegisteredDatabases>,
    caches: WeakList<dyn RegisteredCache>,
    journals: WeakList<dyn RegisteredJournal>,
    consumers: WeakList<dyn RegisteredConsumer>,
}

static GLOBAL: Registry = Registry::new();

impl Registry {
    const fn new() -> Self {
        Self {
            connectors: WeakList::new(),
            databases: WeakList::new(),
            caches: WeakList::new(),
            journals: WeakList::new(),
            consumers: WeakList::new(),
        }
    }

    /// The one of the process.
    #[must_use]
    pub const fn global() -> &'static Self {
        &GLOBAL
    }

    /// Lists a breaker or bulkhead from now on, be it idle, and lets those who read the list have a [`Handle`] to it.
    ///
    /// It may be a `static`, or shared by `Arc`: that one is no longer listed when its last owner has dropped it. Again for the same one it
    /// does nothing. It is for the start of the application: it allocates, and takes a lock.
    ///
    /// ```standalone_crate
    /// use redis_resilient::{Breaker, Bulkhead, Registry};
    /// use std::sync::Arc;
    ///
    /// static DATABASE: Bulkhead = Bulkhead::new("database", 20);
    ///
    /// let tenant = Arc::new(Breaker::new("tenant"));
    /// Registry::global().register(&DATABASE);
    /// Registry::global().register(&tenant);
    ///
    /// let inside = Registry::global().bulkheads()[0].snapshot.inside;
    /// assert_eq!(inside, Some(0));
    ///
    /// drop(tenant);
    /// assert!(Registry::global().breakers().is_empty());
    /// ```
    pub fn register(&self, what: impl Register) {
        register::register(what);
    }

    /// Lists a connector for as long as somebody else owns it. Again for the same one it does nothing.
    pub fn register_connector<C: RegisteredConnector + 'static>(&self, connector: &Arc<C>) {
        let connector: Arc<dyn RegisteredConnector> = Arc::<C>::clone(connector);
        self.connectors.add(&connector);
        #[cfg(feature = "overrides")]
        tuning::connector(&*connector);
    }

    /// The breakers: those that have counted a failure, changed their state or were given an order or a listener, and those that were
    /// registered.
    #[must_use]
    pub fn breakers(&self) -> Vec<ListedBreaker> {
        breakers::breakers()
    }

    /// The bulkheads: those that were full, and those that were registered.
    #[must_use]
    pub fn bulkheads(&self) -> Vec<ListedBulkhead> {
        breakers::bulkheads()
    }

    /// The annotated functions of which an attempt failed, or a call found no room, with the numbers that are in force; with the feature `counts`
    /// all that were called.
    ///
    /// Of those whose options are computed at run time, several with the same name are one.
    #[must_use]
    pub fn functions(&self) -> Vec<FunctionSnapshot> {
        #[cfg_attr(
            not(feature = "overrides"),
            expect(unused_mut, reason = "nothing is said")
        )]
        let mut functions = function::all();
        #[cfg(feature = "overrides")]
        for function in &mut functions {
            crate::overrides::shown(function.name, &mut function.policy);
        }
        functions
    }

    /// What the registered connectors say of themselves, by their descriptions.
    ///
    /// # Panics
    /// If a connector's [`report`](RegisteredConnector::report) does. The registry goes on.
    #[must_use]
    pub fn connectors(&self) -> Vec<ConnectorReport> {
        let connectors = self.connectors.all();
        let mut reports: Vec<_> = connectors.iter().map(|one| one.report()).collect();
        reports.sort_by(|one, other| one.description.cmp(&other.description));
        reports
    }

    /// Lists the databases of a connector that has several, for as long as somebody else owns them. Again for the same ones it does nothing.
    pub fn register_databases<D: RegisteredDatabases + 'static>(&self, databases: &Arc<D>) {
        let databases: Arc<dyn RegisteredDatabases> = Arc::<D>::clone(databases);
        self.databases.add(&databases);
    }

    /// What connectors with several databases say of these, by their descriptions. The databases are among the
    /// [connectors](Self::connectors) too, each for itself. They are listed from their first use on.
    ///
    /// # Panics
    /// If a [`report`](RegisteredDatabases::report) does. The registry goes on.
    #[must_use]
    pub fn databases(&self) -> Vec<DatabasesReport> {
        let databases = self.databases.all();
        let mut reports: Vec<_> = databases.iter().map(|one| one.report()).collect();
        reports.sort_by(|one, other| one.connector.cmp(&other.connector));
        reports
    }

    /// Lists a cache for as long as somebody else owns it. Again for the same one it does nothing.
    pub fn register_cache<C: RegisteredCache + 'static>(&self, cache: &Arc<C>) {
        let cache: Arc<dyn RegisteredCache> = Arc::<C>::clone(cache);
        self.caches.add(&cache);
        #[cfg(feature = "overrides")]
        tuning::cache(&*cache);
    }

    /// Lists a journal for as long as somebody else owns it. Again for the same one it does nothing.
    pub fn register_journal<J: RegisteredJournal + 'static>(&self, journal: &Arc<J>) {
        let journal: Arc<dyn RegisteredJournal> = Arc::<J>::clone(journal);
        self.journals.add(&journal);
    }

    /// Lists a consumer for as long as somebody else owns it. Again for the same one it does nothing.
    pub fn register_consumer<C: RegisteredConsumer + 'static>(&self, consumer: &Arc<C>) {
        let consumer: Arc<dyn RegisteredConsumer> = Arc::<C>::clone(consumer);
        self.consumers.add(&consumer);
    }

    /// What the caches of the process say of themselves, by their names. They are listed from the start.
    ///
    /// # Panics
    /// If a cache's [`report`](RegisteredCache::report) does. The registry goes on.
    #[must_use]
    pub fn caches(&self) -> Vec<CacheReport> {
        let caches = self.caches.all();
        let mut reports: Vec<_> = caches.iter().map(|one| one.report()).collect();
        reports.sort_by(|one, other| one.name.cmp(&other.name));
        reports
    }

    /// The journals of the process, by their names. They are listed from the start.
    ///
    /// # Panics
    /// If a journal's [`report`](RegisteredJournal::report) does. The registry goes on.
    #[must_use]
    pub fn journals(&self) -> Vec<ListedJournal> {
        let journals = self.journals.all().into_iter();
        let mut listed: Vec<_> = journals.map(ListedJournal::of).collect();
        listed.sort_by(|one, other| one.report.name.cmp(&other.report.name));
        listed
    }

    /// What the consumers of streams that run in this process say of themselves, by stream, group and name.
    ///
    /// # Panics
    /// If a consumer's [`report`](RegisteredConsumer::report) does. The registry goes on.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerReport> {
        let consumers = self.consumers.all();
        let mut reports: Vec<_> = consumers.iter().map(|one| one.report()).collect();
        reports.sort_by(|one, other| {
            (&one.stream, &one.group, &one.name).cmp(&(&other.stream, &other.group, &other.name))
        });
        reports
    }
}

#[cfg(test)]
mod tests;
