//! Which server an error is about, for those who are told of it.
//!
//! An error reply keeps its form, because callers look into its code and kind. Its address is said beside it.

use redis::{ConnectionAddr, ErrorKind, RedisError, ServerError};

use redis_resilient_runtime::__seam::cut_off;
use redis_resilient_runtime::__seam::{
    address_in_chain, repeatable, replied, tagged, tagged_at, wants,
};
use redis_resilient_runtime::Class;
use redis_resilient_runtime::event::Severity;

/// The server at this address has replied with this error.
#[cold]
#[inline(never)]
pub(crate) fn refused(error: &ServerError, address: Option<&ConnectionAddr>) {
    if let Some(address) = address
        && wants(Severity::Error)
    {
        replied(error.clone().into(), address);
    }
}

/// Nobody waits any more for the answer of the server at this address.
#[cold]
pub(crate) fn left(address: Option<&ConnectionAddr>) {
    if let Some(address) = address
        && wants(Severity::Error)
    {
        cut_off::note_address(address.to_string().into());
    }
}

/// Says it if it is dropped before the answer has come.
pub(crate) struct WaitsFor<'a> {
    address: Option<&'a ConnectionAddr>,
    is_answered: bool,
}

impl<'a> WaitsFor<'a> {
    pub(crate) const fn new(address: Option<&'a ConnectionAddr>) -> Self {
        Self {
            address,
            is_answered: false,
        }
    }

    pub(crate) fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for WaitsFor<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            left(self.address);
        }
    }
}

/// The same as an error that keeps its form.
fn reply(address: Option<&ConnectionAddr>, error: RedisError) -> RedisError {
    let Some(address) = address else {
        return error;
    };
    // Redis-rs leaves out what the server said. Nothing of the error would be its own.
    let error = match (error.kind(), error.detail()) {
        (ErrorKind::AuthenticationFailed, None) => RedisError::from((
            ErrorKind::AuthenticationFailed,
            "Password authentication failed",
            "refused by the server".to_owned(),
        )),
        _ => error,
    };
    if wants(Severity::Error) {
        replied(error.clone(), address);
    }
    error
}

/// `error`, of the server at this address; of a class that it shows already.
pub(crate) fn at(address: Option<&ConnectionAddr>, error: RedisError) -> RedisError {
    let class = Class::of(&error);
    match address {
        // Whether a command may be repeated is another matter, and whoever knows the command says it.
        Some(address)
            if error.kind() == ErrorKind::Io
                && class != Class::Ambiguous
                && address_in_chain(&error).is_none() =>
        {
            tagged_at(class, &address.to_string(), error)
        }
        _ if error.kind() == ErrorKind::Io => error,
        _ => reply(address, error),
    }
}

/// The same of a command that may have been executed, and may be executed again.
pub(crate) fn repeatable_at(address: Option<&ConnectionAddr>, error: RedisError) -> RedisError {
    match (address, error.kind()) {
        (Some(address), ErrorKind::Io | ErrorKind::Parse) => {
            tagged_at(Class::Ambiguous, &address.to_string(), error)
        }
        _ => repeatable(reply(address, error)),
    }
}

/// `error`, to be taken for one of this class, of the server at this address.
pub(crate) fn tagged_from(
    class: Class,
    address: Option<&ConnectionAddr>,
    error: RedisError,
) -> RedisError {
    match address {
        Some(address) => tagged_at(class, &address.to_string(), error),
        None => tagged(class, error),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn server() -> ConnectionAddr {
        ConnectionAddr::Tcp("10.0.0.7".to_owned(), 6379)
    }

    fn io(kind: io::ErrorKind) -> RedisError {
        io::Error::from(kind).into()
    }

    #[test]
    fn an_error_of_the_connection_says_which_server_it_is_about() {
        let refused = at(Some(&server()), io(io::ErrorKind::ConnectionRefused));
        assert_eq!(address_in_chain(&refused), Some("10.0.0.7:6379"));
        assert_eq!(Class::of(&refused), Class::Unreachable);
        assert!(refused.is_connection_refusal());
        let lost = repeatable_at(Some(&server()), io(io::ErrorKind::BrokenPipe));
        assert_eq!(address_in_chain(&lost), Some("10.0.0.7:6379"));
        assert_eq!(Class::of(&lost), Class::Ambiguous);
    }

    #[test]
    fn the_first_to_say_it_is_heard() {
        let first = at(Some(&server()), io(io::ErrorKind::ConnectionRefused));
        let other = ConnectionAddr::Tcp("10.0.0.8".to_owned(), 6379);
        assert_eq!(
            address_in_chain(&at(Some(&other), first)),
            Some("10.0.0.7:6379")
        );
    }

    #[test]
    fn a_reply_keeps_its_form_and_a_command_s_repetition_is_not_spoken_of() {
        let reply: RedisError = redis::make_extension_error("BUSY".into(), None);
        assert_eq!(at(Some(&server()), reply.clone()).code(), Some("BUSY"));
        assert_eq!(repeatable_at(Some(&server()), reply).code(), Some("BUSY"));
        let lost = at(Some(&server()), io(io::ErrorKind::BrokenPipe));
        assert_eq!(address_in_chain(&lost), None);
    }
}
