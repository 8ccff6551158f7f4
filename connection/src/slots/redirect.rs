//! What a server of a cluster says about where to go instead.
//!
//! Pure.

use redis::{RedisError, ServerError, Value};

use super::address::Address;
use redis_resilient_runtime::__seam::refusal;

/// `MOVED` or `ASK`: the command was not executed, and belongs elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// Only this command, and only after `ASKING`: the slot is on its way.
    pub(crate) is_ask: bool,
    pub(crate) slot: usize,
    pub(crate) to: Address,
}

impl Redirect {
    /// Of a refusal by the server at this host.
    pub(crate) fn of_reply(reply: &ServerError, host: &str) -> Option<Self> {
        let (code, detail) = refusal(reply);
        let is_ask = match code {
            "ASK" => true,
            "MOVED" => false,
            _ => return None,
        };
        let (slot, to) = detail.split_once(' ')?;
        // Redis-rs's own texts may follow.
        let to = to.split_ascii_whitespace().next()?;
        Some(Self {
            is_ask,
            slot: slot.parse().ok()?,
            to: Address::parse(to, host)?,
        })
    }

    /// Of the reply to one command.
    pub(crate) fn of_value(reply: &Value, host: &str) -> Option<Self> {
        match reply {
            Value::ServerError(error) => Self::of_reply(error, host),
            _ => None,
        }
    }

    /// Of a failure that is nothing but redirections, such as that of a transaction whose commands were refused: the first of them.
    pub(crate) fn of_error(error: &RedisError, host: &str) -> Option<Self> {
        let replies = error.clone().into_server_errors()?;
        let mut redirects = replies
            .iter()
            .map(|(_, reply)| Self::of_reply(reply, host))
            .collect::<Option<Vec<_>>>()?;
        // The owner has been changed for good: nothing is to be asked for any more.
        redirects.sort_by_key(|redirect| redirect.is_ask);
        redirects.into_iter().next()
    }
}

/// Of the replies to a pipeline, by the server at this host: where the first that was refused belongs, and which of them belong there.
pub(crate) fn parts(replies: &[Value], host: &str) -> Option<(Redirect, Vec<usize>)> {
    let redirect = |reply| Redirect::of_value(reply, host);
    let first = replies.iter().find_map(redirect)?;
    let belongs_there = |reply| {
        redirect(reply).is_some_and(|other| (other.is_ask, &other.to) == (first.is_ask, &first.to))
    };
    let places = (0..replies.len()).filter(|place| belongs_there(&replies[*place]));
    let places = places.collect();
    Some((first, places))
}

/// Whether this reply says that somebody else may have the slot by now, without saying who.
pub(crate) fn is_doubtful(reply: &Value) -> bool {
    match reply {
        Value::ServerError(error) => matches!(
            refusal(error).0,
            "CLUSTERDOWN" | "MASTERDOWN" | "READONLY" | "LOADING"
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Value {
        redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).expect("a reply")
    }

    fn error(text: &str) -> RedisError {
        reply(text).extract_error().expect_err("an error")
    }

    fn redirect(is_ask: bool, slot: usize, host: &str) -> Redirect {
        let to = Address::new(host, 7001);
        Redirect { is_ask, slot, to }
    }

    #[test]
    fn it_is_read_wherever_it_stands() {
        for (text, expected) in [
            (
                "MOVED 3999 10.0.0.1:7001",
                Some(redirect(false, 3999, "10.0.0.1")),
            ),
            (
                "ASK 3999 10.0.0.1:7001",
                Some(redirect(true, 3999, "10.0.0.1")),
            ),
            ("MOVED 3999 :7001", Some(redirect(false, 3999, "here"))),
            (
                "EXECABORT Transaction discarded because of: MOVED 7 10.0.0.1:7001",
                Some(redirect(false, 7, "10.0.0.1")),
            ),
            ("MOVED 3999", None),
            ("MOVED x 10.0.0.1:7001", None),
            ("TRYAGAIN Multiple keys request", None),
            (
                "EXECABORT Transaction discarded because of previous errors.",
                None,
            ),
        ] {
            assert_eq!(Redirect::of_value(&reply(text), "here"), expected, "{text}");
            assert_eq!(Redirect::of_error(&error(text), "here"), expected, "{text}");
        }
        assert_eq!(Redirect::of_value(&Value::Nil, "here"), None);
    }

    #[test]
    fn a_pipeline_is_sent_on_in_parts() {
        let replies = [
            Value::Okay,
            reply("ASK 7 10.0.0.1:7001"),
            reply("ASK 7 10.0.0.2:7001"),
            reply("TRYAGAIN Multiple keys request"),
            reply("ASK 7 10.0.0.1:7001"),
        ];
        let (first, places) = parts(&replies, "here").expect("parts");
        assert_eq!(first, redirect(true, 7, "10.0.0.1"));
        assert_eq!(places, [1, 4]);
        assert_eq!(parts(&replies[..1], "here"), None);
    }

    #[test]
    fn a_server_that_cannot_serve_may_have_been_replaced() {
        assert!(is_doubtful(&reply("CLUSTERDOWN The cluster is down")));
        assert!(is_doubtful(&reply("READONLY You can't write")));
        assert!(!is_doubtful(&reply("WRONGTYPE Operation")));
        assert!(!is_doubtful(&Value::Okay));
    }
}
