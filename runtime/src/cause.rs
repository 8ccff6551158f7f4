//! Why an attempt failed, on its way from the error to those who are told.
//!
//! A diagnosis travels in a register, through the code of every annotated function; a text, or a pointer to one, would make that code longer. So
//! what the error says waits in a place of its thread, until the call, which is next on this thread, takes it. Likewise between the end of
//! the attempts and the fallback. Nothing is put there unless somebody listens.

use std::cell::Cell;
use std::error::Error;

use redis::RedisError;

use crate::Class;
use crate::chain;
use crate::class::sender::address_of_reply;
use crate::class::tagged::address_in_chain;
use crate::error_text::error_text;

/// What the error of a failed attempt says.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) class: Class,
    error: Option<Box<str>>,
    address: Option<Box<str>>,
    /// The code that Redis has answered with, for the span.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    code: Option<Box<str>>,
}

impl Description {
    pub(crate) fn of(class: Class, error: &(dyn Error + 'static)) -> Self {
        Self {
            class,
            error: Some(error_text(error).into()),
            address: address_in_chain(error)
                .map(Into::into)
                .or_else(|| address_of_reply(error)),
            code: chain::find_map(error, &mut code_of),
        }
    }

    /// Of an attempt that was cut off while it waited for this server.
    pub(crate) fn at(self, address: Option<Box<str>>) -> Self {
        Self {
            address: self.address.or(address),
            ..self
        }
    }

    /// Of a failure whose error nobody can read.
    pub(crate) const fn without_text(class: Class) -> Self {
        Self {
            class,
            error: None,
            address: None,
            code: None,
        }
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    pub(crate) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

/// The first word of an error reply, if it is a code: what a server says else may be anything.
fn code_of(link: &(dyn Error + 'static)) -> Option<Box<str>> {
    let code = link.downcast_ref::<RedisError>()?.code()?;
    let is_code = code.len() <= 32
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then(|| code.into())
}

/// What is known of the attempt that makes a breaker tell something. Few words, for each attempt that fails writes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'a> {
    pub(crate) function: Option<&'static str>,
    pub(crate) class: Option<Class>,
    /// Whether the function's fallback answers for it, if there is no retry.
    pub(crate) answered: bool,
    pub(crate) why: Why<'a>,
}

/// Why an attempt counts as failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Why<'a> {
    Error(&'a Description),
    /// It counts as failed without an error. Behind a reference: one word is enough for all.
    Other(&'static &'static str),
    Unknown,
}

impl<'a> Cause<'a> {
    /// No attempt, or one of which nothing is known.
    pub(crate) const NONE: Self = Self {
        function: None,
        class: None,
        answered: false,
        why: Why::Unknown,
    };

    pub(crate) fn error(&self) -> Option<&'a str> {
        match self.why {
            Why::Error(description) => description.error(),
            Why::Other(text) => Some(text),
            Why::Unknown => None,
        }
    }

    pub(crate) fn address(&self) -> Option<&'a str> {
        match self.why {
            Why::Error(description) => description.address(),
            Why::Other(_) | Why::Unknown => None,
        }
    }
}

impl<'a> From<Option<&'a Description>> for Why<'a> {
    fn from(description: Option<&'a Description>) -> Self {
        description.map_or(Self::Unknown, Self::Error)
    }
}

thread_local! {
    static SLOT: Cell<Option<Box<Description>>> = const { Cell::new(None) };
}

/// Leaves it for the call, or the fallback, that is next on this thread.
pub(crate) fn leave(description: Box<Description>) {
    // A thread that ends has no such place any more.
    let _ = SLOT.try_with(|slot| slot.set(Some(description)));
}

/// What was left for a fallback that has to wait: others are on this thread meanwhile, and it may go on on another one.
#[derive(Debug)]
pub struct Left(Option<Box<Description>>);

impl Left {
    /// Takes it with it.
    #[must_use]
    pub fn take() -> Self {
        Self(take())
    }

    /// Leaves it for what is next on this thread.
    pub fn put_back(self) {
        if let Self(Some(description)) = self {
            leave(description);
        }
    }
}

/// What was left last.
pub(crate) fn take() -> Option<Box<Description>> {
    SLOT.try_with(Cell::take).ok().flatten()
}
