//! Options with a few words to choose from.

use super::BackoffArg;
use super::value::{Kind, Value};
use crate::suggest;
use syn::{Expr, Result};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    Exponential,
    Linear,
    Fixed,
    None,
}

const CURVES: &[(&str, Curve)] = &[
    ("exp", Curve::Exponential),
    ("linear", Curve::Linear),
    ("fixed", Curve::Fixed),
    ("none", Curve::None),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jitter {
    Full,
    Equal,
    Decorrelated,
    None,
}

const JITTERS: &[(&str, Jitter)] = &[
    ("full", Jitter::Full),
    ("equal", Jitter::Equal),
    ("decorrelated", Jitter::Decorrelated),
    ("none", Jitter::None),
];

/// For which failures the fallback answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FallbackOn {
    Unusable,
    Outage,
}

const FAILURES: &[(&str, FallbackOn)] = &[
    ("unusable", FallbackOn::Unusable),
    ("outage", FallbackOn::Outage),
];

impl Value {
    pub(super) fn backoff(&self) -> Result<BackoffArg> {
        match self.kind() {
            // `backoff = exp` would be looked up as a `Backoff` of that name: nobody means that.
            Kind::Expression if !is_word(&self.expression, CURVES) => {
                Ok(BackoffArg::Custom(Box::new(self.expression.clone())))
            }
            _ => self.word(CURVES).map(BackoffArg::Curve),
        }
    }

    pub(super) fn jitter(&self) -> Result<Jitter> {
        self.word(JITTERS)
    }

    pub(super) fn fallback_on(&self) -> Result<FallbackOn> {
        self.word(FAILURES)
    }

    fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let name = self.known.name;
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let find = |text: &str| words.iter().find(|(word, _)| *word == text);
        match self.kind() {
            Kind::Text(text) => {
                let written = text.value();
                find(&written).map(|(_, word)| *word).ok_or_else(|| {
                    let hint =
                        match suggest::foreign_word(&written).filter(|word| find(word).is_some()) {
                            Some(word) => format!("; write `{name} = \"{word}\"`"),
                            None => suggest::hint(&written, &known),
                        };
                    self.error(format!("unknown {name} \"{written}\"{hint}"))
                })
            }
            Kind::Bool(false) if find("none").is_some() => Err(self.error(format!(
                "expected a word in quotes: write `{name} = \"none\"`"
            ))),
            _ => {
                let written = self.tokens.to_string();
                let quoted = find(&written).map_or(self.known.example.to_owned(), |_| {
                    format!("{name} = \"{written}\"")
                });
                Err(self.error(format!("expected a word in quotes: write `{quoted}`")))
            }
        }
    }
}

fn is_word<T>(expression: &Expr, words: &[(&str, T)]) -> bool {
    match expression {
        Expr::Path(path) => words.iter().any(|(word, _)| path.path.is_ident(word)),
        _ => false,
    }
}
