//! Code that uses the names which expansions use.
//!
//! A `let` cannot have the name of a `static`, of a `const` or of a struct without named fields, so items of these kinds that begin with
//! `__resilient_` are out of reach: for them only, that prefix is ours.

#![allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    unused_macros,
    clippy::wrong_self_convention,
    reason = "names are what this is about"
)]
#![allow(
    clippy::unnecessary_wraps,
    reason = "a fallback gives what its function gives"
)]

use crate::run::{Boxed, Server, block_on};
use ::redis::{RedisError, RedisResult};
use ::redis_resilient::{Breaker, redis_resilient};

macro_rules! taken {
    ($($name:ident)*) => {
        $(
            fn $name() {}
            trait $name {}
            macro_rules! $name { () => {} }
        )*
    };
}

taken! {
    __resilient_admitted __resilient_body __resilient_breaker __resilient_call __resilient_error __resilient_failure __resilient_fake __resilient_fallen
    __resilient_limit __resilient_permit __resilient_policy __resilient_rejection __resilient_result __resilient_settled __resilient_started __resilient_timer
    __resilient_value _resilient_permit _resilient_probing __self __ret
}

static POOL: ::redis_resilient::Bulkhead = ::redis_resilient::Bulkhead::new("pool", 8);
static LIMIT: u8 = 0;
static POLICY: u8 = 0;
static attempt: u8 = 0;
static call: u8 = 0;
static error: u8 = 0;
static timer: u8 = 0;
const body: u8 = 0;
const limit: u8 = 0;
const permit: u8 = 0;
const policy: u8 = 0;
const value: u8 = 0;
struct breaker;
struct rejection;
struct result;
fn begin() {}
fn failed() {}
fn succeeded() {}

/// With methods like those of what is ours. The compiler tries them first where they take `self`, or ours takes `&mut self`.
trait Methods {
    fn begin(&self) {}
    fn class(&self) {}
    fn error(&self) {}
    fn failed(&self) {}
    fn failed_since(&self) {}
    fn kind(&self) {}
    fn rejection(&self) {}
    fn settle(&self) {}
    fn split(&self) {}
    fn timed_out(&self) {}
}

impl<T: ?Sized> Methods for T {}

trait MethodsByValue: Sized {
    fn block(self) {}
    fn end(self) {}
    fn enter_fallback(self, _: u8) {}
    fn enters(self, _: u8) {}
    fn falls_back(self) {}
    fn gives_up(self) {}
    fn is_none(self) {}
    fn is_some(self) {}
    fn misconfigured(self) {}
    fn pause(self) {}
    fn succeeded(self) {}
    fn turned_away(self) {}
}

impl<T> MethodsByValue for T {}

static ITS_OWN: Breaker = Breaker::new("names of ours");

#[redis_resilient(delay = "1us", breaker = ITS_OWN)]
async fn parameters(
    __resilient_call: &Server,
    __resilient_body: &mut u64,
    __resilient_timer: u64,
) -> RedisResult<u64> {
    *__resilient_body += __resilient_timer;
    let __resilient_value = __resilient_call.get()?;
    let __resilient_result = '__resilient: {
        if __resilient_value > 1 {
            break '__resilient __resilient_value + *__resilient_body;
        }
        0
    };
    Ok(__resilient_result)
}

#[redis_resilient(
    backoff = "none", retries = 1, breaker = ITS_OWN, clone(__resilient_result),
    fallback = [|__resilient_value| given_back(__resilient_value), again, Ok(__resilient_call.seen() + __resilient_error + u64::from(LIMIT + POLICY))]
)]
async fn in_the_attribute(
    __resilient_call: &Server,
    __resilient_error: u64,
    __resilient_result: String,
) -> RedisResult<u64> {
    drop(__resilient_result);
    __resilient_call.refuse()
}

fn given_back(failure: RedisError) -> RedisResult<u64> {
    Err(failure)
}

async fn again(server: &Server, more: u64, text: String) -> RedisResult<u64> {
    assert_eq!((more, text.as_str()), (5, "text"));
    ::core::future::ready(server.refuse()).await
}

#[redis_resilient(
    retries = u32::from(policy) + 1, backoff = "none", breaker = false, fallback = __resilient_fallback(__resilient_policy), fallback_limit = 3,
    limit = POOL
)]
fn in_sync(__resilient_call: &Server, __resilient_policy: u64) -> RedisResult<u64> {
    __resilient_call.refuse()
}

fn __resilient_fallback(given: u64) -> RedisResult<u64> {
    Ok(given)
}

/// A function from outside of the macro's sight, with each part of another origin.
macro_rules! made {
    ($vis:vis fn $name:ident($server:ident: $type:ty, $key:ident) -> $output:ty $block:block or $otherwise:expr) => {
        #[redis_resilient(backoff = "none", retries = 1, breaker = false, clone($key), fallback = [other, $otherwise])]
        $vis async fn $name($server: $type, $key: String) -> $output {
            let word = $key;
            let _ = $block?;
            let __resilient_call: $output = Ok(word.len() as u64);
            __resilient_call
        }

        async fn other(server: $type, key: String) -> $output {
            assert_eq!(key, "key");
            server.refuse()
        }
    };
}

made!(pub(crate) fn made(server: &Server, word) -> RedisResult<u64> { server.refuse() } or Ok(server.seen()));

struct Holder(Server);

macro_rules! method {
    ($self:ident, $name:ident, $block:expr) => {
        #[redis_resilient(backoff = "none", breaker = false, fallback = Self::last)]
        fn $name(&$self) -> RedisResult<u64> {
            $block
        }
    };
}

impl Holder {
    method!(self, method, self.0.get());

    fn last(&self) -> RedisResult<u64> {
        Ok(self.0.seen() + 1000)
    }
}

#[::async_trait::async_trait(?Send)]
trait Boxing {
    async fn boxed(&self, __resilient_call: u64) -> RedisResult<u64>;
}

#[::async_trait::async_trait(?Send)]
impl Boxing for Holder {
    #[redis_resilient(delay = "1us", breaker = false, fallback = |_| Ok(__resilient_call))]
    async fn boxed(&self, __resilient_call: u64) -> RedisResult<u64> {
        let found = '__resilient: {
            if __resilient_call == 0 {
                break '__resilient self.0.refuse()?;
            }
            self.0.get()?
        };
        Ok(found + __resilient_call)
    }
}

fn by_hand(server: &Server) -> Boxed<'_, Result<u64, RedisError>> {
    Box::pin(parameters_by_value(server))
}

#[redis_resilient(delay = "1us", breaker = breaker_of(timer))]
async fn parameters_by_value(r#loop: &Server) -> RedisResult<u64> {
    r#loop.get()
}

fn breaker_of(_: u8) -> &'static Breaker {
    &ITS_OWN
}

#[test]
fn names_of_ours_are_free_for_all() {
    let server = Server::default();
    let mut count = 0;
    let given = block_on(parameters(&server, &mut count, 10));
    assert_eq!(given.ok(), Some(2 + 20));
    let server = Server::default();
    let given = block_on(in_the_attribute(&server, 5, "text".to_owned()));
    assert_eq!(given.ok(), Some(3 + 5));
    let server = Server::default();
    assert_eq!(in_sync(&server, 77).ok(), Some(77));
    assert_eq!(server.seen(), 2);
    let server = Server::default();
    assert_eq!(block_on(made(&server, "key".to_owned())).ok(), Some(3));
    let holder = Holder(Server::default());
    assert_eq!(holder.method().ok(), Some(2));
    let holder = Holder(Server::default());
    assert_eq!(block_on(holder.boxed(40)).ok(), Some(42));
    assert_eq!(block_on(holder.boxed(0)).ok(), Some(0));
    assert_eq!(block_on(by_hand(&Server::default())).ok(), Some(2));
}
