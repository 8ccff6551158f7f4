//! Code that has names of its own for what everybody has.

#![allow(
    dead_code,
    non_camel_case_types,
    non_snake_case,
    unused_macros,
    reason = "names are what this is about"
)]

use crate::run::{Server, block_on};

type Outcome = ::core::result::Result<::core::primitive::u64, ::redis::RedisError>;

struct Box;
struct Duration;
struct Option;
struct Result;
struct String;
struct Vec;
struct bool;
struct f64;
struct str;
struct u32;
struct u64;
trait Clone {}
trait Drop {}
trait Error {}
trait FnOnce {}
trait From {}
trait Future {}
trait Into {}
trait IntoFuture {}
trait Send {}
trait Sized {}
fn Err() {}
fn None() {}
fn Ok() {}
fn Some() {}
fn drop() {}

macro_rules! concat {
    () => {};
}
macro_rules! matches {
    () => {};
}
macro_rules! module_path {
    () => {};
}
macro_rules! panic {
    () => {};
}
macro_rules! pin {
    () => {};
}
macro_rules! unreachable {
    () => {};
}

#[::redis_resilient::redis_resilient(delay = "1us")]
async fn attempts(server: &Server) -> Outcome {
    server.get()
}

#[::redis_resilient::redis_resilient(delay = "1us", timeout = false, breaker = false)]
fn attempts_in_sync(server: &Server) -> Outcome {
    server.get()
}

#[::redis_resilient::redis_resilient(backoff = "none", retries = 1, fallback = [|error| ::core::result::Result::Err(error), other, ::core::result::Result::Ok(100)])]
async fn falls_back(server: &Server) -> Outcome {
    server.refuse()
}

#[::redis_resilient::redis_resilient(backoff = "none", retries = 1, fallback = [|error| ::core::result::Result::Err(error), sync_other])]
fn falls_back_in_sync(server: &Server) -> Outcome {
    server.refuse()
}

#[::redis_resilient::redis_resilient(
    retries = retries, factor = 3, delay = "1us", max_delay = "1ms", jitter = "equal", deadline = patience, clone(name),
    breaker = breaker, idempotent = true, classify = |_| ::redis_resilient::Class::Unavailable, name = "with every option"
)]
async fn options(
    server: &Server,
    name: ::std::string::String,
    retries: ::core::primitive::u32,
    patience: ::core::time::Duration,
    breaker: &::redis_resilient::Breaker,
) -> Outcome {
    ::core::mem::drop(name);
    server.get()
}

async fn other(server: &Server) -> Outcome {
    ::core::future::ready(server.refuse()).await
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a fallback gives what its function gives"
)]
fn sync_other(server: &Server) -> Outcome {
    ::core::result::Result::Ok(server.seen() * 10)
}

#[test]
fn nothing_of_it_is_taken_for_the_real_thing() {
    let server = Server::default();
    assert_eq!(
        block_on(attempts(&server)).ok(),
        ::core::option::Option::Some(2)
    );
    let server = Server::default();
    assert_eq!(
        attempts_in_sync(&server).ok(),
        ::core::option::Option::Some(2)
    );
    let server = Server::default();
    assert_eq!(
        block_on(falls_back(&server)).ok(),
        ::core::option::Option::Some(100)
    );
    assert_eq!(server.seen(), 3);
    let server = Server::default();
    assert_eq!(
        falls_back_in_sync(&server).ok(),
        ::core::option::Option::Some(20)
    );
    let breaker = ::redis_resilient::Breaker::new("prelude");
    let patience = ::core::time::Duration::from_secs(5);
    let server = Server::default();
    let name = ::std::string::String::new();
    let given = block_on(options(&server, name, 1, patience, &breaker));
    assert_eq!(given.ok(), ::core::option::Option::Some(2));
}
