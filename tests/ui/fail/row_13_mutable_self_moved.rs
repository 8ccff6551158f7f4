// row 13 | `&mut self` moved into an `async move` block

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

struct Repository(MultiplexedConnection);

impl Repository {
    #[redis_resilient(retries = 3)]
    async fn get(&mut self) -> RedisResult<u64> {
        let get = async move {
            let repository = self;
            repository.0.get(1).await
        };
        get.await
    }
}

fn main() {}
