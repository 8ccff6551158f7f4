//! Connections to Redis that come back. Users name it through the crate `redis-resilient`, whose module `connection` is the guide.

mod blocking;
mod breaker_set;
#[cfg(feature = "cluster")]
mod cluster;
mod command;
mod connector;
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

pub use crate::connector::builder::ConnectorBuilder;
pub use crate::connector::environment::EnvironmentError;
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

        use crate::Connector;

        /// Whether one is a clone of the other.
        #[must_use]
        pub fn is_same(one: &Connector, other: &Connector) -> bool {
            Arc::ptr_eq(&one.manager, &other.manager)
        }

        /// Where Redis is, without a secret.
        #[must_use]
        pub fn place(connector: &Connector) -> String {
            let endpoint = &connector.manager.endpoint;
            format!(
                "{}/{}",
                crate::endpoint::place::place(endpoint),
                endpoint.database()
            )
        }

        /// What it is called in events, in the registry and on pages: without a secret.
        #[must_use]
        pub fn description(connector: &Connector) -> String {
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
            connector.manager.endpoint.database()
        }

        /// How many have it.
        #[must_use]
        pub fn owners(connector: &Connector) -> usize {
            Arc::strong_count(&connector.manager)
        }
    }

    pub mod listening {
        pub use crate::listening::{
            HasOrigin, HeldConnector, Listener, Listening, Origin, Primaries, WeakConnector,
            reads_replicas,
        };
    }

    pub mod script {
        pub use crate::command::script::{Script, is_torn, repeatable, torn};
    }

    pub mod slot {
        pub use crate::command::slot::{beside, name_in, of_key};
    }
}
