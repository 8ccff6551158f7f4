#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused_qualifications)]

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{AsyncCommands, RedisError, RedisResult};
use redis_resilient::{Class, redis_resilient};

type Conn = redis::aio::MultiplexedConnection;

pub struct Repository {
    conn: Conn,
    name: String,
}

impl Repository {
    #[redis_resilient]
    pub async fn by_reference(&self) -> RedisResult<&str> {
        self.conn.clone().exists::<_, ()>(1).await?;
        Ok(&self.name)
    }

    #[redis_resilient]
    pub async fn by_mutable_reference(&mut self) -> RedisResult<&str> {
        self.conn.exists::<_, ()>(1).await?;
        Ok(&self.name)
    }

    #[redis_resilient]
    pub async fn by_value(mut self, id: u64) -> RedisResult<String> {
        self.conn.get(id).await
    }

    #[redis_resilient]
    pub async fn by_arc(self: Arc<Self>) -> RedisResult<u8> {
        self.conn.clone().get(1).await
    }

    #[redis_resilient]
    pub async fn by_pin(self: Pin<&mut Self>) -> RedisResult<u8> {
        self.conn.clone().get(1).await
    }

    #[redis_resilient]
    pub async fn patterns(&self, (a, b): (u8, u8), [x, y]: [u8; 2], _: u8, &n: &u8) -> RedisResult<u8> {
        std::future::ready(Ok(a + b + x + y + n)).await
    }

    #[redis_resilient]
    pub async fn iterator(&self) -> RedisResult<impl Iterator<Item = u8> + use<>> {
        let list: Vec<u8> = self.conn.clone().get(1).await?;
        Ok(list.into_iter())
    }
}

pub trait Get {
    #[redis_resilient]
    fn default(&self) -> RedisResult<u8> {
        Ok(1)
    }

    fn get(&self, conn: &mut Conn) -> impl Future<Output = RedisResult<u8>> + Send;
}

impl Get for Repository {
    #[redis_resilient]
    async fn get(&self, conn: &mut Conn) -> RedisResult<u8> {
        conn.get(1).await
    }
}

#[redis_resilient]
pub async fn generic<'a, T, const N: usize>(
    conn: &mut impl AsyncCommands,
    list: [&'a T; N],
    name: impl for<'b> Fn(&'b T) -> Cow<'b, str> + Send + Sync,
) -> RedisResult<Option<&'a T>>
where
    T: Sync,
{
    for item in list {
        if conn.exists(&*name(item)).await? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

#[redis_resilient]
pub async fn moves_a_reference(conn: &mut Conn) -> RedisResult<u8> {
    let get = async move { conn.get(1).await };
    get.await
}

#[redis_resilient]
pub async fn returns_from_a_mutable_reference<'a>(conn: &mut Conn, text: &'a mut str) -> RedisResult<&'a str> {
    conn.get::<_, ()>(1).await?;
    Ok(text)
}

#[redis_resilient]
pub async fn coerces(conn: &mut Conn) -> RedisResult<Box<dyn Fn(u8) -> u8 + Send>> {
    conn.get::<_, ()>(1).await?;
    Ok(Box::new(|x| x))
}

#[redis_resilient]
pub async fn leaves_early(conn: &mut Conn, n: u8) -> RedisResult<u8> {
    'all: loop {
        let Some(next) = n.checked_add(1) else { break 'all };
        let pick = || {
            if n > 2 {
                return 1;
            }
            2
        };
        if let Some(found) = conn.get(next + pick()).await? {
            return Ok(found);
        }
    }
    Err(RedisError::from((redis::ErrorKind::Client, "none")))
}

#[redis_resilient]
pub async fn diverges(_: &mut Conn) -> RedisResult<u8> {
    todo!()
}

#[redis_resilient(breaker = false, timeout = false)]
pub async fn any_error<E: Error + 'static>(try_it: impl Fn() -> Result<u8, E>) -> Result<u8, E> {
    std::future::ready(try_it()).await
}

#[redis_resilient]
pub async fn boxed_error(conn: &mut Conn) -> Result<u8, Box<dyn Error>> {
    Ok(conn.get(1).await?)
}

#[redis_resilient]
pub async fn anyhow(conn: &mut Conn) -> anyhow::Result<u8> {
    Ok(conn.get(1).await?)
}

#[redis_resilient]
pub async fn result_in_result(conn: &mut Conn) -> RedisResult<Result<u8, String>> {
    let found: u8 = conn.get(1).await?;
    Ok(Ok(found))
}

#[redis_resilient(fallback = r#loop)]
pub async fn r#match(conn: &mut Conn, r#type: u8) -> RedisResult<u8> {
    conn.get(r#type).await
}

fn r#loop(_: &mut Conn, r#type: u8) -> RedisResult<u8> {
    Ok(r#type)
}

#[redis_resilient(clone(conn, key))]
pub async fn clones(mut conn: Conn, #[cfg(not(test))] key: String, #[cfg(test)] key: &str) -> RedisResult<u8> {
    let got = conn.get(key).await;
    drop(conn);
    got
}

pub struct Borrowed<'a>(pub &'a str);

impl From<RedisError> for Borrowed<'_> {
    fn from(_: RedisError) -> Self {
        Borrowed("")
    }
}

#[redis_resilient(classify = |_| Class::Permanent, fallback = |error| Ok(error.0.len()))]
pub fn error_that_borrows(text: &str) -> Result<usize, Borrowed<'_>> {
    Err(Borrowed(text))
}

#[redis_resilient]
pub async fn recursion(conn: &mut Conn, n: u8) -> RedisResult<u8> {
    let step: u8 = conn.get(1).await?;
    if n == 0 { Ok(0) } else { Box::pin(recursion(conn, n - step)).await }
}

#[redis_resilient]
pub async fn not_send(conn: &mut Conn) -> RedisResult<u8> {
    let here = Rc::new(1);
    let found = conn.get(1).await;
    drop(here);
    found
}

#[redis_resilient]
pub async fn trait_object(conn: &mut (dyn ConnectionLike + Send)) -> RedisResult<redis::Value> {
    conn.req_packed_command(&redis::cmd("PING")).await
}

#[redis_resilient]
pub async fn inner_attribute(conn: &mut Conn) -> RedisResult<u8> {
    #![allow(unused_variables)]
    let unused = 1;
    conn.get(1).await
}

#[redis_resilient]
#[track_caller]
pub fn tracked() -> RedisResult<u8> {
    Ok(1)
}

#[allow(improper_ctypes_definitions)]
#[cfg_attr(not(test), redis_resilient(retries = 2))]
pub extern "C" fn conditional() -> RedisResult<u8> {
    Ok(1)
}

macro_rules! function {
    ($name:ident, $ty:ty, $body:block, $retries:literal, $timeout:expr) => {
        #[redis_resilient(retries = $retries, timeout = $timeout)]
        pub async fn $name() -> RedisResult<$ty> $body
    };
}
function!(made_by_a_macro, u8, { std::future::ready(Ok(1)).await }, 2, "3s");

pub fn spawn(repository: Arc<Repository>, mut conn: Conn) {
    tokio::spawn(async move {
        let _ = repository.by_reference().await;
        let _ = repository.get(&mut conn).await;
        let _ = repository.clone().by_arc().await;
        let _ = repository.patterns((1, 2), [3, 4], 5, &6).await;
        let _ = generic(&mut conn, [&1, &2], |n: &u8| n.to_string().into()).await;
        let _ = moves_a_reference(&mut conn).await;
        let _ = coerces(&mut conn).await;
        let _ = boxed_error(&mut conn).await.map_err(|error| error.to_string());
        let _ = anyhow(&mut conn).await;
        let _ = recursion(&mut conn, 1).await;
        let _ = trait_object(&mut conn).await;
        let _ = made_by_a_macro().await;
        let _ = clones(conn, String::new()).await;
    });
}

fn main() {}
