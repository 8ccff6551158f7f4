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
mod manager;
mod multiplexed;
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
        pub use crate::command::{args, is, waits};
    }

    pub mod script {
        pub use crate::command::script::{Script, is_torn, torn};
    }

    pub mod slot {
        pub use crate::command::slot::{beside, name_in, of_key};
    }
}
