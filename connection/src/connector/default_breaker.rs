//! The circuit breaker of annotated functions that take a [`Connector`] and name none: one for each Redis, so that one that is dead does not
//! have the calls to another one refused.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::endpoint::place::place;
use redis_resilient_runtime::__seam::HoldsConnector;
use redis_resilient_runtime::{Breaker, Registry};

impl Connector {
    /// The circuit breaker of annotated functions that take this connector and name no `breaker`: that given to
    /// [`ConnectorBuilder::breaker`](crate::ConnectorBuilder::breaker), or one of its own. Connectors to the same address share that one, and
    /// it stays for as long as the program runs: one that is opened anew for each request finds the circuit as the last one has left it. The
    /// [`Registry`](redis_resilient_runtime::Registry) lists it, with a handle. Of [several databases](Self::failover) each has its own, and this is the
    /// one of the present database.
    ///
    /// ```
    /// use redis_resilient::State;
    /// use redis_resilient::connection::Connector;
    ///
    /// # fn main() -> redis::RedisResult<()> {
    /// let sessions = Connector::open("redis://:secret@sessions.example/")?;
    /// assert_eq!(sessions.breaker().name(), "default of sessions.example:6379");
    /// assert_eq!(sessions.breaker().state(), State::Closed);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn breaker(&self) -> &'static Breaker {
        match self.switching() {
            Some(switching) => switching.breaker(),
            None => self.breaker,
        }
    }
}

impl HoldsConnector for Connector {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        Some(self.breaker())
    }
}

/// Those that there are, by name. Never taken out again: a call may be under way on each, and there are as many as servers.
static BREAKERS: Mutex<BTreeMap<&'static str, &'static Breaker>> = Mutex::new(BTreeMap::new());

/// The one of the Redis that is there.
pub(crate) fn of(endpoint: &Endpoint) -> &'static Breaker {
    named(&place(endpoint))
}

/// The one of what is called so.
pub(crate) fn named(what: &str) -> &'static Breaker {
    let name = format!("default of {what}");
    let mut breakers = BREAKERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(breaker) = breakers.get(name.as_str()) {
        return breaker;
    }
    let name: &'static str = name.leak();
    let breaker: &'static Breaker = Box::leak(Box::new(Breaker::new(name)));
    breakers.insert(name, breaker);
    drop(breakers);
    // Those who read the list can give it orders: nobody else has it in a `static` to be registered.
    Registry::global().register(breaker);
    breaker
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> &'static str {
        Connector::open(address)
            .expect("an address")
            .breaker()
            .name()
    }

    #[test]
    fn its_name_says_where_redis_is_and_no_secret() {
        for (address, named) in [
            ("redis://127.0.0.1/", "default of 127.0.0.1:6379"),
            (
                "redis://me:secret@cache.example:7000/0",
                "default of cache.example:7000",
            ),
            (
                "redis://:secret@cache.example:7000/3",
                "default of cache.example:7000/3",
            ),
            (
                "redis+unix:///run/redis.sock?pass=secret",
                "default of /run/redis.sock",
            ),
        ] {
            assert_eq!(name(address), named);
        }
    }

    #[cfg(feature = "sentinel")]
    #[test]
    fn what_sentinels_name_is_told_by_them_its_name_and_its_role() {
        use crate::endpoint::role::Role;
        let of = |sentinels: [&str; 2], role| {
            let connector = Connector::sentinel(sentinels, "main").expect("addresses");
            connector.role(role).build().breaker().name()
        };
        let sentinels = [
            "redis://:secret@one.example:26379",
            "redis://two.example:26379",
        ];
        assert_eq!(
            of(sentinels, Role::Primary),
            "default of main at one.example:26379, two.example:26379"
        );
        assert_eq!(
            of(sentinels, Role::Replica),
            "default of a replica of main at one.example:26379, two.example:26379"
        );
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn a_cluster_is_told_by_the_servers_that_are_named() {
        let seeds = [
            "redis://:secret@one.example:7000",
            "redis://two.example:7000",
        ];
        let cluster = Connector::cluster(seeds).expect("addresses").build();
        assert_eq!(
            cluster.breaker().name(),
            "default of the cluster of one.example:7000, two.example:7000"
        );
    }

    #[test]
    fn two_servers_have_two_and_connectors_to_one_server_share_it() {
        let breaker = |address| Connector::open(address).expect("an address").breaker();
        let one = breaker("redis://one.shared.example/");
        assert!(std::ptr::eq(
            one,
            breaker("redis://one.shared.example:6379/")
        ));
        assert!(!std::ptr::eq(one, breaker("redis://two.shared.example/")));
    }
}
