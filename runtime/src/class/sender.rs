//! Which server an error reply came from.
//!
//! A reply keeps its form, because callers look into it, and that form has no room for an address. So the connection that got it says here whose it
//! is, and whoever describes the failure looks it up. Connections do so only while somebody listens.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::RedisError;

use super::chain;

/// A reply is looked up soon after it came, so a few are enough for all threads.
const KEPT: usize = 32;

static REPLIES: Mutex<VecDeque<(RedisError, Box<str>)>> = Mutex::new(VecDeque::new());

fn replies() -> MutexGuard<'static, VecDeque<(RedisError, Box<str>)>> {
    REPLIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server at this address has replied with `error`.
#[cold]
pub fn replied(error: RedisError, address: &dyn Display) {
    if texts(&error).is_empty() {
        return;
    }
    let address = address.to_string().into();
    let mut replies = replies();
    if replies.len() == KEPT {
        replies.pop_back();
    }
    replies.push_front((error, address));
}

/// The server that has replied with an error of this chain, if a connection has said so.
pub(crate) fn address_of_reply(error: &(dyn Error + 'static)) -> Option<Box<str>> {
    let wanted = chain::find_map(error, &mut |link| {
        link.downcast_ref::<RedisError>()
            .map(texts)
            .filter(|texts| !texts.is_empty())
    })?;
    let replies = replies();
    let (_, address) = replies
        .iter()
        .find(|(reply, _)| texts(reply).iter().any(|text| wanted.contains(text)))?;
    Some(address.clone())
}

/// Where its texts are. Clones share them, and nothing else is there while one is kept.
fn texts(error: &RedisError) -> Vec<*const u8> {
    match error.detail() {
        Some(text) => vec![text.as_ptr()],
        None => error
            .clone()
            .into_server_errors()
            .iter()
            .flat_map(|errors| errors.iter())
            .filter_map(|(_, error)| error.details().map(str::as_ptr))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loading() -> RedisError {
        let reply = redis::parse_redis_value(b"-LOADING Redis is loading\r\n").expect("a reply");
        reply.extract_error().expect_err("an error")
    }

    #[test]
    fn a_reply_and_its_clones_are_told_from_others_of_the_same_text() {
        let (one, other, third) = (loading(), loading(), loading());
        replied(one.clone(), &"10.0.0.1:6379");
        replied(other.clone(), &"10.0.0.2:6379");
        assert_eq!(address_of_reply(&one).as_deref(), Some("10.0.0.1:6379"));
        let wrapped = std::io::Error::other(other.clone());
        assert_eq!(address_of_reply(&wrapped).as_deref(), Some("10.0.0.2:6379"));
        assert_eq!(address_of_reply(&third), None);
    }

    #[test]
    fn an_error_without_a_text_of_its_own_is_nobody_s() {
        let error = RedisError::from((redis::ErrorKind::AuthenticationFailed, "no"));
        replied(error.clone(), &"10.0.0.1:6379");
        assert_eq!(address_of_reply(&error), None);
    }
}
