//! The names of the options, for messages about them. Each attribute has a table of its own.

use crate::suggest;
use proc_macro2::Ident;
use syn::{Error, Result};

/// An option of an attribute, for messages about it.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) example: &'static str,
    /// What to write instead of a duration of zero, or of `false`.
    pub(crate) zero: &'static str,
}

pub(crate) const fn known(name: &'static str, example: &'static str) -> Known {
    Known {
        name,
        example,
        zero: "",
    }
}

/// Those of `#[redis_resilient]`.
pub(super) const OPTIONS: [Known; 24] = [
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
    Known {
        name: "hedge",
        example: "hedge = \"20ms\"",
        zero: "leave `hedge` out to have none",
    },
    known("breaker", "breaker = SESSIONS"),
    known("limit", "limit = POOL"),
    known("fallback", "fallback = fetch_db"),
    known("fallback_on", "fallback_on = \"outage\""),
    known("fallback_limit", "fallback_limit = 64"),
    known("key", "key = \"user:{id}\""),
    known("skip", "skip(db)"),
    known("coalesce", "coalesce = true"),
    Known {
        name: "stale",
        example: "stale = \"10m\"",
        zero: "leave `stale` out to serve no stale value",
    },
    known("idempotent", "idempotent = false"),
    known("budget", "budget = false"),
    known("classify", "classify = my_class"),
    known("clone", "clone(key)"),
    known("name", "name = \"get_user\""),
    known("crate", "crate = ::redis_resilient"),
];

/// The option of this name. Words of others are known by `foreign`, which says what to write in their place.
pub(crate) fn find(
    options: &[Known],
    foreign: fn(&str) -> Option<&'static str>,
    key: &Ident,
) -> Result<Known> {
    let name = key.to_string();
    if let Some(known) = options.iter().find(|known| known.name == name) {
        return Ok(*known);
    }
    let hint = if let Some(advice) = foreign(&name) {
        format!("; {advice}")
    } else {
        let names: Vec<_> = options.iter().map(|known| known.name).collect();
        suggest::hint(&name, &names)
    };
    Err(Error::new(
        key.span(),
        format!("unknown option `{name}`{hint}"),
    ))
}
