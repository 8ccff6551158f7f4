//! What commands do on real servers: samples, and what a server holds after them.

pub mod samples;
pub mod state;

use std::sync::atomic::{AtomicU64, Ordering};

use redis::{Cmd, Connection, ConnectionLike, RedisResult, Value};

/// The words of a line. Those with spaces are in single quotes.
#[must_use]
pub fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (place, part) in line.split('\'').enumerate() {
        if place % 2 == 0 {
            words.extend(part.split_ascii_whitespace());
        } else {
            words.push(part);
        }
    }
    words
}

/// The line as a command. `<dump>` stands for what `DUMP` gives for a string, `<library>` for what `FUNCTION DUMP` does.
///
/// # Panics
/// If the server has no such value to give.
pub fn command(line: &str, connection: &mut Connection) -> Cmd {
    let mut command = Cmd::new();
    for word in words(line) {
        match word {
            "<dump>" => command.arg(dump(connection)),
            "<library>" => command.arg(library(connection)),
            word => command.arg(word),
        };
    }
    command
}

fn dump(connection: &mut Connection) -> Vec<u8> {
    let mut pipeline = redis::pipe();
    pipeline.set("dumped", "v").ignore();
    pipeline.cmd("DUMP").arg("dumped").del("dumped").ignore();
    let (dump,) = pipeline.query(connection).expect("a string can be dumped");
    dump
}

/// One that is not there yet.
fn library(connection: &mut Connection) -> Vec<u8> {
    static LIBRARIES: AtomicU64 = AtomicU64::new(0);
    let name = format!("other{}", LIBRARIES.fetch_add(1, Ordering::Relaxed));
    let code =
        format!("#!lua name={name}\nredis.register_function('{name}', function() return 1 end)");
    let mut pipeline = redis::pipe();
    pipeline.cmd("FUNCTION").arg("LOAD").arg(code).ignore();
    pipeline.cmd("FUNCTION").arg("DUMP");
    pipeline.cmd("FUNCTION").arg("DELETE").arg(name).ignore();
    let (dump,) = pipeline.query(connection).expect("functions can be dumped");
    dump
}

/// Nothing is left on the server.
///
/// # Panics
/// If it cannot be emptied.
pub fn wipe(connection: &mut Connection) {
    let mut pipeline = redis::pipe();
    pipeline.cmd("FLUSHALL").cmd("FUNCTION").arg("FLUSH");
    pipeline.exec(connection).expect("the server is there");
}

/// Sends the lines before a sample; what they answer does not matter.
pub fn prepare(lines: &str, connection: &mut Connection) {
    let mut pipeline = redis::pipe();
    for line in lines.split(';').filter(|line| !line.trim().is_empty()) {
        pipeline.add_command(command(line, connection));
    }
    if !pipeline.is_empty() {
        let _ = pipeline.query::<Vec<Value>>(connection);
    }
}

/// The reply, or the server's error, as a text that can be compared.
///
/// # Panics
/// If the connection fails.
pub fn reply(command: &Cmd, connection: &mut Connection) -> String {
    match connection
        .req_command(command)
        .and_then(Value::extract_error)
    {
        Ok(value) => shown(&value),
        Err(error) => {
            assert!(!error.is_io_error(), "{error}");
            format!("error {error}")
        }
    }
}

/// How often the server has executed this command, of the name `GET` or `XGROUP|CREATE`, since `CONFIG RESETSTAT`.
///
/// # Errors
/// If the connection fails.
pub fn executions(name: &str, connection: &mut Connection) -> RedisResult<u64> {
    let info: String = redis::cmd("INFO").arg("commandstats").query(connection)?;
    let stats = info.lines().find_map(|line| {
        let (command, stats) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        command.eq_ignore_ascii_case(name).then_some(stats)
    });
    let times = stats.and_then(|stats| stats.split(',').next()?.parse().ok());
    Ok(times.unwrap_or(0))
}

/// A reply as a text.
#[must_use]
pub fn shown(value: &Value) -> String {
    format!("{value:?}")
}
