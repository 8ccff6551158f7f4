//! What an annotated function learns from an error: its class, and the code that the people on call look for.

pub(crate) mod autoref;

use std::any::TypeId;
use std::error::Error;

use redis::{ErrorKind, RedisError};

use crate::cause::{self, Description};
use crate::class::lost_source::{self, Origin};
use crate::event::Severity;
use crate::{Class, chain, observer};

/// The class of a failure, and what is to be told of it beside. Two bytes, so that it travels in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub(crate) class: Class,
    pub(crate) remark: Option<Remark>,
}

/// What the people on call are to be told of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// Why Redis refuses this application.
    Code(Code),
    /// It looks like a failure of Redis, and its error does not tell.
    LostSource,
    /// What the error says has been [left](cause::leave) for the call.
    Described,
}

/// Why Redis refuses this application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    NoAuth,
    WrongPass,
    NoPerm,
    Denied,
    AuthenticationFailed,
    InvalidClientConfig,
}

impl Diagnosis {
    /// Of an error of the type with this id.
    pub(crate) fn of(error: &(dyn Error + 'static), id: TypeId, origin: Origin) -> Self {
        let class = Class::of(error);
        let remark = match class {
            Class::Misconfigured => chain::find_map(error, &mut Code::of_link).map(Remark::Code),
            Class::NotRedis if observer::wants(Severity::Warn) => {
                lost_source::has_lost_it(error, id, origin).then_some(Remark::LostSource)
            }
            _ => None,
        };
        Self { class, remark }.described(error)
    }

    /// Of an error that says its class itself, and has this text if any.
    pub(crate) fn said(class: Class, error: Option<&(dyn Error + 'static)>) -> Self {
        match error {
            Some(error) => Self::from(class).described(error),
            None => class.into(),
        }
    }

    /// Leaves what the error says for the call, if anybody listens.
    #[inline]
    fn described(self, error: &(dyn Error + 'static)) -> Self {
        // Who takes less takes this too.
        if observer::wants(Severity::Error) {
            self.described_to_some(error)
        } else {
            self
        }
    }

    /// Most failures of the application's own are for those who look into them.
    #[cold]
    #[inline(never)]
    fn described_to_some(mut self, error: &(dyn Error + 'static)) -> Self {
        let severity = match (self.class, self.remark) {
            // For what is rejected a fallback is to answer, and may have no room.
            (_, Some(Remark::LostSource)) | (Class::Rejected, _) => Severity::Warn,
            (Class::Permanent | Class::NotRedis, _) => Severity::Debug,
            _ => Severity::Error,
        };
        if observer::wants(severity) {
            cause::leave(Box::new(Description::of(self.class, error)));
            self.remark.get_or_insert(Remark::Described);
        }
        self
    }

    /// As it is in a function whose body shows a command that must not be repeated: what no connection has
    /// called repeatable may be that command.
    #[cold]
    #[must_use]
    pub const fn of_non_idempotent(mut self, is_repeatable: bool) -> Self {
        if matches!(self.class, Class::Ambiguous) && !is_repeatable {
            self.class = Class::NotIdempotent;
        }
        self
    }
}

impl From<Class> for Diagnosis {
    fn from(class: Class) -> Self {
        Self {
            class,
            remark: None,
        }
    }
}

impl Code {
    const REPLIES: [Self; 4] = [Self::NoAuth, Self::WrongPass, Self::NoPerm, Self::Denied];

    fn of_link(link: &(dyn Error + 'static)) -> Option<Self> {
        let error = link.downcast_ref::<RedisError>()?;
        match error.kind() {
            ErrorKind::AuthenticationFailed => Some(Self::AuthenticationFailed),
            ErrorKind::InvalidClientConfig => Some(Self::InvalidClientConfig),
            ErrorKind::Server(_) | ErrorKind::Extension => Self::of_reply(error),
            _ => None,
        }
    }

    /// Of one error reply, or of the several of a pipeline.
    fn of_reply(error: &RedisError) -> Option<Self> {
        let named = |name: &str| Self::REPLIES.into_iter().find(|code| code.label() == name);
        error.code().and_then(named).or_else(|| {
            let replies = error.clone().into_server_errors()?;
            replies.iter().find_map(|(_, reply)| named(reply.code()))
        })
    }

    /// As it is written in events.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::NoAuth => "NOAUTH",
            Self::WrongPass => "WRONGPASS",
            Self::NoPerm => "NOPERM",
            Self::Denied => "DENIED",
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::InvalidClientConfig => "InvalidClientConfig",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_refusal_is_found_however_deep() {
        let code = |error: &(dyn Error + 'static)| match Diagnosis::of(
            error,
            TypeId::of::<RedisError>(),
            Origin::Kept,
        )
        .remark?
        {
            Remark::Code(code) => Some(code.label()),
            Remark::LostSource | Remark::Described => None,
        };
        for name in ["NOAUTH", "WRONGPASS", "NOPERM", "DENIED"] {
            let reply = redis::make_extension_error(name.into(), Some("some words".into()));
            assert_eq!(code(&reply), Some(name));
            assert_eq!(code(&crate::never_sent(reply.clone())), Some(name));
            let deep = anyhow::Error::from(reply).context("loading");
            assert_eq!(code(deep.as_ref()), Some(name));
        }
        let refused = RedisError::from((ErrorKind::AuthenticationFailed, "no"));
        assert_eq!(code(&refused), Some("AuthenticationFailed"));
        let url = RedisError::from((ErrorKind::InvalidClientConfig, "no"));
        assert_eq!(code(&url), Some("InvalidClientConfig"));
        let oom: RedisError = redis::make_extension_error("OOM".into(), None);
        assert_eq!(code(&oom), None);
    }

    #[test]
    fn what_may_be_the_command_that_shows_is_not_repeated() {
        let seen = |class: Class, is_repeatable| {
            Diagnosis::from(class)
                .of_non_idempotent(is_repeatable)
                .class
        };
        assert_eq!(seen(Class::Ambiguous, false), Class::NotIdempotent);
        assert_eq!(seen(Class::Ambiguous, true), Class::Ambiguous);
        for class in [Class::Unreachable, Class::Unavailable, Class::Permanent] {
            assert_eq!(seen(class, false), class);
        }
    }
}
