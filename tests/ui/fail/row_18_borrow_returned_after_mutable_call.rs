// row 18 | returns a `&str` after a call of a `&mut self` method | rust#21906, rust#68117, rust#145313

use redis::RedisResult;
use redis_resilient::redis_resilient;

struct Cache(String);

impl Cache {
    #[redis_resilient(retries = 3)]
    async fn get(&mut self) -> RedisResult<&str> {
        self.refresh().await?;
        Ok(&self.0)
    }

    #[redis_resilient(retries = 3)]
    async fn through_the_method(&mut self) -> RedisResult<&str> {
        self.refresh().await
    }

    async fn refresh(&mut self) -> RedisResult<&str> {
        Ok(&self.0)
    }
}

fn main() {}
