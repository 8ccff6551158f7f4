// row 30 | `-> !` | tracing#3257, async-trait#266

use redis_resilient::redis_resilient;

#[redis_resilient]
fn get() -> ! {
    loop {}
}

fn main() {}
