//! The first thing to write: `cargo run --example quickstart`.

use std::error::Error;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, Commands, RedisResult};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::EmbeddedRedis;
use tokio::time::sleep;

#[redis_resilient(retries = 3, backoff = "exp", fallback = from_database)]
async fn user_name(conn: &mut ConnectionManager, id: u64) -> RedisResult<String> {
    conn.get(format!("user:{id}")).await
}

async fn from_database(_: &mut ConnectionManager, id: u64) -> RedisResult<String> {
    sleep(Duration::from_millis(1)).await; // your query goes here
    Ok(format!("user {id} from the database"))
}

// A function that blocks works the same. Its fallback is any expression: here a value that will do.
#[redis_resilient(retries = 1, fallback = Ok(0))]
fn visits(client: &Client) -> RedisResult<u64> {
    client.get_connection()?.get("visits")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Stands in for your Redis, so that this runs anywhere.
    let server = EmbeddedRedis::start()?;
    let client = Client::open(server.url())?;
    let mut setup = client.get_connection()?;
    redis::pipe()
        .set("user:7", "user 7 from Redis")
        .set("visits", 42)
        .exec(&mut setup)?;

    // The attribute retries, so that the manager need not: it would keep callers waiting for seconds.
    let config = ConnectionManagerConfig::new().set_number_of_retries(0);
    let mut conn = ConnectionManager::new_with_config(client.clone(), config).await?;

    println!("Redis is up:    {}", user_name(&mut conn, 7).await?);
    println!("                visits: {}", visits(&client)?);

    server.down();
    println!("Redis is down:  {}", user_name(&mut conn, 7).await?);
    println!("                visits: {}", visits(&client)?);
    Ok(())
}
