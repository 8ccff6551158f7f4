//! [`CachedArgs`] and [`Target`] together, checked, with nothing left to decide.

mod background;
mod invalidate;
mod redis;
mod settings;

pub(super) use self::background::Owned;
pub(super) use self::invalidate::Invalidate;
pub(super) use self::settings::{Life, Setting, Time};
use super::args::{self, CachedArgs};
use super::{check, defaults, signature};
use crate::args::{Amount, Switch, Written};
use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::key;
use crate::key::coverage::{Coverage, Words};
use crate::key::parts::{KeyPart, parts};
use crate::key::variables::Variables;
use crate::plan::limit::{self, Shared};
use crate::plan::policy::{self, Policy};
use crate::plan::{UserCode, krate};
use crate::types;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{ExprPath, Type};

/// Everything that expansion has to know.
pub(super) struct Plan {
    pub(super) krate: TokenStream,
    pub(super) target: Target,
    pub(super) mode: Mode,
    /// What is declared of the cache, in a `static`.
    pub(super) prefix: Option<TokenStream>,
    pub(super) settings: Vec<Setting>,
    pub(super) policy: Policy,
    pub(super) breaker: Breaker,
    pub(super) codec: Option<ExprPath>,
    /// What is kept in the process.
    pub(super) near: Option<Near>,
    pub(super) key: Vec<KeyPart>,
    /// What leads to the `Connector`, without a reference to it.
    pub(super) redis: TokenStream,
    pub(super) life: Life,
    pub(super) negative_on: Option<TokenStream>,
    pub(super) coalesce: bool,
    pub(super) limit: Option<Shared>,
    pub(super) limit_wait: Option<TokenStream>,
    pub(super) invalidate: Option<Invalidate>,
    pub(super) output: Type,
    /// The whole declared type, where a conflict about it shows.
    pub(super) output_span: Span,
    /// The error type, or what comes nearest.
    pub(super) error_span: Span,
    pub(super) value_span: Span,
}

pub(super) enum Mode {
    Sync,
    /// The caller's future runs the body.
    Borrowed,
    /// A task of its own does, with what it owns.
    Background {
        owned: Vec<Owned>,
        /// `self` is one of them, and has another name in the body.
        rename_self: bool,
    },
}

/// How a value that is kept in the process is known to be good.
#[derive(Clone, Copy)]
pub(super) enum Near {
    Timed,
    Tracked,
}

/// Whose breaker attempts to reach Redis ask.
pub(super) enum Breaker {
    /// The `Connector`'s.
    OfRedis,
    Off,
    Own(TokenStream),
}

const WORDS: Words = Words {
    decided: "what is loaded",
    two_values: "what is loaded for two values of it would share an entry",
    two_types: "values of two types would share an entry",
};

impl Plan {
    /// `None` if a mistake makes the rest meaningless; there may be errors nevertheless.
    pub(super) fn new(
        args: CachedArgs,
        target: Option<Target>,
        errors: &mut Errors,
    ) -> Option<Self> {
        check::check(&args, errors);
        let literal = args.key.as_ref().map(|key| &key.value);
        let template = literal.and_then(|key| key::parse(key, errors));
        let target = target?;
        let output = signature::check(&target, errors);
        let variables = Variables::of(&target);
        let coverage = Coverage {
            key: literal,
            skip: args.skip.as_ref().map_or(&[], |skip| &skip.value),
            redis: args.redis.as_ref().map(|redis| &*redis.value),
            words: &WORDS,
            target: &target,
            variables: &variables,
            output: output.as_ref(),
        };
        check::check_needed(&args, &coverage, errors);
        coverage.check(template.as_ref(), errors);
        let is_sync = matches!(target.shape, Shape::Sync(_));
        if is_sync {
            check_sync(&args, errors);
        }
        check_constants(&args, &variables, errors);
        let redis = redis::place(&args, &target, &variables, errors);
        let needs_background = background::is_wanted(&args) && !is_sync;
        let background =
            needs_background.then(|| background::plan(&args, &target, &variables, errors));
        let output = output?;
        signature::check_negative(&args, &output, errors);
        let (template, redis) = (template?, redis?);
        let user = UserCode {
            rename_self: matches!(target.shape, Shape::AsyncTrait(_)),
        };
        let invalidate = invalidate::plan(
            &args, &target, &variables, &template, &redis, &output, errors,
        );
        let is_shown = |ty: Option<&Type>| types::telling_span(ty.unwrap_or(&output));
        Some(Plan {
            mode: match background {
                None if is_sync => Mode::Sync,
                None => Mode::Borrowed,
                Some((owned, rename_self)) => Mode::Background { owned, rename_self },
            },
            key: parts(template, &variables),
            settings: settings::plan(&args),
            prefix: args
                .prefix
                .as_ref()
                .map(|prefix| prefix.value.to_token_stream()),
            life: settings::life(&args, &output, user),
            negative_on: args
                .negative_on
                .as_ref()
                .map(|negative| user.tokens(&negative.value)),
            coalesce: args.coalesce.as_ref().is_none_or(|coalesce| coalesce.value),
            limit: args
                .common
                .limit
                .as_ref()
                .map(|limit| limit::shared(&limit.value, user)),
            limit_wait: args
                .limit_wait
                .as_ref()
                .map(|wait| settings::duration(&wait.value)),
            breaker: match args.common.breaker.as_ref().map(|breaker| &breaker.value) {
                None => Breaker::OfRedis,
                Some(Switch::Off) => Breaker::Off,
                Some(Switch::On(breaker)) => {
                    Breaker::Own(crate::args::referenced(breaker).to_token_stream())
                }
            },
            codec: args.codec.as_ref().map(|codec| codec.value.clone()),
            near: args.near.as_ref().map(|near| match near.value {
                args::Near::For(_) => Near::Timed,
                args::Near::Tracking => Near::Tracked,
            }),
            redis: user.tokens(&redis),
            invalidate,
            output_span: output.span(),
            error_span: is_shown(types::error_type(&output)),
            value_span: is_shown(types::value_type(&output)),
            output,
            krate: krate(args.common.krate.as_ref().map(|krate| krate.value.clone())),
            policy: way(args, &target, is_sync, user),
            target,
        })
    }
}

/// The policy of the way to Redis, which has defaults of its own.
fn way(args: CachedArgs, target: &Target, is_sync: bool, user: UserCode) -> Policy {
    let mut common = args.common;
    let here = Span::call_site();
    common.retries.get_or_insert(Written {
        key: here,
        value: Amount::Literal(defaults::RETRIES),
    });
    if !is_sync {
        common.timeout.get_or_insert(Written {
            key: here,
            value: Switch::On(Amount::Literal(defaults::TIMEOUT)),
        });
    }
    policy::plan(&common, target, !is_sync, false, user)
}

fn check_sync(args: &CachedArgs, errors: &mut Errors) {
    check::check_sync(args, errors);
    if let Some(timeout) = &args.common.timeout
        && matches!(timeout.value, Switch::On(_))
    {
        errors.at(
            timeout.key,
            "a sync function cannot be interrupted: set the read timeout of the `Connector` instead",
        );
    }
}

/// What is declared once for all calls cannot use what only one of them has.
fn check_constants(args: &CachedArgs, variables: &Variables, errors: &mut Errors) {
    for (option, expression) in settings::constants(args) {
        if let Some((name, span)) = variables.found_in(&expression) {
            let hint = match option {
                "near" | "negative_ttl" => "; `ttl = |value| …` decides for each value",
                _ => "",
            };
            errors.at(
                span,
                format!("`{option}` is the same for all calls, it cannot depend on `{name}`: write a literal, or name a constant{hint}"),
            );
        }
    }
}
