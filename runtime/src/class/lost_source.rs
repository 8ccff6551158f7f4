//! Errors that stand for a failure of Redis and do not tell: made of its text, or of nothing, without the `RedisError` as a source.
//!
//! A function that fails with such errors is tried once, and its fallback does not answer; nobody would notice. Most errors without a Redis
//! error inside have nothing to do with Redis, though. So the type is tried out, once for each thread: is a Redis error found again in what
//! `From<RedisError>` makes of it? Where it is, an error is suspect only if its text is that of a failure of Redis.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::sync::{Mutex, PoisonError};

use redis::RedisError;

use super::redis::class_of_link;
use crate::chain;

/// Whether errors of a type tell of a Redis error that they are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// Always: `anyhow::Error`, `Box<dyn Error>`.
    Kept,
    /// `From<RedisError>` is there to be tried out.
    Tried(fn() -> bool),
    /// They are made by the function itself, and nothing more is known.
    Unknown,
}

/// Whether the Redis error is found again in what `E` makes of it.
pub(crate) fn keeps<E: Error + From<RedisError> + 'static>() -> bool {
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    is_told(&E::from(RedisError::from(refused)))
}

fn is_told(error: &(dyn Error + 'static)) -> bool {
    chain::find_map(error, &mut class_of_link).is_some()
}

/// A type of errors, as this thread has seen it.
struct Seen {
    of: TypeId,
    keeps: bool,
    /// How many without a Redis error inside there were.
    errors: u32,
}

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// Whether this error, of the type with this id, has lost its Redis error, as far as can be told.
///
/// Asked for errors that are not about Redis, at once. Not each text is looked at: the first, the second, the fourth and so on.
#[cold]
pub(crate) fn has_lost_it(error: &(dyn Error + 'static), of: TypeId, origin: Origin) -> bool {
    if is_told(error) {
        return false;
    }
    let known = SEEN.try_with(|seen| counted(&mut seen.borrow_mut(), of));
    let (keeps, number) = match known {
        Ok(Some(known)) => known,
        // Tried out here, where nothing is borrowed: what it calls is the application's.
        Ok(None) => (is_new(of, origin), 1),
        // The thread ends.
        Err(_) => return false,
    };
    !keeps || (number.is_power_of_two() && sounds_like_redis(&error.to_string()))
}

/// Whether that was not told of the function before: its code is to be changed.
#[cold]
pub(crate) fn is_first_of(function: &'static str) -> bool {
    static TOLD: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    TOLD.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(function)
}

/// What is known of the type, and the number of this error.
fn counted(seen: &mut [Seen], of: TypeId) -> Option<(bool, u32)> {
    let seen = seen.iter_mut().find(|seen| seen.of == of)?;
    seen.errors = seen.errors.saturating_add(1);
    Some((seen.keeps, seen.errors))
}

fn is_new(of: TypeId, origin: Origin) -> bool {
    let keeps = match origin {
        Origin::Kept => true,
        Origin::Tried(keeps) => keeps(),
        Origin::Unknown => false,
    };
    let errors = 1;
    let _ = SEEN.try_with(|seen| seen.borrow_mut().push(Seen { of, keeps, errors }));
    keeps
}

/// How failures of Redis and of the way to it are put in words, by redis-rs, the standard library, pools and servers.
const PHRASES: [&str; 20] = [
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOAUTH",
    "NOREPLICAS",
    "OOM command not allowed",
    "READONLY",
    "TRYAGAIN",
    "WRONGPASS",
    "An error was signalled by the server",
    "Multiplexed connection",
    "No route to host",
    "broken pipe",
    "connection dropped",
    "connection refused",
    "connection reset",
    "driver unexpectedly terminated",
    "timed out",
    "unexpected end of file",
];

fn sounds_like_redis(text: &str) -> bool {
    let lower = text.to_lowercase();
    PHRASES.iter().any(|phrase| {
        let is_code = phrase.starts_with(|c: char| c.is_ascii_uppercase())
            && phrase.chars().all(|c| c.is_ascii_uppercase());
        if is_code {
            text.contains(phrase)
        } else {
            lower.contains(&phrase.to_lowercase())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> RedisError {
        io::Error::from(io::ErrorKind::ConnectionRefused).into()
    }

    #[derive(Debug, thiserror::Error)]
    enum Whole {
        #[error("cache")]
        Redis(#[from] RedisError),
        #[error("{0}")]
        Text(String),
        #[error("no such user")]
        NotFound,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Text(String);

    impl From<RedisError> for Text {
        fn from(error: RedisError) -> Self {
            Self(error.to_string())
        }
    }

    #[test]
    fn a_type_is_tried_out() {
        assert!(keeps::<Whole>() && keeps::<RedisError>());
        assert!(!keeps::<Text>());
    }

    #[test]
    fn what_is_made_of_a_text_has_lost_it_and_what_is_no_failure_of_redis_has_not() {
        let whole = |error: &Whole| {
            has_lost_it(error, TypeId::of::<Whole>(), Origin::Tried(keeps::<Whole>))
        };
        assert!(!whole(&Whole::NotFound));
        assert!(!whole(&Whole::Redis(refused())));
        assert!(whole(&Whole::Text(refused().to_string())));
        let text = Text("no such user".to_owned());
        assert!(has_lost_it(
            &text,
            TypeId::of::<Text>(),
            Origin::Tried(keeps::<Text>)
        ));
        assert!(has_lost_it(
            &Whole::NotFound,
            TypeId::of::<u8>(),
            Origin::Unknown
        ));
    }

    #[test]
    fn not_each_text_is_looked_at() {
        let lost = anyhow::anyhow!("redis: {}", refused());
        let seen = || has_lost_it(lost.as_ref(), TypeId::of::<anyhow::Error>(), Origin::Kept);
        let seen: Vec<_> = (1..=8).filter(|_| seen()).collect();
        assert_eq!(seen, [1, 2, 4, 8]);
    }

    #[test]
    fn failures_are_known_by_their_words() {
        let reply = |code: &str| redis::make_extension_error(code.into(), Some("words".into()));
        for error in [
            refused(),
            io::Error::from(io::ErrorKind::BrokenPipe).into(),
            io::Error::from(io::ErrorKind::TimedOut).into(),
            reply("LOADING"),
            reply("READONLY"),
        ] {
            assert!(sounds_like_redis(&format!("redis: {error}")), "{error}");
        }
        for text in [
            "no such user",
            "loading the page failed",
            "the field is readonly",
        ] {
            assert!(!sounds_like_redis(text), "{text}");
        }
    }
}
