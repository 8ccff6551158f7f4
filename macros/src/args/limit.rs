//! What bounds the load that all calls make together: `limit = …`, `fallback_limit = …` and `budget = …`.

use super::value::{Kind, Value};
use super::{Switch, is_place, referenced};
use crate::defaults::FALLBACK_LIMIT;
use syn::{Error, Expr, Result};

/// How many calls may be in the fallback at once.
pub(crate) enum Limit {
    /// Of this function alone.
    Calls(u32),
    /// What names a `Bulkhead`, without a reference to it.
    Bulkhead(Box<Expr>),
}

impl Value {
    /// The `Bulkhead` around attempts.
    pub(crate) fn limit(&self) -> Result<Box<Expr>> {
        let declare = |size: &str| {
            format!(
                "declare `static POOL: Bulkhead = Bulkhead::new(\"pool\", {size});` and write `limit = POOL`"
            )
        };
        match self.kind() {
            Kind::Bool(false) => {
                Err(self.error("attempts are not limited unless you say so: leave `limit` out"))
            }
            Kind::Bool(true) => Err(self.error(format!(
                "say how many attempts may run at once: {}",
                declare("20")
            ))),
            Kind::Number { text, .. } => Err(self.not_a_number(&text, declare)),
            Kind::Text(text) if text.value().trim().parse::<i64>().is_ok() => {
                Err(self.not_a_number(text.value().trim(), declare))
            }
            Kind::Text(_) | Kind::OtherLiteral | Kind::Expression => {
                let expression = self.expression()?;
                let named = referenced(&expression);
                if is_place(named) {
                    return Ok(Box::new(named.clone()));
                }
                Err(self.error(format!(
                    "a `Bulkhead` created here is a new one for each call, and limits nothing: {}",
                    declare("20")
                )))
            }
        }
    }

    pub(crate) fn not_a_number(&self, text: &str, declare: impl Fn(&str) -> String) -> Error {
        let size = match text.parse::<u32>() {
            Ok(size @ 1..) => size.to_string(),
            _ => "20".to_owned(),
        };
        self.error(format!(
            "`limit` names a `Bulkhead`, which is shared by all functions that use the same resource: {}",
            declare(&size)
        ))
    }

    pub(crate) fn fallback_limit(&self) -> Result<Switch<Limit>> {
        match self.kind() {
            Kind::Bool(false) => Ok(Switch::Off),
            Kind::Bool(true) => Err(self.error(format!(
                "the limit is {FALLBACK_LIMIT} unless you write another: `fallback_limit = 20`; \
                 `fallback_limit = false` removes it",
            ))),
            Kind::Number {
                whole: true,
                text,
                suffix,
            } => {
                if !matches!(suffix.as_str(), "" | "u32") {
                    return Err(self.error(format!(
                        "`fallback_limit` is a `u32`: write `fallback_limit = {text}`"
                    )));
                }
                match text.parse() {
                    Ok(0) => Err(self.error(
                        "`fallback_limit` cannot be 0, because no call would get its fallback: leave `fallback` out to have none, \
                         or write `fallback_limit = false` for no limit",
                    )),
                    Ok(calls) => Ok(Switch::On(Limit::Calls(calls))),
                    Err(_) if text.starts_with('-') => Err(self.error(
                        "`fallback_limit` cannot be negative: write `fallback_limit = 64`, \
                         or `fallback_limit = false` for no limit",
                    )),
                    Err(_) => Err(self.error(
                        "`fallback_limit` is a `u32`, and this number is too large: write `fallback_limit = false` for no limit",
                    )),
                }
            }
            Kind::Number { .. } => Err(self.expected("a whole number")),
            Kind::Text(text) if text.value().trim().parse::<u32>().is_ok() => {
                Err(self.error(format!(
                    "expected a number, without quotes: write `fallback_limit = {}`",
                    text.value().trim()
                )))
            }
            Kind::Text(_) | Kind::OtherLiteral | Kind::Expression => {
                self.bulkhead(&self.expression()?).map(Switch::On)
            }
        }
    }

    fn bulkhead(&self, expression: &Expr) -> Result<Limit> {
        let named = referenced(expression);
        if is_place(named) {
            return Ok(Limit::Bulkhead(Box::new(named.clone())));
        }
        Err(self.error(
            "a `Bulkhead` created here is a new one for each call, and limits nothing: declare \
             `static PRIMARY: Bulkhead = Bulkhead::new(\"primary\", 64);` and write `fallback_limit = PRIMARY`",
        ))
    }

    pub(crate) fn budget(&self) -> Result<()> {
        match self.kind() {
            Kind::Bool(false) => Ok(()),
            Kind::Bool(true) => {
                Err(self.error("the retry budget is on unless you write `budget = false`"))
            }
            _ => Err(self.error(
                "the retry budget belongs to the breaker and is shared by all functions on it: set it there, \
                 `Breaker::new(\"sessions\").retry_budget(20, 10)`; `budget = false` turns it off for this function",
            )),
        }
    }
}
