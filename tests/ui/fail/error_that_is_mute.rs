use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, timeout = false)]
async fn number() -> Result<u64, std::num::ParseIntError> {
    "1".parse()
}

#[redis_resilient(breaker = false)]
fn text() -> Result<String, std::fmt::Error> {
    Ok(String::new())
}

fn main() {
    let _ = (number(), text());
}
