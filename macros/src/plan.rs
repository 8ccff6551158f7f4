//! [`Args`] and [`Target`] together, checked, with nothing left to decide.

pub(crate) mod answers;
mod commands;
pub(crate) mod connectors;
mod docs;
pub(crate) mod duration;
mod hedge;
pub(crate) mod limit;
pub(crate) mod parameters;
pub(crate) mod policy;
pub(crate) mod signature;
mod used_up;

use self::answers::Answers;
pub(crate) use self::limit::{Limit, Shared};
use self::parameters::Parameters;
pub(crate) use self::parameters::Rebind;
pub(crate) use self::policy::{Backoff, Name, Policy, Setter, number};
use crate::args::{Args, Form, Item, Switch, is_place, names_static, referenced};
use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::types;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Path, Type};

/// Everything that expansion has to know.
pub(crate) struct Plan {
    pub(crate) krate: TokenStream,
    pub(crate) target: Target,
    /// To be added to the documentation of the function.
    pub(crate) docs: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) policy: Policy,
    pub(crate) breaker: Breaker,
    pub(crate) class: Option<TokenStream>,
    /// Nothing is said of it, and the body shows a command that must not be repeated.
    pub(crate) shows_non_idempotent: bool,
    pub(crate) fallback: Vec<Fallback>,
    /// Does a second attempt start beside a first one that takes long?
    pub(crate) hedged: bool,
    /// How many attempts run at once.
    pub(crate) limit: Option<Shared>,
    pub(crate) fallback_limit: Option<Limit>,
    /// What calls with the same key share.
    pub(crate) answers: Option<Answers>,
    pub(crate) prelude: Vec<Rebind>,
    /// The declared type of a result; `impl Trait` in it is `_`.
    pub(crate) output: Type,
    /// The whole declared type, where a conflict about it shows.
    pub(crate) output_span: Span,
    /// The error type, or what comes nearest.
    pub(crate) error_span: Span,
    /// Where the loop shows.
    pub(crate) loop_span: Span,
}

pub(crate) enum Mode {
    Sync,
    Async {
        /// Is there a `timeout`, a `deadline`, a `hedge` or a breaker that has to know which code is part of an attempt?
        watched: bool,
    },
}

pub(crate) enum Breaker {
    Off,
    Default {
        /// Where a `Connector` may be, whose Redis has one of its own. Without a reference to it.
        connectors: Vec<TokenStream>,
    },
    Own {
        /// Without a reference to it.
        expression: TokenStream,
        place: Place,
        span: Span,
    },
}

/// Where a breaker is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// By its name a `static`.
    Static,
    /// Something that is there before and after the call.
    Elsewhere,
    /// What an expression makes, which has to be kept.
    Made,
}

pub(crate) struct Fallback {
    pub(crate) form: Form,
    /// The callee for functions and methods, else the whole expression.
    pub(crate) expression: TokenStream,
    pub(crate) arguments: Vec<TokenStream>,
    pub(crate) span: Span,
    /// A value, not work.
    pub(crate) plain: bool,
    /// A function of its own, not one that the function is given: its parameters may be counted.
    pub(crate) is_counted: bool,
}

/// What comes out of the loop when the fallback is to answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Nothing,
    /// Its own error.
    Error,
    /// Its own error, or none: then there is a rejection.
    ErrorOrRejection,
}

impl Plan {
    /// `None` if a mistake makes the rest meaningless; there may be errors nevertheless.
    pub(crate) fn new(args: Args, target: Option<Target>, errors: &mut Errors) -> Option<Self> {
        policy::check(&args, errors);
        limit::check(&args, errors);
        answers::check(&args, errors);
        let target = target?;
        let output = signature::check(&args, &target, errors);
        let parameters = Parameters::of(&target);
        parameters.check_clones(&args, errors);
        let is_async = !matches!(target.shape, Shape::Sync(_));
        if !is_async
            && let Some(timeout) = &args.timeout
            && matches!(timeout.value, Switch::On(_))
        {
            errors.at(
                timeout.key,
                "a sync function cannot be interrupted: set the read timeout of the connection instead \
                 (`deadline` works here: it bounds the whole call)",
            );
        }
        let user = UserCode {
            rename_self: matches!(target.shape, Shape::AsyncTrait(_)),
        };
        let redis = || connectors::places(&target, &parameters);
        let answers = answers::plan(&args, &target, output.as_ref(), redis, user, errors);
        let output = output?;
        used_up::check(&args, &target, &parameters, errors);

        let clones: Vec<Ident> = args
            .clone
            .iter()
            .flat_map(|clone| clone.value.clone())
            .collect();
        let loop_span = args
            .retries
            .as_ref()
            .map_or_else(Span::call_site, |retries| retries.key);
        let watched = args.deadline.is_some()
            || args.hedge.is_some()
            || !matches!(&args.timeout, Some(timeout) if matches!(timeout.value, Switch::Off))
            || !matches!(&args.breaker, Some(breaker) if matches!(breaker.value, Switch::Off));
        let commands = if policy::retries(&args) || args.hedge.is_some() {
            commands::non_idempotent(&target)
        } else {
            Vec::new()
        };
        hedge::check(&args, is_async, &commands, errors);
        if args.hedge.is_some() && is_async {
            parameters.check_hedged(&clones, &target, errors);
        }
        let shows_non_idempotent = args.idempotent.is_none() && !commands.is_empty();
        let connectors = match &args.breaker {
            None => connectors::places(&target, &parameters),
            Some(_) => Vec::new(),
        };
        let docs = docs::plan(&args, &target, is_async, &commands, &connectors);
        let policy = policy::plan(&args, &target, is_async, shows_non_idempotent, user);
        let shared = args.fallback.is_some()
            || args.key.is_some()
            || policy.computed
            || args.classify.is_some()
            || args.limit.is_some()
            || matches!(&args.breaker, Some(breaker) if matches!(breaker.value, Switch::On(_)));
        let prelude = parameters.prelude(&clones, &target.signature, shared);
        let fallback = parameters.fallbacks(args.fallback, &clones, user, errors);
        Some(Plan {
            krate: krate(args.krate.map(|krate| krate.value)),
            docs,
            mode: if is_async {
                Mode::Async { watched }
            } else {
                Mode::Sync
            },
            policy,
            breaker: breaker(args.breaker.map(|breaker| breaker.value), connectors, user),
            shows_non_idempotent,
            hedged: args.hedge.is_some(),
            class: args.classify.map(|classify| user.tokens(&classify.value)),
            limit: args.limit.map(|limit| limit::shared(&limit.value, user)),
            fallback_limit: limit::plan(args.fallback_limit, &fallback, user),
            fallback,
            answers,
            prelude,
            output_span: output.span(),
            error_span: types::telling_span(types::error_type(&output).unwrap_or(&output)),
            output: types::erase_impl_trait(output),
            loop_span,
            target,
        })
    }

    pub(crate) fn ending(&self) -> Ending {
        if !self.turns_away() && !self.closure_takes_error() {
            Ending::Nothing
        } else if self.may_be_stopped() {
            Ending::ErrorOrRejection
        } else {
            Ending::Error
        }
    }

    /// Does a call end for which there is no room in the fallback? A plain value at the end is there for all.
    pub(crate) fn turns_away(&self) -> bool {
        match self.fallback.last() {
            Some(last) => self.fallback_limit.is_some() && !last.plain,
            // There may be no stale value.
            None => self.serves_stale(),
        }
    }

    /// Is there anything that may answer when the attempts have failed?
    pub(crate) fn falls_back(&self) -> bool {
        !self.fallback.is_empty() || self.serves_stale()
    }

    /// Does the last good value stand in for an error?
    pub(crate) fn serves_stale(&self) -> bool {
        self.answers
            .as_ref()
            .is_some_and(|answers| answers.stale.is_some())
    }

    /// Can a call end before its attempts are used up, with no error of its own?
    pub(crate) fn may_be_stopped(&self) -> bool {
        !matches!(self.breaker, Breaker::Off)
            || matches!(self.mode, Mode::Async { watched: true })
            // It may be over before the next attempt.
            || self.policy.has_deadline
            || self.limit.is_some()
    }

    pub(crate) fn closure_takes_error(&self) -> bool {
        self.fallback
            .first()
            .is_some_and(|first| first.form == Form::Closure)
    }
}

/// Takes expressions of the attribute over into the body.
#[derive(Clone, Copy)]
pub(crate) struct UserCode {
    /// `#[async_trait]` renamed the `self` of the body.
    pub(crate) rename_self: bool,
}

impl UserCode {
    pub(crate) fn tokens(self, code: &impl ToTokens) -> TokenStream {
        let tokens = code.to_token_stream();
        if self.rename_self {
            rename_self(tokens)
        } else {
            tokens
        }
    }
}

fn rename_self(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(word) if word == "self" => Ident::new("__self", word.span()).into(),
            TokenTree::Group(group) => {
                let mut renamed = Group::new(group.delimiter(), rename_self(group.stream()));
                renamed.set_span(group.span());
                renamed.into()
            }
            other => other,
        })
        .collect()
}

pub(crate) fn krate(path: Option<Path>) -> TokenStream {
    path.map_or_else(
        || quote_spanned!(Span::mixed_site()=> ::redis_resilient),
        Path::into_token_stream,
    )
}

fn breaker(setting: Option<Switch<Expr>>, connectors: Vec<TokenStream>, user: UserCode) -> Breaker {
    let expression = match setting {
        None => return Breaker::Default { connectors },
        Some(Switch::Off) => return Breaker::Off,
        Some(Switch::On(expression)) => expression,
    };
    let expression = referenced(&expression);
    let last = match expression {
        Expr::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    };
    Breaker::Own {
        place: match expression {
            _ if names_static(expression) => Place::Static,
            _ if is_place(expression) && !is_made_and_followed(expression) => Place::Elsewhere,
            _ => Place::Made,
        },
        span: last.map_or_else(|| expression.span(), Ident::span),
        expression: match expression {
            Expr::Unary(_) if is_made_and_followed(expression) => {
                let expression = user.tokens(expression);
                quote_spanned!(Span::mixed_site()=> &#expression)
            }
            _ => user.tokens(expression),
        },
    }
}

/// `*self.breakers.read()`: what is followed has to be kept as well.
fn is_made_and_followed(expression: &Expr) -> bool {
    match expression {
        Expr::Unary(unary) => {
            let followed = referenced(&unary.expr);
            !is_place(followed) || is_made_and_followed(followed)
        }
        _ => false,
    }
}

impl Parameters {
    /// By its name, and not one of the parameters, or a `static`, which cannot be taken elsewhere.
    fn is_function(&self, expression: &Expr) -> bool {
        let Expr::Path(path) = expression else {
            return false;
        };
        let is_parameter = self.typed().any(|(name, _)| path.path.is_ident(name));
        !is_parameter && !names_static(expression)
    }

    /// The fallbacks as they will be called.
    fn fallbacks(
        &self,
        items: Option<crate::args::Written<Vec<Item>>>,
        clones: &[Ident],
        user: UserCode,
        errors: &mut Errors,
    ) -> Vec<Fallback> {
        let items = items.map(|items| items.value).unwrap_or_default();
        if items
            .iter()
            .any(|item| matches!(item.form, Form::Function | Form::Method))
        {
            self.check_names(errors);
        }
        let last = items.len().saturating_sub(1);
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| {
                // The last one may have the arguments for good.
                let clones = if index == last { &[] } else { clones };
                let plain = limit::is_plain(&item);
                let (expression, arguments) = match item.form {
                    Form::Function => (
                        user.tokens(&item.expression),
                        self.arguments(true, clones, item.span),
                    ),
                    Form::Method => (
                        user.tokens(&item.expression),
                        self.arguments(false, clones, item.span),
                    ),
                    Form::Closure | Form::Verdict | Form::Expression => {
                        (user.tokens(&item.expression), Vec::new())
                    }
                };
                Fallback {
                    form: item.form,
                    is_counted: arguments.len() <= 8 && self.is_function(&item.expression),
                    expression,
                    arguments,
                    span: item.span,
                    plain,
                }
            })
            .collect()
    }
}
