//! The forms of `fallback = …`.

use super::value::{Kind, Value};
use crate::errors::Errors;
use proc_macro2::Span;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, ExprLit, ExprPath, Lit, Member, Result};

/// One fallback of the list.
pub(crate) struct Item {
    pub(crate) form: Form,
    pub(crate) expression: Expr,
    /// Where errors about the call show.
    pub(crate) span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `path`, called with all arguments.
    Function,
    /// `self.method`, called with all arguments but the receiver.
    Method,
    /// `|error| …`
    Closure,
    /// `Ok(…)` or `Err(…)`, which need no look at their type.
    Verdict,
    /// Anything else, evaluated as it is.
    Expression,
}

pub(crate) fn items(value: &Value, errors: &mut Errors) -> Result<Vec<Item>> {
    let Expr::Array(list) = &value.expression else {
        return match value.kind() {
            Kind::Bool(false) => {
                Err(value.error("there is no fallback unless you write one: leave `fallback` out"))
            }
            Kind::Expression => item(&value.expression).map(|item| vec![item]),
            _ => Err(not_a_literal(value)),
        };
    };
    if list.elems.is_empty() {
        return Err(value.error(
            "this list of fallbacks is empty: write `fallback = [fetch_replica, fetch_db]`",
        ));
    }
    let items: Vec<_> = list
        .elems
        .iter()
        .filter_map(|expression| errors.keep(item(expression)))
        .collect();
    for item in items
        .iter()
        .skip(1)
        .filter(|item| item.form == Form::Closure)
    {
        errors.over(
            &item.expression,
            "a closure takes the error, so it has to be the first of the list: move it there",
        );
    }
    Ok(items)
}

fn not_a_literal(value: &Value) -> Error {
    match (value.kind(), bare_value(&value.expression)) {
        (Kind::Text(_), _) | (_, None) => match value.expression() {
            Err(error) => error,
            Ok(_) => value.expected("a path"),
        },
        (_, Some(error)) => error,
    }
}

fn item(expression: &Expr) -> Result<Item> {
    if let Some(error) = bare_value(expression) {
        return Err(error);
    }
    let form = form(expression);
    let span = match expression {
        // The end of a path says more than its start, and only one token can be pointed at.
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.span()),
        Expr::Field(field) => Some(field.member.span()),
        _ => None,
    };
    Ok(Item {
        form,
        expression: expression.clone(),
        span: span.unwrap_or_else(|| expression.span()),
    })
}

/// A value that was meant to be the one inside the `Ok`.
fn bare_value(expression: &Expr) -> Option<Error> {
    let is_none = |path: &ExprPath| {
        path.path
            .segments
            .last()
            .is_some_and(|last| last.ident == "None")
    };
    let result = match expression {
        Expr::Path(path) if is_none(path) => "Ok(None)".to_owned(),
        Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Some")) => {
            "Ok(Some(…))".to_owned()
        }
        Expr::Tuple(tuple) if tuple.elems.is_empty() => "Ok(())".to_owned(),
        Expr::Lit(ExprLit {
            lit: Lit::Str(_), ..
        }) => "Ok(\"…\".into())".to_owned(),
        Expr::Lit(literal) => format!("Ok({})", literal.to_token_stream()),
        _ => return None,
    };
    let text = format!(
        "a fallback has to return what the function returns, a `Result`: write `{result}`, or a path or closure that returns one"
    );
    Some(Error::new_spanned(expression, text))
}

fn form(expression: &Expr) -> Form {
    match expression {
        Expr::Group(group) => form(&group.expr),
        Expr::Path(_) => Form::Function,
        Expr::Closure(_) => Form::Closure,
        Expr::Field(field)
            if matches!(field.member, Member::Named(_)) && starts_with_self(&field.base) =>
        {
            Form::Method
        }
        Expr::Call(call) if is_verdict(&call.func) => Form::Verdict,
        _ => Form::Expression,
    }
}

fn starts_with_self(expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => path.path.is_ident("self"),
        Expr::Field(field) => starts_with_self(&field.base),
        _ => false,
    }
}

fn is_verdict(function: &Expr) -> bool {
    match function {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Ok" || last.ident == "Err"),
        _ => false,
    }
}
