//! What subscribers to sharded channels have to do with the slots.

use redis::{ConnectionInfo, RedisError};

use super::Nodes;
use crate::slots::address::Address;
use crate::slots::redirect::Redirect;

impl Nodes {
    /// The server at this host has refused a subscription. Whether it said who has the channel now.
    pub(crate) fn names_another(&self, error: &RedisError, host: &str) -> bool {
        let redirect = Redirect::of_error(error, host);
        if let Some(redirect) = &redirect {
            self.redirected(redirect);
        }
        redirect.is_some()
    }
}

/// The host of a server of a cluster.
pub(crate) fn host(server: &ConnectionInfo) -> String {
    let address = Address::of(server);
    address.map_or_else(String::new, |address| address.host().to_owned())
}
