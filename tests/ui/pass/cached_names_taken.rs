#![allow(dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals)]
#![deny(unused_variables, unused_mut)]

mod core {}
mod std {}
mod redis_resilient {}

struct Option;
struct Result;
struct Box;
struct Duration;
struct Cache;
struct Key;
struct Json;
trait Clone {}
trait ByClone {}
fn Some() {}
fn None() {}
fn Ok() {}
fn Err() {}
static key: u8 = 0;
static cached: u8 = 0;
const CACHED: u8 = 1;
const PREFIX: &str = "prefix";

type Connector = ::redis_resilient::connection::Connector;

#[::redis_resilient::redis_cached(key = "{wait}:{value}", ttl = "1m", prefix = PREFIX, negative_ttl = "1s", invalidate = forget)]
pub async fn get(
    redis: &Connector,
    wait: u64,
    value: u8,
) -> ::core::result::Result<::core::option::Option<u64>, ::std::sync::Arc<::std::string::String>> {
    ::std::future::ready(::core::result::Result::Ok(::core::option::Option::Some(wait + u64::from(value)))).await
}

#[::redis_resilient::redis_cached(key = "{read}", ttl = "1m", background = true)]
pub async fn in_background(redis: &Connector, read: &str) -> ::core::result::Result<usize, ::std::fmt::Error> {
    ::core::result::Result::Ok(read.len() + usize::from(CACHED))
}

#[::redis_resilient::redis_cached(key = "{lifetime}", ttl = ::core::time::Duration::from_secs(lifetime))]
pub fn sync(redis: &Connector, lifetime: u64) -> ::core::result::Result<u64, ::std::fmt::Error> {
    ::core::result::Result::Ok(lifetime)
}

fn main() {}
