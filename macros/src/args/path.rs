//! What is named by a path.

use super::Switch;
use super::option::Known;
use super::value::{Kind, Value};
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Path, Result, Token};

impl Value {
    pub(crate) fn expression(&self) -> Result<Expr> {
        match self.kind() {
            Kind::Expression => Ok(self.expression.clone()),
            Kind::Text(text) if syn::parse_str::<Path>(&text.value()).is_ok() => {
                Err(self.error(format!(
                    "expected a path, without quotes: write `{} = {}`",
                    self.known.name,
                    text.value()
                )))
            }
            _ => Err(self.expected("a path")),
        }
    }

    pub(crate) fn breaker(&self) -> Result<Switch<Expr>> {
        match self.kind() {
            Kind::Bool(false) => Ok(Switch::Off),
            Kind::Bool(true) => Err(self.error(
                "the shared breaker is used unless you write `breaker = false`; \
             for one of your own write its path: `breaker = SESSIONS`",
            )),
            Kind::Text(text) => {
                let written = text.value();
                let name = static_name(&written);
                Err(self.error(format!(
                "a breaker is named by a path, so that a misspelling cannot make a second one: declare \
                 `static {name}: Breaker = Breaker::new(\"{written}\");` and write `breaker = {name}`"
            )))
            }
            _ => {
                let expression = self.expression()?;
                if is_new(&expression) {
                    return Err(self.error(
                        "a breaker that is made here is a new one for each call, and never opens: declare \
                         `static SESSIONS: Breaker = Breaker::new(\"sessions\");` and write `breaker = SESSIONS`",
                    ));
                }
                Ok(Switch::On(expression))
            }
        }
    }

    pub(crate) fn crate_path(&self) -> Result<Path> {
        let path = match &self.expression {
            Expr::Path(path) if path.qself.is_none() => path.path.clone(),
            _ => {
                let Kind::Text(text) = self.kind() else {
                    return Err(self.expected("a path"));
                };
                return Err(self.error(format!(
                    "expected a path, without quotes: write `crate = {}`",
                    text.value()
                )));
            }
        };
        match path.segments.first() {
            Some(first) if first.ident == "self" || first.ident == "super" => {
                Err(self.error(format!(
                    "`{}` depends on the module the attribute is in: start with `crate::` or `::`",
                    first.ident
                )))
            }
            _ => Ok(path),
        }
    }
}

/// `Breaker::new("sessions").failure_threshold(3)`, and `Arc::new(…)` of that.
fn is_new(expression: &Expr) -> bool {
    match expression {
        Expr::Reference(reference) => is_new(&reference.expr),
        Expr::Paren(paren) => is_new(&paren.expr),
        Expr::Group(group) => is_new(&group.expr),
        Expr::MethodCall(call) => is_new(&call.receiver),
        Expr::Closure(closure) => is_new(&closure.body),
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return false;
            };
            let mut names = path.path.segments.iter().rev().map(|name| &name.ident);
            names.next().is_some_and(|last| last == "new")
                && (names.next().is_some_and(|name| name == "Breaker")
                    || call.args.iter().any(is_new))
        }
        _ => false,
    }
}

/// `"user-sessions"` as the name of a `static`.
fn static_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        _ => "SESSIONS".to_owned(),
    }
}

/// `(a, b)` after the key of an option that names parameters.
pub(crate) fn parameters(input: ParseStream<'_>, key: &Ident, known: Known) -> Result<Vec<Ident>> {
    let Known { name, example, .. } = known;
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(
            key.span(),
            format!("`{name}` takes names of parameters in parentheses: write `{example}`"),
        ));
    }
    let content;
    syn::parenthesized!(content in input);
    if content.is_empty() {
        return Err(Error::new(
            key.span(),
            format!("`{name}` names no parameter: write `{example}`"),
        ));
    }
    let names = content.call(|content: ParseStream<'_>| {
        Punctuated::<Ident, Token![,]>::parse_terminated_with(content, Ident::parse_any)
    });
    names
        .map(|names| names.into_iter().collect())
        .map_err(|error| {
            // What is left unread would be an error of its own.
            let _ = content.parse::<TokenStream>();
            Error::new(
                error.span(),
                format!(
                    "expected names of parameters, with commas between them: write `{name}(key, value)`"
                ),
            )
        })
}
