use redis::RedisResult;
use redis_resilient::redis_resilient;

struct Ticket;

#[redis_resilient(clone(ticket))]
fn get(ticket: Ticket) -> RedisResult<u64> {
    drop(ticket);
    Ok(1)
}

fn main() {}
