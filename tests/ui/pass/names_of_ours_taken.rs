#![allow(dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals)]
#![deny(unused_variables, unused_mut)]

mod core {}
mod std {}
mod redis_resilient {}

struct Option;
struct Result;
struct Box;
fn Some() {}
fn Ok() {}
fn Err() {}
static attempt: u8 = 0;
static result: u8 = 0;
const POLICY: u8 = 1;
struct call;

#[::redis_resilient::redis_resilient(fallback = ::core::result::Result::Ok(policy))]
pub async fn get(policy: u64) -> ::core::result::Result<u64, ::redis::RedisError> {
    ::std::future::ready(::core::result::Result::Ok(policy)).await
}

#[::redis_resilient::redis_resilient(retries = retries, fallback = |_| ::core::result::Result::Ok(1))]
pub fn sync(retries: u32) -> ::core::result::Result<u64, ::redis::RedisError> {
    ::core::result::Result::Ok(u64::from(retries))
}

fn main() {}
