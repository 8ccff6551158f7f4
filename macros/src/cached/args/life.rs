//! What the options of `#[redis_cached]` alone may be.

use crate::args::value::{Kind, Value};
use crate::args::{Amount, is_place, referenced};
use quote::ToTokens as _;
use std::time::Duration;
use syn::{Expr, ExprPath, Path, Result};

/// How long a value is good.
pub(crate) enum Ttl {
    Amount(Amount<Duration>),
    /// `|value| …`
    Closure(Box<Expr>),
}

/// What the process keeps.
pub(crate) enum Near {
    /// For a time of its own.
    For(Amount<Duration>),
    /// Until Redis announces a change.
    Tracking,
}

const TRACKING: &str = "tracking";

impl Value {
    pub(super) fn prefix(&self) -> Result<Expr> {
        match self.kind() {
            Kind::Text(text) if text.value().is_empty() => {
                Err(self.error("`prefix` is empty: leave it out to have none"))
            }
            Kind::Text(text) if text.value().contains(['{', '}']) => Err(self.error(
                "`prefix` is the same for all calls, braces mean nothing in it: write the parameters in `key`, \
                 and a hash tag too, `key = \"{{user:{id}}}:name\"`",
            )),
            Kind::Text(_) | Kind::Expression => Ok(self.expression.clone()),
            _ => Err(self.expected("a string")),
        }
    }

    pub(super) fn version(&self) -> Result<u32> {
        match self.kind() {
            Kind::Number {
                whole: true, text, ..
            } => match text.parse() {
                Ok(0) => Err(self.error(
                    "`version` begins with 1, which is that of a key without one: write `version = 2` after a change of the type",
                )),
                Ok(version) => Ok(version),
                Err(_) => Err(self.expected("a number from 1")),
            },
            Kind::Text(text) if text.value().trim().parse::<u32>().is_ok() => {
                Err(self.error(format!(
                    "expected a number, without quotes: write `version = {}`",
                    text.value().trim()
                )))
            }
            _ => Err(self.expected("a whole number")),
        }
    }

    pub(super) fn ttl(&self) -> Result<Ttl> {
        match referenced(&self.expression) {
            Expr::Closure(closure) if closure.inputs.len() == 1 => {
                Ok(Ttl::Closure(Box::new(self.expression.clone())))
            }
            Expr::Closure(_) => Err(self.error(
                "this closure is called with the value that was loaded: write `ttl = |value| …`",
            )),
            _ => self.duration().map(Ttl::Amount),
        }
    }

    /// The random part of a life.
    pub(super) fn fraction(&self) -> Result<Amount<f64>> {
        match self.kind() {
            Kind::Expression => Ok(Amount::Computed(Box::new(self.expression.clone()))),
            Kind::Number { text, .. } => match text.parse::<f64>() {
                Ok(fraction) if (0.0..=0.5).contains(&fraction) => Ok(Amount::Literal(fraction)),
                Ok(percent) if (1.0..=50.0).contains(&percent) => Err(self.error(format!(
                    "`jitter` is a fraction of `ttl`, from 0 to 0.5: for {percent} % write `jitter = {}`",
                    percent / 100.0
                ))),
                _ => Err(self.error(
                    "`jitter` is a fraction of `ttl`, from 0 to 0.5: write `jitter = 0.1` for up to 10 % more or less",
                )),
            },
            Kind::Bool(false) => Err(self.error("expected a number: `jitter = 0` switches it off")),
            Kind::Text(text) if text.value().trim().parse::<f64>().is_ok() => {
                Err(self.error(format!(
                    "expected a number, without quotes: write `jitter = {}`",
                    text.value().trim()
                )))
            }
            Kind::Text(_) => Err(self.error(
                "`jitter` is that of `ttl` here, a fraction from 0 to 0.5: write `jitter = 0.1`; \
                 the pauses before a retry are always drawn from all of their length",
            )),
            _ => Err(self.expected("a fraction from 0 to 0.5")),
        }
    }

    /// `None` if it is off.
    pub(super) fn beta(&self) -> Result<Option<f64>> {
        match self.kind() {
            Kind::Bool(false) => Ok(None),
            Kind::Bool(true) => Ok(Some(1.0)),
            Kind::Number { text, .. } => match text.parse::<f64>() {
                Ok(beta) if beta.is_finite() && beta > 0.0 => Ok(Some(beta)),
                _ => Err(self.error(
                    "`refresh_ahead` is how eagerly values are loaded anew, a number above 0: write `refresh_ahead = true` for 1.0, \
                     or `refresh_ahead = false` for never",
                )),
            },
            _ => Err(self.expected("`true`, `false` or a number")),
        }
    }

    pub(super) fn near(&self) -> Result<Near> {
        match self.kind() {
            Kind::Bool(false) => {
                Err(self.error("there is no near cache unless you write one: leave `near` out"))
            }
            Kind::Bool(true) => Err(self.error(
                "say how long a value is kept in the process: write `near = \"5s\"`, or `near = \"tracking\"` \
                 to have Redis announce changes",
            )),
            Kind::Text(text) if text.value() == TRACKING => Ok(Near::Tracking),
            Kind::Text(text) if !begins_as_number(&text.value()) => {
                let written = text.value();
                let hint = if crate::suggest::is_close(&written, TRACKING) {
                    "; did you mean `tracking`?".to_owned()
                } else {
                    ": write `near = \"5s\"`, or `near = \"tracking\"`".to_owned()
                };
                Err(self.error(format!("unknown near \"{written}\"{hint}")))
            }
            _ => match referenced(&self.expression) {
                Expr::Path(path) if path.path.is_ident(TRACKING) => {
                    Err(self.error("expected a word in quotes: write `near = \"tracking\"`"))
                }
                _ => self.duration().map(Near::For),
            },
        }
    }

    pub(super) fn codec(&self) -> Result<ExprPath> {
        match referenced(&self.expression) {
            Expr::Path(path) => Ok(path.clone()),
            _ => match self.kind() {
                Kind::Text(text) => {
                    let written = text.value();
                    let name = match written.to_lowercase().as_str() {
                        "postcard" => "Postcard".to_owned(),
                        "json" | "serde_json" => "Json".to_owned(),
                        _ if syn::parse_str::<Path>(&written).is_ok() => written,
                        _ => "Json".to_owned(),
                    };
                    Err(self.error(format!(
                        "expected the path of a type, without quotes: write `codec = {name}`"
                    )))
                }
                _ => Err(self.expected("the path of a type that is a `Codec`")),
            },
        }
    }

    /// The `Bulkhead` around loads.
    pub(super) fn loads(&self) -> Result<Box<Expr>> {
        let declare = |size: &str| {
            format!(
                "declare `static PRIMARY: Bulkhead = Bulkhead::new(\"primary\", {size});` and write `limit = PRIMARY`"
            )
        };
        match self.kind() {
            Kind::Bool(false) => {
                Err(self.error("loads are not limited unless you say so: leave `limit` out"))
            }
            Kind::Bool(true) => Err(self.error(format!(
                "say how many loads may run at once: {}",
                declare("20")
            ))),
            Kind::Number { text, .. } => Err(self.not_a_number(&text, declare)),
            Kind::Text(text) if text.value().trim().parse::<i64>().is_ok() => {
                Err(self.not_a_number(text.value().trim(), declare))
            }
            _ => {
                let expression = self.expression()?;
                let named = referenced(&expression);
                if is_place(named) {
                    return Ok(Box::new(named.clone()));
                }
                Err(self.error(format!(
                    "a limit has to be there for all calls, and what is made here is a new one for each: {}",
                    declare("20")
                )))
            }
        }
    }

    /// A function that is to be made: `forget_user` or `Self::forget_user`.
    pub(super) fn function(&self) -> Result<Path> {
        match self.kind() {
            Kind::Text(text) if syn::parse_str::<Path>(&text.value()).is_ok() => {
                Err(self.error(format!(
                    "expected a name, without quotes: write `invalidate = {}`",
                    text.value()
                )))
            }
            Kind::Bool(_) => Err(self.error(
                "expected the name of the function that removes an entry, which is made here: write `invalidate = forget_user`",
            )),
            _ => match &self.expression {
                Expr::Path(path) if path.qself.is_none() && is_new_name(&path.path) => {
                    Ok(path.path.clone())
                }
                Expr::Path(path) => {
                    let last = path.path.segments.last();
                    let name = last.map_or_else(String::new, |last| last.ident.to_string());
                    Err(self.error(format!(
                        "the function is made here, beside the one that loads: write its name alone, `invalidate = {name}`, \
                         or `invalidate = Self::{name}` in an `impl`"
                    )))
                }
                _ => Err(self.expected("the name of the function to be made")),
            },
        }
    }

    /// What leads to the `Connector`, without a reference to it.
    pub(super) fn redis(&self) -> Result<Box<Expr>> {
        match self.kind() {
            Kind::Text(text)
                if text.value().starts_with("redis://")
                    || text.value().starts_with("rediss://") =>
            {
                Err(self.error(
                    "an address would be connected to anew for each call: make a `Connector` of it once, and name that: `redis = self.redis`",
                ))
            }
            _ => Ok(Box::new(referenced(&self.expression()?).clone())),
        }
    }
}

fn begins_as_number(text: &str) -> bool {
    let first = text.trim_start().chars().next();
    first.is_none_or(|first| first.is_ascii_digit() || matches!(first, '.' | '-'))
}

/// `name` or `Self::name`.
fn is_new_name(path: &Path) -> bool {
    let mut segments = path.segments.iter();
    let plain = path.leading_colon.is_none()
        && path
            .segments
            .iter()
            .all(|segment| segment.arguments.to_token_stream().is_empty());
    match (segments.next(), segments.next(), segments.next()) {
        (Some(first), None, None) => plain && first.ident != "self" && first.ident != "Self",
        (Some(first), Some(_), None) => plain && first.ident == "Self",
        _ => false,
    }
}
