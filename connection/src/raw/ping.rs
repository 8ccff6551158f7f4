//! A question that any server answers, and what counts for an answer.
//!
//! Pure, but for the word, which is random.

use std::io;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerError, Value};

use crate::raw::disconnect_policy::Peer;

/// A `PING` with a word of its own, which comes back: an answer to somebody else's command is not taken for its own.
pub(crate) struct Ping {
    word: String,
}

impl Ping {
    pub(crate) fn new() -> Self {
        Self {
            word: format!("{:016x}", fastrand::u64(..)),
        }
    }

    pub(crate) fn command(&self) -> Cmd {
        let mut command = redis::cmd("PING");
        command.arg(&self.word);
        command
    }

    /// What is wrong with an answer by which it is not answered.
    pub(crate) fn failure(answer: RedisResult<Value>) -> RedisError {
        let stranger = |_| {
            let text = "a PING was answered with what is the answer to something else";
            io::Error::new(io::ErrorKind::InvalidData, text).into()
        };
        answer
            .and_then(Value::extract_error)
            .map_or_else(|error| error, stranger)
    }

    /// Whether this answer says that all is well, and is the answer to this.
    pub(crate) fn is_answered(&self, peer: Peer, answer: &RedisResult<Value>) -> bool {
        match answer {
            Ok(Value::BulkString(word)) if *word == self.word.as_bytes() => true,
            // A proxy may answer by itself, and pays no heed to the word. Nothing else here is answered so.
            answer => peer.is_well(answer),
        }
    }
}

pub(crate) fn is_pong(reply: &Value) -> bool {
    match reply {
        Value::SimpleString(text) => text == "PONG",
        Value::BulkString(bytes) => bytes == b"PONG",
        _ => false,
    }
}

/// Whether a server may refuse a `PING` so. Any other refusal is the answer to somebody else's command.
pub(crate) fn may_be_refused(reply: &ServerError) -> bool {
    may_be_refused_so(reply.code(), reply.details().unwrap_or_default())
}

/// The same of an error.
pub(crate) fn may_be_refused_with(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
        && may_be_refused_so(
            error.code().unwrap_or_default(),
            error.detail().unwrap_or_default(),
        )
}

fn may_be_refused_so(code: &str, detail: &str) -> bool {
    match code {
        "LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "NOAUTH" | "NOPERM" | "MISCONF" => true,
        // It is unknown where it has been renamed, and takes no word where a proxy says so.
        "ERR" => detail.to_ascii_lowercase().contains("ping"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> RedisResult<Value> {
        redis::parse_redis_value(text.as_bytes())
    }

    #[test]
    fn only_its_own_answer_counts() {
        let (ping, other) = (Ping::new(), Ping::new());
        let sent = ping.command().get_packed_command();
        let word = &sent[sent.len() - 18..sent.len() - 2];
        let echo = || Ok(Value::BulkString(word.to_vec()));
        assert!(ping.is_answered(Peer::Server, &echo()));
        assert!(!other.is_answered(Peer::Server, &echo()));
        assert!(ping.is_answered(Peer::Server, &reply("+PONG\r\n")));
        assert!(!ping.is_answered(Peer::Server, &reply("+OK\r\n")));
        assert!(!ping.is_answered(Peer::Server, &reply("$-1\r\n")));
        assert!(!ping.is_answered(Peer::Server, &reply(":1\r\n")));
    }

    #[test]
    fn a_refusal_counts_where_a_ping_may_meet_it() {
        let ping = Ping::new();
        for (text, well) in [
            ("-LOADING Redis is loading the dataset in memory\r\n", true),
            ("-BUSY Redis is busy running a script.\r\n", true),
            (
                "-MISCONF Redis is configured to save RDB snapshots\r\n",
                true,
            ),
            (
                "-NOPERM User x has no permissions to run the 'ping' command\r\n",
                true,
            ),
            (
                "-ERR unknown command 'PING', with args beginning with:\r\n",
                true,
            ),
            (
                "-ERR wrong number of arguments for 'ping' command\r\n",
                true,
            ),
            ("-NOAUTH Authentication required.\r\n", false),
            ("-MASTERDOWN Link with MASTER is down\r\n", false),
            ("-WRONGTYPE Operation against a key\r\n", false),
            ("-ERR value is not an integer or out of range\r\n", false),
            ("-MOVED 7 127.0.0.1:7000\r\n", false),
            ("-EXECABORT Transaction discarded\r\n", false),
        ] {
            let answer = reply(text);
            let error = answer.clone().and_then(Value::extract_error);
            assert_eq!(ping.is_answered(Peer::Server, &answer), well, "{text}");
            assert_eq!(ping.is_answered(Peer::Server, &error), well, "{text}");
        }
        let masterdown = reply("-MASTERDOWN Link with MASTER is down\r\n");
        assert!(ping.is_answered(Peer::Node, &masterdown));
    }
}
