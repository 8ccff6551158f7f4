//! What is an entry of its own, and what it is called.

use redis::RedisError;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

use crate::support::{Testing, connected, keys, until_stored};

#[derive(Clone, Copy, Debug)]
enum Lang {
    De,
}

#[tokio::test]
async fn the_key_is_what_the_template_says() -> Testing {
    #[redis_cached(
        key = "user:{id}:{lang:?}:{order.0}",
        prefix = "shop",
        version = 3,
        ttl = "10m"
    )]
    async fn user(
        redis: &Connector,
        id: u64,
        lang: Lang,
        order: &(u8, u8),
    ) -> Result<u8, RedisError> {
        Ok(order.1)
    }
    #[redis_cached(key = "{{tag}}:{N}:{r#type}", ttl = "10m")]
    async fn tagged<const N: usize>(redis: &Connector, r#type: &str) -> Result<u8, RedisError> {
        Ok(1)
    }
    let (_server, redis) = connected()?;
    until_stored(async || user(&redis, 7, Lang::De, &(1, 2)).await).await?;
    until_stored(async || tagged::<5>(&redis, "a:b").await).await?;
    assert_eq!(
        keys(&redis).await?,
        ["shop:v3:user:7:De:1", "{tag}:5:a%3Ab"]
    );
    Ok(())
}

#[tokio::test]
async fn two_lists_of_arguments_are_two_entries() -> Testing {
    #[redis_cached(key = "{a}:{b}", ttl = "10m")]
    async fn join(redis: &Connector, a: &str, b: &str) -> Result<String, RedisError> {
        Ok(format!("{a}|{b}"))
    }
    let (_server, redis) = connected()?;
    let lists = [
        ("a:b", "c"),
        ("a", "b:c"),
        ("a%3Ab", "c"),
        ("", "a:b:c"),
        ("a:b:c", ""),
        ("%", ":"),
        ("%:", ""),
    ];
    for (a, b) in lists {
        until_stored(async || join(&redis, a, b).await).await?;
    }
    for (a, b) in lists {
        assert_eq!(join(&redis, a, b).await?, format!("{a}|{b}"));
    }
    assert_eq!(keys(&redis).await?.len(), lists.len());
    Ok(())
}

#[tokio::test]
async fn the_last_value_is_not_taken_for_the_rest_of_another_key() -> Testing {
    #[redis_cached(key = "page/{path}", ttl = "10m")]
    async fn page(redis: &Connector, path: &str) -> Result<String, RedisError> {
        Ok(format!("page {path}"))
    }
    #[redis_cached(key = "page/{path}/title", ttl = "10m")]
    async fn title(redis: &Connector, path: &str) -> Result<String, RedisError> {
        Ok(format!("title of {path}"))
    }
    let (_server, redis) = connected()?;
    until_stored(async || page(&redis, "7/title").await).await?;
    assert_eq!(title(&redis, "7").await?, "title of 7");
    let two = ["page/7%2Ftitle", "page/7/title"];
    assert_eq!(keys(&redis).await?, two);
    Ok(())
}

#[tokio::test]
async fn each_redis_has_its_own_entries() -> Testing {
    #[redis_cached(key = "name", ttl = "10m", skip(name))]
    async fn tenant(redis: &Connector, name: &str) -> Result<String, RedisError> {
        Ok(name.to_owned())
    }
    let (_one, first) = connected()?;
    let (_two, second) = connected()?;
    until_stored(async || tenant(&first, "first").await).await?;
    until_stored(async || tenant(&second, "second").await).await?;
    assert_eq!(tenant(&first, "none").await?, "first");
    assert_eq!(tenant(&second, "none").await?, "second");
    assert_eq!(tenant(&first.clone(), "none").await?, "first");
    Ok(())
}

#[tokio::test]
async fn an_entry_of_another_type_is_a_miss() -> Testing {
    #[redis_cached(key = "shared:{id}", ttl = "10m")]
    async fn text(redis: &Connector, id: u64) -> Result<String, RedisError> {
        Ok(format!("text {id}"))
    }
    #[redis_cached(key = "shared:{id}", ttl = "10m")]
    async fn number(redis: &Connector, id: u64) -> Result<u64, RedisError> {
        Ok(id)
    }
    let (_server, redis) = connected()?;
    for _ in 0..3 {
        assert_eq!(
            until_stored(async || text(&redis, 7).await).await?,
            "text 7"
        );
        assert_eq!(until_stored(async || number(&redis, 7).await).await?, 7);
    }
    Ok(())
}

#[tokio::test]
async fn each_type_of_a_generic_function_is_an_entry_of_its_own() -> Testing {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    #[redis_cached(key = "{T}:{id}", ttl = "10m")]
    async fn row<T>(redis: &Connector, id: u8) -> Result<T, RedisError>
    where
        T: From<u8> + Serialize + DeserializeOwned + Send + 'static,
    {
        Ok(T::from(id))
    }
    let (_server, redis) = connected()?;
    let byte: u8 = until_stored(async || row(&redis, 7).await).await?;
    let float: f64 = until_stored(async || row(&redis, 7).await).await?;
    let letter: char = until_stored(async || row(&redis, b'a').await).await?;
    assert_eq!((byte, letter), (7, 'a'));
    assert!((float - 7.0).abs() < f64::EPSILON);
    assert_eq!(keys(&redis).await?, ["char:97", "f64:7", "u8:7"]);
    Ok(())
}

#[tokio::test]
async fn what_is_skipped_makes_no_difference() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", skip(trace))]
    async fn user(redis: &Connector, id: u64, trace: u64) -> Result<u64, RedisError> {
        Ok(id + trace)
    }
    let (_server, redis) = connected()?;
    until_stored(async || user(&redis, 1, 10).await).await?;
    assert_eq!(user(&redis, 1, 20).await?, 11);
    Ok(())
}
