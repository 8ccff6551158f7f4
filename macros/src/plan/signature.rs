//! Checks of the function itself.

use crate::args::Args;
use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::types;
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{ReturnType, Type};

const TWICE: &str =
    "`#[redis_resilient]` is here twice, and the attempts would multiply: keep one of them";

/// The type an attempt returns, if there is one to work with.
pub(super) fn check(args: &Args, target: &Target, errors: &mut Errors) -> Option<Type> {
    if let Some(keyword) = &target.signature.constness {
        errors.at(
            keyword.span,
            "a `const fn` cannot be resilient: it cannot wait or keep state; remove the `const`",
        );
    }
    let twice = target.attributes.iter().find(|attribute| {
        attribute
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "redis_resilient")
    });
    if let Some(twice) = twice {
        errors.over(twice, TWICE);
    }
    if let Shape::Async(body) | Shape::Sync(body) = &target.shape {
        if is_resilient(body.clone()) {
            errors.at(Span::call_site(), TWICE);
            return None;
        }
        if is_instrumented(body.clone(), 2) {
            errors.at(
                Span::call_site(),
                "put `#[redis_resilient]` above `#[tracing::instrument]`: attributes work from top to bottom, \
                 and an instrumented body cannot run twice",
            );
            return None;
        }
    }
    let output = output(target, errors)?;
    if let Some(error) = types::error_type(&output)
        && args.classify.is_none()
        && types::borrows(error)
    {
        errors.over(
            error,
            "a borrowing error type cannot be searched for a Redis error: \
             name a function that returns its `Class`, `classify = my_class`",
        );
    }
    Some(output)
}

fn output(target: &Target, errors: &mut Errors) -> Option<Type> {
    if let Shape::AsyncTrait(frame) = &target.shape {
        return Some(frame.output.clone());
    }
    let signature = &target.signature;
    let ReturnType::Type(_, output) = &signature.output else {
        errors.at(
            signature.ident.span(),
            format!(
                "`#[redis_resilient]` needs a function that returns a `Result`, `{}` returns nothing: \
                 an attempt has failed when it returns `Err`; write `-> redis::RedisResult<()>`",
                signature.ident
            ),
        );
        return None;
    };
    if let Type::Never(never) = &**output {
        errors.over(
            never,
            "`#[redis_resilient]` needs a function that returns a `Result`, this one never returns: \
             put it on the function that is called in the loop",
        );
        return None;
    }
    if matches!(target.shape, Shape::Sync(_)) && types::is_future(output) {
        errors.over(
            output,
            "`#[redis_resilient]` cannot retry a future that is returned: write `async fn` and return the `Result`; \
             if another attribute turns the `async fn` into such a future, put it below this one",
        );
        return None;
    }
    if let Some(hidden) = types::bare_impl_trait(output) {
        errors.over(
            hidden,
            "`#[redis_resilient]` needs a function that returns a `Result`, and `impl …` is not a `Result`: \
             wrap it, `redis::RedisResult<impl …>`",
        );
        return None;
    }
    if let Some(borrow) = types::mutable_borrow(output) {
        errors.over(
            borrow,
            "a function that is run again cannot return a `&mut` borrow, a failed attempt would keep it: \
             return an owned value",
        );
    }
    Some((**output).clone())
}

/// Did this attribute expand before, under another name or out of a `cfg_attr`? No user writes the path that follows from it.
fn is_resilient(body: TokenStream) -> bool {
    names_private(body, &["Call", "BlockingCall"], 4)
}

/// Does `__private::NAME` stand in it, for one of these names?
pub(crate) fn names_private(body: TokenStream, names: &[&str], depth: usize) -> bool {
    let mut tokens = body.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "__private" => {
                if matches!(tokens.nth(2), Some(TokenTree::Ident(next)) if names.iter().any(|name| next == name))
                {
                    return true;
                }
            }
            TokenTree::Group(group)
                if depth > 0 && names_private(group.stream(), names, depth - 1) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// Did `#[tracing::instrument]` expand before us? Its marks are near the surface.
fn is_instrumented(body: TokenStream, depth: usize) -> bool {
    body.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "__tracing_attr_span",
        TokenTree::Group(group) => depth > 0 && is_instrumented(group.stream(), depth - 1),
        _ => false,
    })
}
