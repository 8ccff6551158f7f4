//! What commands do on real servers: samples, and what a server holds after them.

pub mod samples;
pub mod state;

use redis::{Cmd, Connection, ConnectionLike};

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

fn library(connection: &mut Connection) -> Vec<u8> {
    let mut pipeline = redis::pipe();
    let code = "#!lua name=other\nredis.register_function('other', function() return 1 end)";
    pipeline.cmd("FUNCTION").arg("LOAD").arg(code).ignore();
    pipeline.cmd("FUNCTION").arg("DUMP");
    pipeline.cmd("FUNCTION").arg("DELETE").arg("other").ignore();
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
    for line in lines.split(';').filter(|line| !line.trim().is_empty()) {
        let command = command(line, connection);
        let _ = connection.req_command(&command);
    }
}

/// The reply, or the server's error, as a text that can be compared.
///
/// # Panics
/// If the connection fails.
pub fn reply(command: &Cmd, connection: &mut Connection) -> String {
    match connection.req_command(command) {
        Ok(value) => shown(&value),
        Err(error) => {
            assert!(!error.is_io_error(), "{error}");
            format!("error {error}")
        }
    }
}

/// A reply as a text.
#[must_use]
pub fn shown(value: &redis::Value) -> String {
    match value {
        // What is in a transaction, say.
        redis::Value::ServerError(error) => format!("error {error:?}"),
        value => format!("{value:?}"),
    }
}
