//! What a server holds, so that it can be compared.

use std::collections::BTreeMap;

use redis::{Connection, FromRedisValue, RedisResult, Value};

/// All keys of all databases with their values, and the functions. Of a deadline only whether there is one: a repetition moves it.
pub type State = BTreeMap<String, String>;

const DATABASES: i64 = 3;

/// What the server holds.
///
/// # Errors
/// If the connection fails.
pub fn state(connection: &mut Connection) -> RedisResult<State> {
    let mut state = State::new();
    for database in 0..DATABASES {
        ask::<()>(connection, "SELECT", &[&database.to_string()])?;
        for key in ask::<Vec<String>>(connection, "KEYS", &["*"])? {
            let kind: String = ask(connection, "TYPE", &[&key])?;
            let deadline: i64 = ask(connection, "PTTL", &[&key])?;
            let value = value(connection, &kind, &key)?;
            let passes = if deadline < 0 { "" } else { " that passes" };
            state.insert(
                format!("{database} {key}"),
                format!("{kind}{passes} {value}"),
            );
        }
    }
    ask::<()>(connection, "SELECT", &["0"])?;
    let libraries: Vec<Fields> = ask(connection, "FUNCTION", &["LIST", "WITHCODE"])?;
    for library in libraries {
        state.insert(
            format!("{:?}", library.get("library_name")),
            format!("{library:?}"),
        );
    }
    Ok(state)
}

fn ask<T: FromRedisValue>(
    connection: &mut Connection,
    name: &str,
    args: &[&str],
) -> RedisResult<T> {
    redis::cmd(name).arg(args).query(connection)
}

fn value(connection: &mut Connection, kind: &str, key: &str) -> RedisResult<String> {
    let text = match kind {
        "string" => string(ask(connection, "GET", &[key])?),
        "list" => format!(
            "{:?}",
            ask::<Vec<String>>(connection, "LRANGE", &[key, "0", "-1"])?
        ),
        "set" => {
            let mut members: Vec<String> = ask(connection, "SMEMBERS", &[key])?;
            members.sort_unstable();
            format!("{members:?}")
        }
        "zset" => {
            let args = [key, "0", "-1", "WITHSCORES"];
            format!("{:?}", ask::<Vec<String>>(connection, "ZRANGE", &args)?)
        }
        "hash" => hash(connection, key)?,
        "stream" => stream(connection, key)?,
        "vectorset" => vectors(connection, key)?,
        _ => format!("{:?}", ask::<Value>(connection, "DUMP", &[key])?),
    };
    Ok(text)
}

/// The count that is kept for the next PFCOUNT says nothing about what is in it.
fn string(mut bytes: Vec<u8>) -> String {
    if bytes.starts_with(b"HYLL") {
        bytes.drain(8..16);
    }
    format!("{bytes:?}")
}

fn hash(connection: &mut Connection, key: &str) -> RedisResult<String> {
    let fields: BTreeMap<String, String> = ask(connection, "HGETALL", &[key])?;
    let mut parts = vec![format!("{fields:?}")];
    for field in fields.keys() {
        // Older servers have no deadlines there.
        let deadline = ask::<Vec<i64>>(connection, "HPTTL", &[key, "FIELDS", "1", field]);
        if deadline.is_ok_and(|deadline| deadline.iter().any(|ms| *ms >= 0)) {
            parts.push(format!("{field} passes"));
        }
    }
    Ok(parts.join(" "))
}

/// Without the graph between them, which is drawn by lot.
fn vectors(connection: &mut Connection, key: &str) -> RedisResult<String> {
    let mut elements: Vec<String> = ask(connection, "VRANDMEMBER", &[key, "1000"])?;
    elements.sort_unstable();
    let mut parts = Vec::new();
    for element in elements {
        let vector: Value = ask(connection, "VEMB", &[key, &element])?;
        let attributes: Value = ask(connection, "VGETATTR", &[key, &element])?;
        parts.push(format!("{element} {vector:?} {attributes:?}"));
    }
    Ok(parts.join(" "))
}

type Fields = BTreeMap<String, Value>;

/// An entry that waits to be acknowledged: its id, whose it is, since when, how often it was delivered.
type Pending = (String, String, i64, i64);

/// Without times.
fn stream(connection: &mut Connection, key: &str) -> RedisResult<String> {
    let entries: Value = ask(connection, "XRANGE", &[key, "-", "+"])?;
    let mut parts = vec![format!("{entries:?}")];
    let stream: Fields = ask(connection, "XINFO", &["STREAM", key])?;
    for field in ["last-generated-id", "entries-added", "max-deleted-entry-id"] {
        parts.push(format!("{field} {:?}", stream.get(field)));
    }
    let groups: Vec<Fields> = ask(connection, "XINFO", &["GROUPS", key])?;
    for group in groups {
        parts.push(format!("{group:?}"));
        let name = group.get("name").unwrap_or(&Value::Nil);
        let name = String::from_redis_value_ref(name)?;
        let consumers: Vec<Fields> = ask(connection, "XINFO", &["CONSUMERS", key, &name])?;
        for consumer in consumers {
            let (name, pending) = (consumer.get("name"), consumer.get("pending"));
            parts.push(format!("{name:?} {pending:?}"));
        }
        let pending: Vec<Pending> = ask(connection, "XPENDING", &[key, &name, "-", "+", "100"])?;
        for (id, consumer, _, deliveries) in pending {
            parts.push(format!("{id} {consumer} {deliveries}"));
        }
    }
    Ok(parts.join(" "))
}
