//! The names of the options, for messages about them.

use crate::suggest;
use proc_macro2::Ident;
use syn::Error;

/// An option of the attribute, for messages about it.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) example: &'static str,
    /// What to write instead of a duration of zero, or of `false`.
    pub(super) zero: &'static str,
}

const fn known(name: &'static str, example: &'static str) -> Known {
    Known {
        name,
        example,
        zero: "",
    }
}

const OPTIONS: [Known; 19] = [
    known("retries", "retries = 3"),
    known("backoff", "backoff = \"exp\""),
    Known {
        name: "delay",
        example: "delay = \"50ms\"",
        zero: "write `backoff = \"none\"` to retry without a pause",
    },
    Known {
        name: "max_delay",
        example: "max_delay = \"1s\"",
        zero: "write `backoff = \"none\"` to retry without a pause",
    },
    known("factor", "factor = 2.0"),
    known("jitter", "jitter = \"full\""),
    Known {
        name: "timeout",
        example: "timeout = \"500ms\"",
        zero: "write `timeout = false` to switch it off",
    },
    Known {
        name: "deadline",
        example: "deadline = \"5s\"",
        zero: "leave `deadline` out to have none",
    },
    known("breaker", "breaker = SESSIONS"),
    known("limit", "limit = POOL"),
    known("fallback", "fallback = fetch_db"),
    known("fallback_on", "fallback_on = \"outage\""),
    known("fallback_limit", "fallback_limit = 64"),
    known("idempotent", "idempotent = false"),
    known("budget", "budget = false"),
    known("classify", "classify = my_class"),
    known("clone", "clone(key)"),
    known("name", "name = \"get_user\""),
    known("crate", "crate = ::redis_resilient"),
];

pub(super) fn find(name: &str) -> Option<Known> {
    OPTIONS.into_iter().find(|known| known.name == name)
}

pub(super) fn unknown(key: &Ident, name: &str) -> Error {
    let hint = match suggest::foreign_option(name) {
        Some(advice) => format!("; {advice}"),
        None => suggest::hint(name, &OPTIONS.map(|known| known.name)),
    };
    Error::new(key.span(), format!("unknown option `{name}`{hint}"))
}
