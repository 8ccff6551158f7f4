//! Connections to Redis that come back. Users name it through the crate `redis-resilient`, whose module `connection` is the guide.

mod blocking;
mod blocking_check;
mod blocking_server_connection;
mod blocking_wire;
mod breaker_set;
mod builder;
#[cfg(feature = "cluster")]
mod cluster;
mod command;
mod commands_of;
mod companion;
mod connector;
mod credentials;
mod deadline;
mod dedicated;
mod default_breaker;
mod dial;
mod ending;
mod environment;
mod events;
mod failed;
mod found_out;
mod handle;
mod health;
mod in_flight;
mod keeper;
#[cfg(feature = "cluster")]
mod key;
mod live;
mod origin;
mod packed;
mod ping;
mod pool;
mod pubsub;
mod refusals;
mod replication;
mod report;
mod rest;
#[cfg(feature = "sentinel")]
mod role;
mod runtimes;
mod script;
#[cfg(feature = "sentinel")]
mod sentinel;
mod server_check;
mod server_connection;
mod settings;
mod share;
mod silence;
mod single_flight;
mod slot;
mod source;
mod spares;
mod state;
mod subscription;
#[cfg(feature = "tls-rustls")]
mod tls;
mod together;
mod transaction;
mod wait_time;
mod waiting;
mod wire;

pub use blocking::BlockingConnection;
pub use breaker_set::BreakerSet;
pub use builder::ConnectorBuilder;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub use command::inspect as command_table;
pub use connector::Connector;
pub use credentials::Credentials;
pub use dedicated::DedicatedConnection;
pub use environment::EnvironmentError;
pub use handle::Connection;
#[cfg(feature = "sentinel")]
pub use role::Role;
pub use subscription::{Subscription, SubscriptionEvent, WhenFull};

/// What the other crates of this project need beside the public API. Not part of it: it changes with them.
#[doc(hidden)]
pub mod __seam {
    pub mod command {
        pub use crate::command::{args, is, waits};
    }

    pub mod script {
        pub use crate::script::{Script, is_torn, torn};
    }

    pub mod slot {
        pub use crate::slot::{beside, name_in, of_key};
    }
}
