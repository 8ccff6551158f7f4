//! A failure of which more is known than the error tells.

use std::error::Error;
use std::fmt;
use std::io;

use redis::{ErrorKind, RedisError};

use super::Class;
use super::redis::inner_io;
use crate::chain;

/// What is known of a failure, around the failure itself.
#[derive(Debug)]
struct Tagged {
    class: Class,
    /// Of the server that it is about.
    address: Option<Box<str>>,
    error: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Tagged {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

/// The class of an error that is no failure of Redis: its `source`, where the error's own type is of a crate that this one does not know.
#[derive(Debug)]
pub struct ClassMark(pub Class);

impl fmt::Display for ClassMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: no failure of Redis", self.0.label())
    }
}

impl Error for ClassMark {}

/// `error`, to be taken for one of this class. One of redis-rs's stays an I/O error of its kind.
pub fn tagged(class: Class, error: impl Into<Box<dyn Error + Send + Sync>>) -> RedisError {
    tag(class, None, error.into())
}

/// As [`tagged`], and of the server at this address: events tell it.
pub fn tagged_at(
    class: Class,
    address: &str,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> RedisError {
    tag(class, Some(address.into()), error.into())
}

fn tag(class: Class, address: Option<Box<str>>, error: Box<dyn Error + Send + Sync>) -> RedisError {
    let redis = error.downcast_ref::<RedisError>();
    let kind = match redis.and_then(|redis| inner_io(redis.source()?)) {
        Some(io) => io.kind(),
        None if class == Class::Unreachable => io::ErrorKind::NotConnected,
        None => io::ErrorKind::Other,
    };
    let tagged = Tagged {
        class,
        address,
        error,
    };
    RedisError::from(io::Error::new(kind, tagged))
}

/// `error`, of a command that may have been executed, and may be executed again.
///
/// Said by a connection that has looked at the command, to functions that show another one which must not be repeated. An error that is
/// the server's keeps its form, for callers look into it: it stays unsaid.
pub fn repeatable(error: RedisError) -> RedisError {
    match error.kind() {
        ErrorKind::Io | ErrorKind::Parse => tagged(Class::Ambiguous, error),
        _ => error,
    }
}

/// Whether a connection has said so.
pub(crate) fn is_repeatable(error: &(dyn Error + 'static)) -> bool {
    chain::find_map(error, &mut class_in) == Some(Class::Ambiguous)
}

/// The class that is known of the failure in this link of a chain.
pub(super) fn class_in(link: &(dyn Error + 'static)) -> Option<Class> {
    match link.downcast_ref::<ClassMark>() {
        Some(ClassMark(class)) => Some(*class),
        None => tag_in(link).map(|tag| tag.class),
    }
}

/// The same of the I/O error that a Redis error stands for.
pub(super) fn class_in_io(error: &io::Error) -> Option<Class> {
    tag_in_io(error).map(|tag| tag.class)
}

/// The address of the server that the failure is about, if somebody has said it.
pub fn address_in_chain<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    chain::find_map(error, &mut |link: &'a (dyn Error + 'static)| {
        tag_in(link)?.address.as_deref()
    })
}

fn tag_in<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a Tagged> {
    if let Some(tag) = link.downcast_ref::<Tagged>() {
        return Some(tag);
    }
    tag_in_io(match link.downcast_ref::<RedisError>() {
        Some(error) => inner_io(error.source()?)?,
        None => inner_io(link)?,
    })
}

fn tag_in_io(error: &io::Error) -> Option<&Tagged> {
    error.get_ref()?.downcast_ref::<Tagged>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io_error(kind: io::ErrorKind) -> RedisError {
        RedisError::from(io::Error::new(kind, "the text"))
    }

    #[test]
    fn what_is_known_comes_before_what_the_error_looks_like() {
        for class in [Class::Unreachable, Class::NotIdempotent, Class::Unavailable] {
            let error = tagged(class, io_error(io::ErrorKind::TimedOut));
            assert_eq!(Class::of(&error), class);
            assert_eq!(Class::of(&error.clone()), class);
            assert_eq!(Class::of(&*anyhow::Error::from(error.clone())), class);
            assert!(error.is_timeout(), "it is still the error it was");
            assert!(error.to_string().contains("the text"), "{error}");
        }
        let reply = RedisError::from((ErrorKind::Client, "no connection"));
        assert_eq!(
            Class::of(&tagged(Class::Unreachable, reply)),
            Class::Unreachable
        );
    }

    #[test]
    fn a_command_that_may_be_repeated_is_told_from_one_nobody_has_looked_at() {
        let lost = || io_error(io::ErrorKind::ConnectionReset);
        let told = repeatable(lost());
        assert_eq!(Class::of(&told), Class::Ambiguous);
        assert!(is_repeatable(&told) && is_repeatable(&told.clone()));
        assert!(told.is_connection_dropped(), "it is still the error it was");
        let deep = anyhow::Error::from(told).context("loading");
        assert!(is_repeatable(deep.as_ref()));
        assert!(!is_repeatable(&lost()));
        assert!(!is_repeatable(&tagged(Class::NotIdempotent, lost())));
        assert!(!is_repeatable(&tagged(
            Class::NotIdempotent,
            repeatable(lost())
        )));
        let reply: RedisError = redis::make_extension_error("BUSY".into(), None);
        assert_eq!(repeatable(reply).code(), Some("BUSY"));
    }

    #[test]
    fn the_last_to_know_is_heard() {
        let inner = tagged(Class::NotIdempotent, io_error(io::ErrorKind::TimedOut));
        assert_eq!(
            Class::of(&tagged(Class::Unreachable, inner)),
            Class::Unreachable
        );
    }

    #[test]
    fn an_address_is_found_however_deep_and_whoever_tags_it_again() {
        let lost = || io_error(io::ErrorKind::ConnectionReset);
        assert_eq!(address_in_chain(&lost()), None);
        assert_eq!(address_in_chain(&tagged(Class::Ambiguous, lost())), None);
        let at = tagged_at(Class::Ambiguous, "10.0.0.7:6379", lost());
        assert_eq!(address_in_chain(&at), Some("10.0.0.7:6379"));
        assert_eq!(Class::of(&at), Class::Ambiguous);
        assert!(is_repeatable(&at));
        assert_eq!(at.to_string(), lost().to_string());
        let again = crate::never_sent(at.clone());
        assert_eq!(address_in_chain(&again), Some("10.0.0.7:6379"));
        assert_eq!(Class::of(&again), Class::Unreachable);
        let deep = anyhow::Error::from(at).context("loading");
        assert_eq!(address_in_chain(deep.as_ref()), Some("10.0.0.7:6379"));
    }
}
