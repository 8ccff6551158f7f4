//! The tokens between the parentheses of `#[redis_cached]`, as [`CachedArgs`].

mod advice;
mod life;
mod option;

pub(super) use self::life::{Near, Ttl};
use crate::args::option::find;
use crate::args::value::Value;
use crate::args::{Amount, Args, BackoffArg, Curve, Setting, Written, each_option, path, set};
use crate::cached::defaults;
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use std::time::Duration;
use syn::parse::ParseStream;
use syn::{Expr, ExprPath, LitStr, Path, Result};

/// What was written, each option with the place of its name.
#[derive(Default)]
pub(super) struct CachedArgs {
    /// The way to Redis and what is named as for `#[redis_resilient]`. The rest of it stays empty.
    pub(super) common: Args,
    pub(super) key: Setting<LitStr>,
    pub(super) prefix: Setting<Expr>,
    pub(super) version: Setting<u32>,
    pub(super) ttl: Setting<Ttl>,
    pub(super) negative_ttl: Setting<Amount<Duration>>,
    pub(super) negative_on: Setting<Expr>,
    /// The random part of a life, as a fraction.
    pub(super) jitter: Setting<Amount<f64>>,
    pub(super) stale_if_error: Setting<Amount<Duration>>,
    pub(super) stale_while_revalidate: Setting<Amount<Duration>>,
    pub(super) soft_timeout: Setting<Amount<Duration>>,
    /// The beta of `XFetch`; `None` is off.
    pub(super) refresh_ahead: Setting<Option<f64>>,
    pub(super) lease: Setting<Amount<Duration>>,
    pub(super) near: Setting<Near>,
    pub(super) codec: Setting<ExprPath>,
    pub(super) limit_wait: Setting<Amount<Duration>>,
    pub(super) invalidate: Setting<Path>,
    pub(super) skip: Setting<Vec<Ident>>,
    pub(super) background: Setting<bool>,
    pub(super) coalesce: Setting<bool>,
    pub(super) redis: Setting<Box<Expr>>,
    /// The options that are there, whether they can be read or not.
    written: Vec<&'static str>,
}

/// The names of all options.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    option::OPTIONS.into_iter().map(|known| known.name)
}

impl CachedArgs {
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = CachedArgs::default();
        each_option(tokens, "ttl = \"10m\"", errors, |input, key, errors| {
            args.option(input, &key, errors)
        });
        args.pauses();
        args
    }

    /// The pauses before a retry have defaults of their own.
    fn pauses(&mut self) {
        let key = Span::call_site();
        if !self.is_written("backoff") {
            let value = BackoffArg::Curve(Curve::Fixed);
            self.common.backoff = Some(Written { key, value });
        }
        let backoff = self.common.backoff.as_ref().map(|backoff| &backoff.value);
        let is_shaped = matches!(backoff, Some(BackoffArg::Curve(curve)) if *curve != Curve::None);
        if is_shaped && !self.is_written("delay") {
            let value = Amount::Literal(defaults::DELAY);
            self.common.delay = Some(Written { key, value });
        }
    }

    /// Is it there, even if with a value that cannot be read?
    pub(super) fn is_written(&self, option: &str) -> bool {
        self.written.contains(&option)
    }

    fn option(&mut self, input: ParseStream<'_>, key: &Ident, errors: &mut Errors) -> Result<()> {
        let known = find(&option::OPTIONS, advice::foreign_option, key)?;
        self.written.push(known.name);
        if known.name == "skip" {
            let names = path::parameters(input, key, known);
            return set(&mut self.skip, key, names, errors);
        }
        let value = Value::read(input, key, known)?;
        let common = &mut self.common;
        match known.name {
            "key" => set(&mut self.key, key, value.key(), errors),
            "prefix" => set(&mut self.prefix, key, value.prefix(), errors),
            "version" => set(&mut self.version, key, value.version(), errors),
            "ttl" => set(&mut self.ttl, key, value.ttl(), errors),
            "negative_ttl" => set(&mut self.negative_ttl, key, value.duration(), errors),
            "negative_on" => set(&mut self.negative_on, key, value.expression(), errors),
            "jitter" => set(&mut self.jitter, key, value.fraction(), errors),
            "stale_if_error" => set(&mut self.stale_if_error, key, value.duration(), errors),
            "stale_while_revalidate" => {
                let duration = value.duration();
                set(&mut self.stale_while_revalidate, key, duration, errors)
            }
            "soft_timeout" => set(&mut self.soft_timeout, key, value.duration(), errors),
            "refresh_ahead" => set(&mut self.refresh_ahead, key, value.beta(), errors),
            "lease" => set(&mut self.lease, key, value.duration(), errors),
            "near" => set(&mut self.near, key, value.near(), errors),
            "codec" => set(&mut self.codec, key, value.codec(), errors),
            "limit" => set(&mut common.limit, key, value.loads(), errors),
            "limit_wait" => set(&mut self.limit_wait, key, value.duration(), errors),
            "invalidate" => set(&mut self.invalidate, key, value.function(), errors),
            "background" => set(&mut self.background, key, value.bool(), errors),
            "coalesce" => set(&mut self.coalesce, key, value.bool(), errors),
            "redis" => set(&mut self.redis, key, value.redis(), errors),
            "timeout" => set(&mut common.timeout, key, value.timeout(), errors),
            "retries" => set(&mut common.retries, key, value.retries(), errors),
            "backoff" => set(&mut common.backoff, key, value.backoff(), errors),
            "delay" => set(&mut common.delay, key, value.duration(), errors),
            "max_delay" => set(&mut common.max_delay, key, value.duration(), errors),
            "factor" => set(&mut common.factor, key, value.factor(), errors),
            "breaker" => set(&mut common.breaker, key, value.breaker(), errors),
            "name" => set(&mut common.name, key, value.name(), errors),
            _ => set(&mut common.krate, key, value.crate_path(), errors),
        }
    }
}
