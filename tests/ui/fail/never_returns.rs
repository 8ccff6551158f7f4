use redis_resilient::redis_resilient;

#[redis_resilient]
fn get() -> ! {
    loop {}
}

fn main() {}
