//! Connections to Redis that come back. Users name it through the crate `redis-resilient`, whose module `connection` is the guide.

mod blocking;
mod breaker_set;
#[cfg(feature = "cluster")]
mod cluster;
mod command;
mod connector;
mod databases;
mod deadline;
mod dedicated;
mod endpoint;
mod events;
mod listening;
mod manager;
mod multiplexed;
mod not_sent;
mod pubsub;
mod raw;
mod server;
mod settings;
#[cfg(feature = "cluster")]
mod slots;
mod switching;

pub use crate::connector::builder::ConnectorBuilder;
pub use crate::connector::environment::EnvironmentError;
pub use crate::connector::failover::{Database, FailoverBuilder};
#[cfg(feature = "sentinel")]
pub use crate::endpoint::role::Role;
pub use crate::multiplexed::Connection;
pub use crate::pubsub::subscription::{Subscription, SubscriptionEvent, WhenFull};
pub use crate::settings::credentials::Credentials;
pub use blocking::BlockingConnection;
pub use breaker_set::BreakerSet;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub use command::inspect as command_table;
pub use connector::Connector;
pub use dedicated::DedicatedConnection;

/// What the other crates of this project need beside the public API. Not part of it: it changes with them.
#[doc(hidden)]
pub mod __seam {
    pub mod command {
        pub use crate::command::commands_of::commands_of;
        pub use crate::command::packed::commands as unpack;
        pub use crate::command::script::REPEATABLE;
        pub use crate::command::{args, is, waits};
    }

    pub mod connector {
        use std::sync::Arc;

        use redis_resilient_runtime::Breaker;

        use crate::Connector;
        use crate::manager::Manager;

        /// Whether one is a clone of the other.
        #[must_use]
        pub fn is_same(one: &Connector, other: &Connector) -> bool {
            Arc::ptr_eq(&one.manager, &other.manager)
        }

        /// Where Redis is, without a secret.
        #[must_use]
        pub fn place(connector: &Connector) -> String {
            let of = |manager: &Manager| {
                let endpoint = &manager.endpoint;
                let place = crate::endpoint::place::place(endpoint);
                format!("{place}/{}", endpoint.database())
            };
            match connector.switching() {
                None => of(&connector.manager),
                Some(switching) => {
                    let places = switching.places().iter();
                    let places: Vec<_> = places.map(|one| of(&one.manager)).collect();
                    places.join(", or ")
                }
            }
        }

        /// What it is called in events, in the registry and on pages: without a secret.
        #[must_use]
        pub fn description(connector: &Connector) -> String {
            if let Some(switching) = connector.switching() {
                return switching.name().as_ref().to_owned();
            }
            let mut description = String::new();
            connector
                .manager
                .settings
                .tell(|events| events.connector().as_ref().clone_into(&mut description));
            description
        }

        /// The number of its database.
        #[must_use]
        pub fn database(connector: &Connector) -> i64 {
            connector.here().endpoint.database()
        }

        /// The breaker of what goes by one for as long as it lives. Of several databases it is one for all of them.
        #[must_use]
        pub const fn lasting_breaker(connector: &Connector) -> &'static Breaker {
            connector.breaker
        }

        /// How many have it.
        #[must_use]
        pub fn owners(connector: &Connector) -> usize {
            match &connector.several {
                Some(several) => Arc::strong_count(several),
                None => Arc::strong_count(&connector.manager),
            }
        }
    }

    pub mod listening {
        pub use crate::listening::{
            HasOrigin, HeldConnector, Listener, Listening, Origin, Primaries, WeakConnector,
            cannot_listen,
        };
    }

    pub mod script {
        pub use crate::command::script::{Script, is_torn, repeatable, torn};
    }

    /// Of connectors with several databases.
    pub mod switching {
        use std::sync::Arc;

        pub use crate::switching::Follower;

        use crate::Connector;

        /// How often another database has become the present one. Of a connector with one database it is 0.
        #[must_use]
        pub fn switches(connector: &Connector) -> u64 {
            let switching = connector.switching();
            switching.map_or(0, |switching| switching.stamp().switches())
        }

        /// Whether it has several.
        #[must_use]
        pub fn has_several(connector: &Connector) -> bool {
            connector.switching().is_some()
        }

        /// Has this one told of each switch, for as long as somebody else has it.
        pub fn follow<F: Follower + 'static>(connector: &Connector, follower: &Arc<F>) {
            if let Some(switching) = connector.switching() {
                let follower: Arc<dyn Follower> = Arc::<F>::clone(follower);
                switching.follow(&follower);
            }
        }
    }

    pub mod slot {
        pub use crate::command::slot::{beside, name_in, of_key};
    }
}
