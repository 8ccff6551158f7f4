//! The attribute through a crate that hands it on.

use crate::run::{Server, block_on};
use ::redis::RedisResult;
use ::redis_resilient_hygiene::resilience::{self, redis_resilient};

#[redis_resilient(crate = ::redis_resilient_hygiene::resilience, delay = "1us", breaker = false, fallback = Ok(100))]
async fn by_a_path(server: &Server) -> RedisResult<u64> {
    server.get()
}

#[redis_resilient(crate = crate::reexported::resilience, delay = "1us", breaker = false)]
fn through_a_module_of_ours(server: &Server) -> RedisResult<u64> {
    server.get()
}

/// Of the crate that hands it on, and knows where it is.
macro_rules! handed_on {
    ($name:ident) => {
        #[redis_resilient(crate = ::redis_resilient_hygiene::resilience, delay = "1us", breaker = false)]
        async fn $name(server: &Server) -> RedisResult<u64> {
            server.get()
        }
    };
}

handed_on!(by_a_macro);

#[test]
fn the_crate_may_be_anywhere() {
    assert_eq!(block_on(by_a_path(&Server::default())).ok(), Some(2));
    assert_eq!(through_a_module_of_ours(&Server::default()).ok(), Some(2));
    assert_eq!(block_on(by_a_macro(&Server::default())).ok(), Some(2));
}
