//! A pool for synchronous code whose connections have timeouts: `cargo run --example r2d2`.

use std::error::Error;
use std::time::{Duration, Instant};

use r2d2::{CustomizeConnection, NopErrorHandler, Pool};
use redis::{Client, Commands, Connection, RedisError};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::EmbeddedRedis;

/// Without it, the connections of r2d2 have no timeouts: a call to a server that stands still waits as long as that does, and no attribute can
/// end a call that blocks.
#[derive(Debug)]
struct Timeouts(Duration);

impl CustomizeConnection<Connection, RedisError> for Timeouts {
    fn on_acquire(&self, connection: &mut Connection) -> Result<(), RedisError> {
        connection.set_read_timeout(Some(self.0))?;
        connection.set_write_timeout(Some(self.0))
    }
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no connection")]
    Pool(#[from] r2d2::Error),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

#[redis_resilient(retries = 1, fallback = Ok(0))]
fn visits(pool: &Pool<Client>) -> Result<u64, AppError> {
    Ok(pool.get()?.get("visits")?)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Stands in for your Redis, so that this runs anywhere.
    let server = EmbeddedRedis::start()?;
    let pool = Pool::builder()
        .max_size(4)
        // How long a caller waits for a connection.
        .connection_timeout(Duration::from_millis(500))
        // How long for an answer.
        .connection_customizer(Box::new(Timeouts(Duration::from_millis(300))))
        // It writes each failure to stderr otherwise.
        .error_handler(Box::new(NopErrorHandler))
        .build(Client::open(server.url())?)?;
    pool.get()?.set::<_, _, ()>("visits", 42)?;

    println!("Redis is up:            {} visits", visits(&pool)?);
    server.freeze();
    let begun = Instant::now();
    let visits = visits(&pool)?;
    println!(
        "Redis does not answer:  {visits} visits, after {:?}",
        begun.elapsed()
    );
    Ok(())
}
