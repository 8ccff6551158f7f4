//! The attribute on tokens, without a compiler.

mod answers;
pub(crate) mod defaults;
pub(crate) mod expansions;
mod faults;
mod functions;
pub(crate) mod half_typed;
mod hedge;
mod options;
pub(crate) mod output;
pub(crate) mod promise;

use crate::stages::resilient;
use proc_macro2::TokenStream;
use syn::{Item, LitStr};

/// An item that every set of options can be tried on.
const FUNCTION: &str =
    "async fn get(conn: &mut C, key: String) -> RedisResult<u64> { conn.get(&key).await }";

pub(crate) fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the text of a test is made of tokens")
}

/// Each error as `` `where` what``.
#[track_caller]
pub(crate) fn errors(args: &str, item: &str) -> Vec<String> {
    let item_tokens = tokens(item);
    let mut errors = crate::errors::Errors::default();
    let args = crate::args::Args::parse(tokens(args), &mut errors);
    let target = errors.keep(crate::item::parse(item_tokens, &crate::item::RESILIENT));
    crate::plan::Plan::new(args, target, &mut errors);
    errors
        .into_iter()
        .map(|error| {
            let place = error.span().source_text().unwrap_or_default();
            format!("`{place}` {error}")
        })
        .collect()
}

#[track_caller]
fn expansion(args: &str, item: &str) -> String {
    let file =
        syn::parse2(resilient(tokens(args), &tokens(item))).expect("an expansion is made of items");
    prettyplease::unparse(&file)
}

/// The texts of the `compile_error!`s, and what else is in the expansion.
fn failed(args: &str, item: &str) -> (Vec<String>, Vec<Item>) {
    let file: syn::File =
        syn::parse2(resilient(tokens(args), &tokens(item))).expect("an expansion is made of items");
    let mut texts = Vec::new();
    let mut others = Vec::new();
    for item in file.items {
        match item {
            Item::Macro(found)
                if found
                    .mac
                    .path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "compile_error") =>
            {
                texts.push(found.mac.parse_body::<LitStr>().expect("a text").value());
            }
            other => others.push(other),
        }
    }
    (texts, others)
}
