//! Numbers, durations, switches and names.

use super::option::Known;
use super::value::{Kind, Value};
use super::{Amount, Switch, duration};
use crate::defaults::MAX_RETRIES;
use quote::ToTokens as _;
use std::time::Duration;
use syn::{Expr, LitStr, Result};

impl Value {
    pub(crate) fn retries(&self) -> Result<Amount<u32>> {
        match self.kind() {
            Kind::Expression => Ok(Amount::Computed(Box::new(self.expression.clone()))),
            Kind::Number {
                whole: true,
                text,
                suffix,
            } => {
                if text.starts_with('-') {
                    return Err(self
                        .error("`retries` cannot be negative: `retries = 0` is a single attempt"));
                }
                if !matches!(suffix.as_str(), "" | "u32") {
                    return Err(
                        self.error(format!("`retries` is a `u32`: write `retries = {text}`"))
                    );
                }
                match text.parse() {
                    Ok(count @ 0..=MAX_RETRIES) => Ok(Amount::Literal(count)),
                    _ => Err(self.error(format!(
                        "`retries` is at most {MAX_RETRIES}: more load is not what an outage needs; \
                         a longer `max_delay` bridges more time",
                    ))),
                }
            }
            Kind::Number { .. } => Err(self.expected("a whole number")),
            Kind::Text(text) if text.value().trim().parse::<u32>().is_ok() => {
                Err(self.error(format!(
                    "expected a number, without quotes: write `retries = {}`",
                    text.value().trim()
                )))
            }
            Kind::Bool(false) => {
                Err(self.error("expected a number: `retries = 0` switches retries off"))
            }
            _ => Err(self.expected(format!("a number from 0 to {MAX_RETRIES}"))),
        }
    }

    pub(crate) fn factor(&self) -> Result<Amount<f64>> {
        match self.kind() {
            Kind::Expression => Ok(Amount::Computed(Box::new(self.expression.clone()))),
            Kind::Number { text, suffix, .. } => {
                if !matches!(suffix.as_str(), "" | "f64") {
                    return Err(self.error(format!("`factor` is a `f64`: write `factor = {text}`")));
                }
                match text.parse::<f64>() {
                    Ok(factor) if factor.is_finite() && factor >= 1.0 => {
                        Ok(Amount::Literal(factor))
                    }
                    Ok(factor) if factor.is_finite() => Err(self.error(
                        "`factor` is at least 1: below that the pauses would shrink; \
                         `backoff = \"fixed\"` keeps them equal",
                    )),
                    _ => Err(self.error("`factor` has to be a finite number, like `factor = 2.0`")),
                }
            }
            Kind::Text(text) if text.value().trim().parse::<f64>().is_ok() => {
                Err(self.error(format!(
                    "expected a number, without quotes: write `factor = {}`",
                    text.value().trim()
                )))
            }
            _ => Err(self.expected("a number of at least 1")),
        }
    }

    pub(crate) fn duration(&self) -> Result<Amount<Duration>> {
        let Known {
            name,
            zero,
            example,
            ..
        } = self.known;
        match self.kind() {
            Kind::Expression => Ok(Amount::Computed(Box::new(self.expression.clone()))),
            Kind::Text(text) => match duration::parse(&text.value()) {
                Ok(Duration::ZERO) => Err(self.error(format!("`{name}` cannot be zero: {zero}"))),
                Ok(duration) => Ok(Amount::Literal(duration)),
                Err(complaint) => {
                    Err(self.error(format!("the duration \"{}\" {complaint}", text.value())))
                }
            },
            Kind::Number { text, .. } if text.starts_with('-') => {
                Err(self.error(format!("a duration cannot be negative: write `{example}`")))
            }
            Kind::Number { text, suffix, .. } => Err(self.error(match suffix.as_str() {
                "" => format!(
                    "a duration needs a unit: write `{name} = \"{text}ms\"` (units: {})",
                    duration::UNITS
                ),
                _ => {
                    format!("a duration is written in quotes: write `{name} = \"{text}{suffix}\"`")
                }
            })),
            Kind::Bool(false) => Err(self.error(format!("expected a duration: {zero}"))),
            Kind::Bool(true) | Kind::OtherLiteral => Err(self.expected("a duration")),
        }
    }

    pub(crate) fn timeout(&self) -> Result<Switch<Amount<Duration>>> {
        match self.kind() {
            Kind::Bool(false) => Ok(Switch::Off),
            Kind::Bool(true) => Err(self.error(
                "`timeout` is on unless you write `timeout = false`; \
             to change it write a duration: `timeout = \"500ms\"`",
            )),
            _ => self.duration().map(Switch::On),
        }
    }

    pub(crate) fn bool(&self) -> Result<bool> {
        match self.kind() {
            Kind::Bool(value) => Ok(value),
            _ => Err(self.expected("`true` or `false`")),
        }
    }

    pub(crate) fn name(&self) -> Result<LitStr> {
        match self.kind() {
            Kind::Text(text) if text.value().trim().is_empty() => {
                Err(self.error("`name` is empty: leave it out to use the path of the function"))
            }
            Kind::Text(text) => Ok(text.clone()),
            Kind::Expression => Err(self.error(match &self.expression {
                Expr::Path(path) => format!(
                    "expected a string: write `name = \"{}\"`",
                    path.to_token_stream().to_string().replace(' ', "")
                ),
                _ => "expected a string literal: write `name = \"get_user\"`".to_owned(),
            })),
            _ => Err(self.expected("a string")),
        }
    }
}
