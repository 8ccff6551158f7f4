//! Orders are read from their stream and put on the customers' bills, each exactly once.
//!
//! * Redis executes the command and acknowledges the order in one step: whatever is killed in between, no bill has an order twice, or not at all.
//! * The consumer waits while Redis is away, and goes on where it was. An order that cannot be handled is set aside after five attempts.

use redis_resilient::connection::Connector;
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure, FieldError, FromEntry};

use super::orders::{Order, STREAM};

pub(crate) async fn bill_orders(
    redis: Connector,
    shutdown: impl Future<Output = ()>,
) -> redis::RedisResult<()> {
    Consumer::group(&redis, STREAM, "billing")
        .concurrency(16)
        .run(shutdown, bill)
        .await
}

async fn bill(order: Order, delivery: Delivery) -> Result<(), Failure> {
    let bill = format!("bill:{}", order.customer);
    let mut add = redis::cmd("INCRBY");
    add.arg(&bill).arg(order.sum);
    delivery.commit::<u64>(&bill, &add).await?;
    Ok(())
}

// The rest is the shop's.

impl FromEntry for Order {
    type Error = FieldError;

    fn from_entry(entry: &Entry) -> Result<Self, FieldError> {
        Ok(Self {
            id: entry.parse("id")?,
            customer: entry.parse("customer")?,
            sum: entry.parse("sum")?,
        })
    }
}
