//! A failure of which more is known than the error tells.

use std::error::Error;
use std::fmt;
use std::io;

use redis::RedisError;

use super::Class;
use super::redis::inner_io;

/// What is known of a failure, around the failure itself.
#[derive(Debug)]
struct Known {
    class: Class,
    error: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Known {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

/// `error`, to be taken for one of this class. One of redis-rs's stays an I/O error of its kind.
pub(crate) fn known(class: Class, error: impl Into<Box<dyn Error + Send + Sync>>) -> RedisError {
    let error = error.into();
    let redis = error.downcast_ref::<RedisError>();
    let kind = match redis.and_then(|redis| inner_io(redis.source()?)) {
        Some(io) => io.kind(),
        None if class == Class::Unreachable => io::ErrorKind::NotConnected,
        None => io::ErrorKind::Other,
    };
    RedisError::from(io::Error::new(kind, Known { class, error }))
}

/// The class that is known of the failure in this link of a chain.
pub(super) fn class_in(link: &(dyn Error + 'static)) -> Option<Class> {
    if let Some(known) = link.downcast_ref::<Known>() {
        return Some(known.class);
    }
    let carried = match link.downcast_ref::<RedisError>() {
        Some(error) => inner_io(error.source()?)?.get_ref()?,
        None => inner_io(link)?.get_ref()?,
    };
    let known = carried.downcast_ref::<Known>()?;
    Some(known.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io_error(kind: io::ErrorKind) -> RedisError {
        RedisError::from(io::Error::new(kind, "the text"))
    }

    #[test]
    fn what_is_known_comes_before_what_the_error_looks_like() {
        for class in [Class::Unreachable, Class::Unrepeatable, Class::Unavailable] {
            let error = known(class, io_error(io::ErrorKind::TimedOut));
            assert_eq!(Class::of(&error), class);
            assert_eq!(Class::of(&error.clone()), class);
            assert_eq!(Class::of(&*anyhow::Error::from(error.clone())), class);
            assert!(error.is_timeout(), "it is still the error it was");
            assert!(error.to_string().contains("the text"), "{error}");
        }
        let reply = RedisError::from((redis::ErrorKind::Client, "no connection"));
        assert_eq!(
            Class::of(&known(Class::Unreachable, reply)),
            Class::Unreachable
        );
    }

    #[test]
    fn the_last_to_know_is_heard() {
        let inner = known(Class::Unrepeatable, io_error(io::ErrorKind::TimedOut));
        assert_eq!(
            Class::of(&known(Class::Unreachable, inner)),
            Class::Unreachable
        );
    }
}
