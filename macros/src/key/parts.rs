//! The key of one call: its text, and the expressions of its values.

use super::variables::{Role, Variables};
use super::{Part, Placeholder, Template};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};

pub(crate) enum KeyPart {
    Text(String),
    Value {
        expression: TokenStream,
        debug: bool,
        /// What follows in the text, and has to be told from the value; behind the last one, what may follow in keys of others.
        separator: Option<char>,
        span: Span,
    },
}

pub(crate) fn parts(template: Template, variables: &Variables) -> Vec<KeyPart> {
    let mut parts = Vec::new();
    let mut before = ':';
    let mut rest = template.parts.into_iter().peekable();
    while let Some(part) = rest.next() {
        parts.push(match part {
            Part::Text(text) => {
                before = last_separator(&text).unwrap_or(before);
                KeyPart::Text(text)
            }
            Part::Value(placeholder) => KeyPart::Value {
                separator: match rest.peek() {
                    Some(Part::Text(text)) => text.chars().next(),
                    _ => Some(before),
                },
                expression: value(&placeholder, variables),
                debug: placeholder.debug,
                span: placeholder.span,
            },
        });
    }
    parts
}

/// What keys like this one separate with: `user:{id}` is not to become `user:7:posts`, which another function may have.
fn last_separator(text: &str) -> Option<char> {
    let is_one = |c: &char| c.is_ascii_punctuation() && !matches!(c, '%' | '{' | '}');
    text.chars().rfind(is_one)
}

/// `order.id`, shown where it stands in the key.
fn value(placeholder: &Placeholder, variables: &Variables) -> TokenStream {
    let at = placeholder.span;
    let located = |name: &Ident| {
        let mut name = name.clone();
        name.set_span(name.span().located_at(at));
        name
    };
    if placeholder.root == "self" {
        let receiver = variables.receiver.as_ref();
        let name = receiver.map_or_else(|| Ident::new("self", at), |found| located(&found.name));
        return with_fields(name.into_token_stream(), placeholder);
    }
    match variables.find(&placeholder.root) {
        Some(variable) => {
            let name = located(&variable.name);
            if matches!(variable.role, Role::Type) {
                let mixed = at.resolved_at(Span::mixed_site());
                return quote_spanned!(mixed=> ::core::any::type_name::<#name>());
            }
            with_fields(name.into_token_stream(), placeholder)
        }
        // An error already.
        None => TokenStream::new(),
    }
}

fn with_fields(root: TokenStream, placeholder: &Placeholder) -> TokenStream {
    let here = Span::call_site().located_at(placeholder.span);
    let mut tokens = root;
    for field in &placeholder.fields {
        let member: TokenStream = match field.parse::<u32>() {
            Ok(index) => syn::Index { index, span: here }.into_token_stream(),
            Err(_) => match field.strip_prefix("r#") {
                Some(raw) => Ident::new_raw(raw, here).into_token_stream(),
                None => Ident::new(field, here).into_token_stream(),
            },
        };
        tokens.extend(quote_spanned!(here=> .#member));
    }
    tokens
}
