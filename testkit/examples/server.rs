//! Runs a real Redis server, prints its URL, and ends with its input: a server for another program to use.

use std::io::{Read as _, stdin};

use redis_resilient_testkit::RealRedis;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = RealRedis::start()?;
    println!("{}", server.url());
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
