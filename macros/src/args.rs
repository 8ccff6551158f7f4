//! The tokens between the parentheses of the attribute, as [`Args`].
//!
//! Whatever is wrong with one option, the others are still read: the attribute is edited by hand,
//! and half of it is often not typed yet.

pub(crate) mod duration;
mod fallback;
mod key;
mod limit;
pub(crate) mod option;
pub(crate) mod path;
mod scalar;
pub(crate) mod value;
mod word;

pub(crate) use self::fallback::{Form, Item};
pub(crate) use self::limit::Limit;
use self::value::{Value, up_to_comma};
#[cfg(test)]
pub(crate) use self::word::defaults as default_words;
pub(crate) use self::word::{Curve, FallbackOn, Jitter};
use crate::errors::Errors;
use crate::suggest;
use proc_macro2::{Ident, Span, TokenStream};
use std::time::Duration;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, LitStr, Path, Result, Token};

/// What was written, each option with the place of its name.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) retries: Setting<Amount<u32>>,
    pub(crate) backoff: Setting<BackoffArg>,
    pub(crate) delay: Setting<Amount<Duration>>,
    pub(crate) max_delay: Setting<Amount<Duration>>,
    pub(crate) factor: Setting<Amount<f64>>,
    pub(crate) jitter: Setting<Jitter>,
    pub(crate) timeout: Setting<Switch<Amount<Duration>>>,
    pub(crate) deadline: Setting<Amount<Duration>>,
    pub(crate) hedge: Setting<Amount<Duration>>,
    pub(crate) breaker: Setting<Switch<Expr>>,
    pub(crate) fallback: Setting<Vec<Item>>,
    /// Whether there is one that cannot be read.
    pub(crate) fallback_is_wrong: bool,
    pub(crate) fallback_on: Setting<FallbackOn>,
    pub(crate) fallback_limit: Setting<Switch<Limit>>,
    /// What calls have to have in common that share an answer.
    pub(crate) key: Setting<LitStr>,
    pub(crate) skip: Setting<Vec<Ident>>,
    pub(crate) coalesce: Setting<bool>,
    pub(crate) stale: Setting<Amount<Duration>>,
    /// What names a `Bulkhead` around attempts, without a reference to it.
    pub(crate) limit: Setting<Box<Expr>>,
    pub(crate) idempotent: Setting<bool>,
    /// Written, and so `false`.
    pub(crate) budget: Setting<()>,
    pub(crate) classify: Setting<Expr>,
    pub(crate) clone: Setting<Vec<Ident>>,
    pub(crate) name: Setting<LitStr>,
    pub(crate) krate: Setting<Path>,
    /// The options that are there, whether they can be read or not.
    written: Vec<&'static str>,
}

pub(crate) type Setting<T> = Option<Written<T>>;

pub(crate) struct Written<T> {
    pub(crate) key: Span,
    pub(crate) value: T,
}

/// A number or a duration that is known here, or only when the program runs.
pub(crate) enum Amount<T> {
    Literal(T),
    Computed(Box<Expr>),
}

impl<T: Copy> Amount<T> {
    pub(crate) fn literal(&self) -> Option<T> {
        match self {
            Amount::Literal(value) => Some(*value),
            Amount::Computed(_) => None,
        }
    }
}

/// A value, or `false`.
pub(crate) enum Switch<T> {
    Off,
    On(T),
}

pub(crate) enum BackoffArg {
    Curve(Curve),
    Custom(Box<Expr>),
}

impl Args {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Args::default();
        each_option(tokens, "retries = 3", errors, |input, key, errors| {
            args.option(input, &key, errors)
        });
        args
    }

    /// Is it there, even if with a value that cannot be read?
    pub(crate) fn is_written(&self, option: &str) -> bool {
        self.written.contains(&option)
    }

    fn option(&mut self, input: ParseStream<'_>, key: &Ident, errors: &mut Errors) -> Result<()> {
        let known = option::find(&option::OPTIONS, suggest::foreign_option, key)?;
        self.written.push(known.name);
        if known.name == "clone" {
            let names = path::parameters(input, key, known);
            return set(&mut self.clone, key, names, errors);
        }
        if known.name == "skip" {
            let names = path::parameters(input, key, known);
            return set(&mut self.skip, key, names, errors);
        }
        let value = Value::read(input, key, known)?;
        match known.name {
            "retries" => set(&mut self.retries, key, value.retries(), errors),
            "backoff" => set(&mut self.backoff, key, value.backoff(), errors),
            "delay" => set(&mut self.delay, key, value.duration(), errors),
            "max_delay" => set(&mut self.max_delay, key, value.duration(), errors),
            "factor" => set(&mut self.factor, key, value.factor(), errors),
            "jitter" => set(&mut self.jitter, key, value.jitter(), errors),
            "timeout" => set(&mut self.timeout, key, value.timeout(), errors),
            "deadline" => set(&mut self.deadline, key, value.duration(), errors),
            "hedge" => set(&mut self.hedge, key, value.duration(), errors),
            "breaker" => set(&mut self.breaker, key, value.breaker(), errors),
            "fallback" => {
                let items = fallback::items(&value, errors);
                self.fallback_is_wrong |= items.is_err();
                set(&mut self.fallback, key, items, errors)
            }
            "fallback_on" => set(&mut self.fallback_on, key, value.fallback_on(), errors),
            "fallback_limit" => set(
                &mut self.fallback_limit,
                key,
                value.fallback_limit(),
                errors,
            ),
            "key" => set(&mut self.key, key, value.key(), errors),
            "coalesce" => set(&mut self.coalesce, key, value.coalesced(), errors),
            "stale" => set(&mut self.stale, key, value.duration(), errors),
            "limit" => set(&mut self.limit, key, value.limit(), errors),
            "idempotent" => set(&mut self.idempotent, key, value.bool(), errors),
            "budget" => set(&mut self.budget, key, value.budget(), errors),
            "classify" => set(&mut self.classify, key, value.expression(), errors),
            "name" => set(&mut self.name, key, value.name(), errors),
            _ => set(&mut self.krate, key, value.crate_path(), errors),
        }
    }
}

/// Hands each option to `option`, which reads what follows its name.
pub(crate) fn each_option(
    tokens: TokenStream,
    example: &str,
    errors: &mut Errors,
    mut option: impl FnMut(ParseStream<'_>, Ident, &mut Errors) -> Result<()>,
) {
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let read = match input.call(Ident::parse_any) {
                Ok(key) => option(input, key, errors),
                Err(_) => Err(input.error(format!("expected an option, like `{example}`"))),
            };
            if let Err(error) = read {
                errors.push(error);
            }
            up_to_comma(input);
            let _: Option<Token![,]> = input.parse()?;
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
}

pub(crate) fn set<T>(
    slot: &mut Setting<T>,
    key: &Ident,
    value: Result<T>,
    errors: &mut Errors,
) -> Result<()> {
    if slot.is_some() {
        errors.at(
            key.span(),
            format!("`{key}` is given twice: keep one of them"),
        );
    }
    let value = value?;
    slot.get_or_insert(Written {
        key: key.span(),
        value,
    });
    Ok(())
}

/// What is behind `&`, `&mut` and parentheses.
pub(crate) fn referenced(expression: &Expr) -> &Expr {
    match expression {
        Expr::Reference(reference) => referenced(&reference.expr),
        Expr::Paren(paren) => referenced(&paren.expr),
        Expr::Group(group) => referenced(&group.expr),
        other => other,
    }
}

/// Something with a place of its own, that is there before and after the call.
pub(crate) fn is_place(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::Unary(_)
    )
}

/// Does it name a `static`, as far as that can be seen? The compiler wants them in capitals.
pub(crate) fn names_static(expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| is_in_capitals(&last.ident.to_string()))
        }
        _ => false,
    }
}

pub(crate) fn is_in_capitals(name: &str) -> bool {
    name.len() > 1
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
