//! One command, made into what is sent: pure.

use redis::{Cmd, ErrorKind, RedisError, RedisResult};

use super::program::{IN_PARTS, WHOLE};
use super::reply::Shape;
use super::variadic::Variadic;
use redis_resilient_connection::__seam::command::{args, is, waits};
use redis_resilient_connection::__seam::script::Script;

/// So many words of a command go together. Lua's `unpack` takes somewhat under 8,000.
pub(super) const MOST: usize = 7_000;

/// Writes whose reply over RESP3 holds a double, a set or a boolean, of which Lua's RESP2 knows nothing.
const BY_RESP3: [&str; 10] = [
    "INCREX", "SPOP", "VADD", "VREM", "VSETATTR", "ZADD", "ZINCRBY", "ZMPOP", "ZPOPMAX", "ZPOPMIN",
];

/// What is sent, and how its reply is to be read.
pub(super) struct Request {
    pub(super) script: Script,
    pub(super) shape: Shape,
}

impl Request {
    /// # Errors
    /// If a script cannot execute it, which is said before anything is sent.
    pub(super) fn new(
        token: &[u8],
        key: &[u8],
        remember_ms: u64,
        command: &Cmd,
    ) -> RedisResult<Self> {
        let words: Vec<&[u8]> = args(command).collect();
        let Some(name) = words.first() else {
            return Err(refused("it has no command to execute", String::new()));
        };
        let named = |name: &[u8]| String::from_utf8_lossy(name).to_ascii_uppercase();
        if waits(args(command)) {
            let text = format!(
                "{} would run in a script, where commands cannot block: use the non-blocking command, such as LPOP for BLPOP",
                named(name)
            );
            return Err(refused("Once cannot execute a command that blocks", text));
        }
        let script = if words.len() <= MOST {
            whole(token, key, remember_ms, name)
        } else {
            let Some(variadic) = Variadic::of(name) else {
                let text = format!(
                    "{} has {} words, and Once takes {MOST}: send fewer in each, with a Once of its own",
                    named(name),
                    words.len(),
                );
                return Err(refused("a command is too long for a script", text));
            };
            variadic
                .check(&words)
                .map_err(|text| refused("a command of so many words is sent in parts", text))?;
            in_parts(token, key, remember_ms, &variadic, &words)
        };
        Ok(Self {
            script: words.iter().fold(script, Script::arg),
            shape: Shape::of(name),
        })
    }
}

fn whole(token: &[u8], key: &[u8], remember_ms: u64, name: &[u8]) -> Script {
    let is_one_of = |names: &[&str]| names.iter().any(|known| is(name, known));
    let resp = if is_one_of(&BY_RESP3) { "3" } else { "2" };
    let read_back = if is_one_of(&["INCR", "DECR", "INCRBY", "DECRBY"]) {
        "GET"
    } else if is_one_of(&["HINCRBY"]) {
        "HGET"
    } else {
        ""
    };
    Script::new(WHOLE, &[token, key])
        .arg(remember_ms)
        .arg(resp)
        .arg(read_back)
}

fn in_parts(
    token: &[u8],
    key: &[u8],
    remember_ms: u64,
    variadic: &Variadic,
    words: &[&[u8]],
) -> Script {
    let mut keys = vec![token, key];
    // A key that is in another slot, or is not allowed, is found before the first part is executed.
    keys.extend(variadic.keys(words));
    Script::new(IN_PARTS, &keys)
        .arg(remember_ms)
        .arg("2")
        .arg("")
        .arg(variadic.first)
        .arg(variadic.together(MOST))
        .arg(variadic.reply.name())
}

/// It is the call that is wrong, and nothing has been sent.
fn refused(what: &'static str, text: String) -> RedisError {
    RedisError::from((ErrorKind::Client, what, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_runtime::Class;

    fn request(name: &str, count: usize) -> RedisResult<Request> {
        let mut command = redis::cmd(name);
        command.arg("k");
        command.arg((0..count).map(|n| n.to_string()).collect::<Vec<_>>());
        Request::new(b"token", b"k", 1000, &command)
    }

    #[test]
    fn what_a_script_cannot_execute_is_refused_before_it_is_sent() {
        for (refused, expected) in [
            (
                Request::new(b"t", b"k", 1, &Cmd::new()),
                "no command to execute",
            ),
            (request("BLPOP", 1), "LPOP for BLPOP"),
            (
                request("xadd", MOST),
                "XADD has 7002 words, and Once takes 7000",
            ),
            (request("MSETNX", MOST), "MSETNX has 7002 words"),
            (request("HSET", MOST + 1), "a field or key has no value"),
            (request("ZADD", MOST + 1), "a field or key has no value"),
        ] {
            let error = refused.err().expect(expected);
            assert_eq!(Class::of(&error), Class::Misconfigured);
            assert!(error.to_string().contains(expected), "{error}");
        }
        for taken in [
            request("XADD", MOST - 2),
            request("RPUSH", 100_000),
            request("HSET", 100_000),
        ] {
            assert!(taken.is_ok());
        }
    }
}
