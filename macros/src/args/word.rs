//! Options with a few words to choose from.

use super::value::{Kind, Value};
use super::{BackoffArg, referenced};
use crate::suggest;
use syn::{Expr, Result};

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Curve {
    #[default]
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

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Jitter {
    #[default]
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
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum FallbackOn {
    #[default]
    Unusable,
    Outage,
}

const FAILURES: &[(&str, FallbackOn)] = &[
    ("unusable", FallbackOn::Unusable),
    ("outage", FallbackOn::Outage),
];

impl Value {
    pub(crate) fn backoff(&self) -> Result<BackoffArg> {
        match self.kind() {
            // `backoff = exp` would be looked up as a `Backoff` of that name: nobody means that.
            Kind::Expression if meant(&self.expression, CURVES).is_none() => {
                Ok(BackoffArg::Custom(Box::new(self.expression.clone())))
            }
            _ => self.word(CURVES).map(BackoffArg::Curve),
        }
    }

    pub(crate) fn jitter(&self) -> Result<Jitter> {
        self.word(JITTERS)
    }

    pub(crate) fn fallback_on(&self) -> Result<FallbackOn> {
        self.word(FAILURES)
    }

    fn word<T: Copy>(&self, words: &[(&'static str, T)]) -> Result<T> {
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
                let quoted = match meant(&self.expression, words) {
                    Some(word) => format!("{name} = \"{word}\""),
                    None => self.known.example.to_owned(),
                };
                Err(self.error(format!("expected a word in quotes: write `{quoted}`")))
            }
        }
    }
}

/// The words of what holds where nothing is written.
#[cfg(test)]
pub(crate) fn defaults() -> [&'static str; 3] {
    fn word<T: Default + PartialEq>(words: &[(&'static str, T)]) -> &'static str {
        let default = words.iter().find(|(_, value)| *value == T::default());
        default.map_or("none", |(word, _)| word)
    }
    [word(CURVES), word(JITTERS), word(FAILURES)]
}

/// The word that is meant by one without quotes.
fn meant<T>(expression: &Expr, words: &[(&'static str, T)]) -> Option<&'static str> {
    let Expr::Path(path) = referenced(expression) else {
        return None;
    };
    let written = path.path.get_ident()?.to_string();
    let foreign = suggest::foreign_word(&written);
    let mut words = words.iter().map(|(word, _)| *word);
    words.find(|word| *word == written || Some(*word) == foreign)
}
