//! Is everything in the key that decides what is loaded?

use super::handles::is_handle;
use super::variables::{Role, Variable, Variables, mentions};
use super::{Placeholder, Template, suggested};
use crate::errors::Errors;
use crate::item::Target;
use crate::suggest;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Expr, Ident, LitStr, Type};

pub(crate) struct Coverage<'a> {
    pub(crate) key: Option<&'a LitStr>,
    /// The parameters that need not be in it.
    pub(crate) skip: &'a [Ident],
    /// What leads to Redis, if that is written.
    pub(crate) redis: Option<&'a Expr>,
    pub(crate) words: &'a Words,
    pub(crate) target: &'a Target,
    pub(crate) variables: &'a Variables,
    /// What the function returns when it succeeds, as far as that shows.
    pub(crate) output: Option<&'a Type>,
}

/// What has to be told apart, for messages.
pub(crate) struct Words {
    /// What the parameters decide.
    pub(crate) decided: &'static str,
    /// What would come of two values of one parameter.
    pub(crate) two_values: &'static str,
    pub(crate) two_types: &'static str,
}

impl Coverage<'_> {
    pub(crate) fn check(&self, template: Option<&Template>, errors: &mut Errors) {
        self.check_skip(template, errors);
        let Some(template) = template else {
            return;
        };
        self.check_names(template, errors);
        let missing = self.missing(template);
        for unnamed in &self.variables.unnamed {
            if !is_handle(&unnamed.ty, &self.target.signature.generics) {
                errors.at(
                    unnamed.span,
                    "what this parameter is taken apart into cannot be in the key: give it a name, and take it apart in the body",
                );
            }
        }
        if missing.is_empty() {
            return;
        }
        if let Some(key) = self.key
            && template.placeholders().next().is_none()
        {
            errors.at(
                key.span(),
                format!(
                    "this key is the same for all calls, and `{}` is called with different arguments: write `key = \"{}\"`, \
                     or `skip({})` for what does not decide {}",
                    self.target.signature.ident,
                    self.suggested(),
                    names(&missing),
                    self.words.decided,
                ),
            );
            return;
        }
        for variable in missing {
            errors.at(variable.name.span(), self.not_in_key(variable));
        }
    }

    /// A key for this function.
    pub(crate) fn suggested(&self) -> String {
        let names: Vec<_> = self
            .variables
            .all
            .iter()
            .filter(|variable| self.decides(variable))
            .map(Variable::text)
            .collect();
        suggested(&self.target.signature.ident.unraw().to_string(), &names)
    }

    fn not_in_key(&self, variable: &Variable) -> String {
        let (name, text) = (&variable.name, variable.text());
        let Words {
            decided,
            two_values,
            two_types,
        } = self.words;
        match variable.role {
            Role::Type => format!(
                "`{name}` is not in the key, and {two_types}: write `{{{text}}}` in it, \
                 or `skip({name})` if one key never leads to two types"
            ),
            _ => format!(
                "`{name}` is not in the key, and {two_values}: write `{{{text}}}` in the key, \
                 or `skip({name})` if it does not decide {decided}"
            ),
        }
    }

    fn missing(&self, template: &Template) -> Vec<&Variable> {
        let is_in_key = |variable: &Variable| {
            template
                .placeholders()
                .any(|placeholder| is_of(&placeholder.root, variable))
        };
        self.variables
            .all
            .iter()
            .filter(|variable| self.decides(variable) && !is_in_key(variable))
            .collect()
    }

    /// Does it decide what is loaded, as far as is known?
    fn decides(&self, variable: &Variable) -> bool {
        let is_skipped = self
            .skip
            .iter()
            .any(|name| name.unraw() == variable.name.unraw());
        if is_skipped {
            return false;
        }
        match &variable.role {
            Role::Parameter { ty, .. } | Role::Binding { ty, .. } => {
                !self.leads_to_store(variable, ty)
            }
            Role::Const => true,
            Role::Type => self.selects(variable),
        }
    }

    fn leads_to_store(&self, variable: &Variable, ty: &Type) -> bool {
        let is_redis = self.redis.is_some_and(
            |redis| matches!(redis, Expr::Path(path) if path.path.is_ident(&variable.name)),
        );
        is_redis
            || mentions(ty.to_token_stream(), "Connector")
            || is_handle(ty, &self.target.signature.generics)
    }

    /// Is it a type that decides what is loaded: one that is returned, or that no parameter tells?
    fn selects(&self, variable: &Variable) -> bool {
        let name = variable.name.to_string();
        let is_told = self.variables.all.iter().any(|other| {
            other
                .ty()
                .is_some_and(|ty| mentions(ty.to_token_stream(), &name))
        });
        let is_told = is_told
            || self
                .variables
                .unnamed
                .iter()
                .any(|other| mentions(other.ty.to_token_stream(), &name));
        let is_returned = self
            .output
            .is_some_and(|output| mentions(output.to_token_stream(), &name));
        is_returned || !is_told
    }

    /// Each placeholder has to be something that is there.
    fn check_names(&self, template: &Template, errors: &mut Errors) {
        for placeholder in template.placeholders() {
            let name = &placeholder.root;
            if name == "self" {
                self.check_self(placeholder, errors);
                continue;
            }
            match self.variables.find(name) {
                None => errors.at(
                    placeholder.span,
                    format!(
                        "`{name}` in the key is not a parameter of `{}`{}",
                        self.target.signature.ident,
                        self.hint(name, |variable| self.decides(variable))
                    ),
                ),
                Some(Variable {
                    role: Role::Type, ..
                }) if !placeholder.fields.is_empty() || placeholder.debug => errors.at(
                    placeholder.span,
                    format!(
                        "`{name}` is a type, which is written with its name: write `{{{name}}}`"
                    ),
                ),
                Some(variable) => {
                    if let Some(cfg) = variable.cfgs.first() {
                        errors.over(
                            cfg,
                            "a parameter that is not always there cannot be in the key: put the condition on the whole function",
                        );
                    }
                }
            }
        }
    }

    fn check_self(&self, placeholder: &Placeholder, errors: &mut Errors) {
        if self.variables.receiver.is_none() {
            errors.at(
                placeholder.span,
                format!(
                    "`{}` has no `self`: it is not a method",
                    self.target.signature.ident
                ),
            );
        }
    }

    /// `; did you mean …?`
    fn hint(&self, written: &str, known: impl Fn(&&Variable) -> bool) -> String {
        let names = self.variables.all.iter().filter(known);
        let names: Vec<_> = names.map(Variable::text).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        match names[..] {
            [] => ", which has none".to_owned(),
            _ => suggest::hint(written, &names),
        }
    }

    fn check_skip(&self, template: Option<&Template>, errors: &mut Errors) {
        let skipped = self.skip;
        for (index, name) in skipped.iter().enumerate() {
            let plain = name.unraw();
            let is_twice = skipped
                .iter()
                .take(index)
                .any(|earlier| earlier.unraw() == plain);
            if is_twice {
                errors.at(
                    name.span(),
                    format!("`{name}` is named twice: keep one of them"),
                );
            } else if name == "self" {
                errors.at(
                    name.span(),
                    "`self` is not in the key unless you write a field of it, `{self.tenant}`: leave it out here",
                );
            } else if self.variables.find(&plain.to_string()).is_none() {
                errors.at(
                    name.span(),
                    format!(
                        "`{name}` is not a parameter of `{}`{}",
                        self.target.signature.ident,
                        self.hint(&plain.to_string(), |_| true)
                    ),
                );
            } else if let Some(template) = template
                && template
                    .placeholders()
                    .any(|placeholder| plain == placeholder.root)
            {
                errors.at(
                    name.span(),
                    format!("`{name}` is in the key: leave it out here, or there"),
                );
            }
        }
    }
}

fn is_of(root: &str, variable: &Variable) -> bool {
    root.strip_prefix("r#").unwrap_or(root) == variable.text()
}

fn names(variables: &[&Variable]) -> String {
    let names: Vec<_> = variables
        .iter()
        .map(|variable| variable.name.to_string())
        .collect();
    names.join(", ")
}
