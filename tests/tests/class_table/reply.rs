//! How replies are shown, so that the same ones of two servers look the same.

use redis::{RedisError, ServerError};
use redis_resilient_testkit::ServerProgram;

/// The reply behind an error, several of a pipeline with their places, or redis-rs's own words where there is none.
pub(crate) fn shown(error: &RedisError, program: &ServerProgram) -> String {
    if let Ok(reply) = ServerError::try_from(error.clone()) {
        same_on_all(&of_reply(&reply), program)
    } else if let Some(replies) = error.clone().into_server_errors() {
        let replies = replies.iter();
        let replies = replies.map(|(index, reply)| format!("[{index}] {}", of_reply(reply)));
        same_on_all(&replies.collect::<Vec<_>>().join(", "), program)
    } else {
        error.to_string().replace('\n', " ")
    }
}

fn of_reply(reply: &ServerError) -> String {
    format!("-{} {}", reply.code(), reply.details().unwrap_or_default())
}

/// Puts a word for what differs between two servers anyway.
fn same_on_all(text: &str, program: &ServerProgram) -> String {
    let name = program.to_string();
    let name = name.split(' ').next().unwrap_or_default();
    let words = text.split(' ').map(|word| {
        let inner = word.trim_matches([',', '.', '(', ')', '"']);
        let is_hash = inner.len() == 40 && inner.chars().all(|digit| digit.is_ascii_hexdigit());
        let put = if inner == name {
            "<Name>"
        } else if is_hash {
            "<sha>"
        } else if inner.starts_with("127.0.0.1:") {
            "<address>"
        } else if inner == word && inner.parse::<u16>().is_ok() {
            "<slot>"
        } else {
            return word.to_owned();
        };
        word.replace(inner, put)
    });
    words.collect::<Vec<_>>().join(" ")
}
