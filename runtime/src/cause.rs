//! Why an attempt failed, on its way from the error to those who are told.
//!
//! A diagnosis travels in a register, through the code of every annotated function; a text, or a pointer to one, would make that code longer. So
//! what the error says waits in a place of its thread, until the call, which is next on this thread, takes it. Likewise between the end of
//! the attempts and the fallback. Nothing is put there unless somebody listens.

use std::cell::Cell;
use std::error::Error;

use crate::Class;
use crate::class::tagged::address_in_chain;
use crate::error_text::error_text;

/// What the error of a failed attempt says.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) class: Class,
    error: Option<Box<str>>,
    address: Option<Box<str>>,
}

impl Description {
    pub(crate) fn of(class: Class, error: &(dyn Error + 'static)) -> Self {
        Self {
            class,
            error: Some(error_text(error).into()),
            address: address_in_chain(error).map(Into::into),
        }
    }

    /// Of a failure whose error nobody can read.
    pub(crate) const fn without_text(class: Class) -> Self {
        Self {
            class,
            error: None,
            address: None,
        }
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    pub(crate) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}

/// What is known of the attempt that makes a breaker tell something. Few words, for each attempt that fails writes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'a> {
    pub(crate) function: Option<&'static str>,
    pub(crate) class: Option<Class>,
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

/// What was left last.
pub(crate) fn take() -> Option<Box<Description>> {
    SLOT.try_with(Cell::take).ok().flatten()
}
