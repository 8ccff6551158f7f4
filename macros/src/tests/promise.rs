//! What the attributes promise whatever they are given: no panic, nothing swallowed, and Rust out of Rust. The fuzz targets hold them to that too.

use crate::cached::cached;
use crate::stages::resilient;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Item, ItemFn};

/// # Panics
/// If a promise is broken.
pub(crate) fn check(args: TokenStream, item: TokenStream) {
    check_one(resilient, args, item);
}

/// The same of `#[redis_cached]`, which may have functions of its own beside that of the user.
///
/// # Panics
/// If a promise is broken.
pub(crate) fn check_cached(args: TokenStream, item: TokenStream) {
    check_one(cached, args, item);
}

fn check_one(
    attribute: fn(TokenStream, &TokenStream) -> TokenStream,
    args: TokenStream,
    item: TokenStream,
) {
    let written = item.to_string();
    let output = attribute(args, &item);
    if output.to_string().ends_with(&written) {
        // It had something to complain of, and handed the item on.
        return;
    }
    assert!(
        is_within(item.clone(), output.clone()),
        "swallowed some of\n{written}\nand gave\n{output}"
    );
    // A body that is no Rust yet is no Rust afterwards.
    let Ok(function) = syn::parse2::<ItemFn>(item) else {
        return;
    };
    let file: syn::File = syn::parse2(output.clone())
        .unwrap_or_else(|error| panic!("{error} in\n{output}\nmade of\n{written}"));
    let [Item::Fn(expanded), others @ ..] = file.items.as_slice() else {
        panic!("no function\n{output}\nmade of\n{written}");
    };
    let is_alone = others.is_empty() || output.to_string().contains("_is_written_Self_");
    assert!(is_alone, "not one function\n{output}\nmade of\n{written}");
    assert_eq!(
        expanded.sig.to_token_stream().to_string(),
        function.sig.to_token_stream().to_string(),
        "made of\n{written}"
    );
}

/// Is each token of the item in the output, in the same order? Inner attributes are left aside, they move to the front.
fn is_within(item: TokenStream, output: TokenStream) -> bool {
    let mut item: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = item.pop() {
        // One without conditions is not worth a place in a syntax tree.
        item.pop_if(|last| last.to_string() == "where");
        item.push(TokenTree::Group(proc_macro2::Group::new(
            body.delimiter(),
            without_inner_attributes(body.stream()),
        )));
    }
    let mut found = leaves(output).into_iter();
    leaves(item.into_iter().collect())
        .into_iter()
        .all(|leaf| found.any(|other| other == leaf))
}

fn without_inner_attributes(body: TokenStream) -> TokenStream {
    let is = |token: Option<&TokenTree>, mark| matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark);
    let body: Vec<TokenTree> = body.into_iter().collect();
    let mut rest = body.as_slice();
    while is(rest.first(), '#') && is(rest.get(1), '!') {
        rest = rest.get(3..).unwrap_or_default();
    }
    rest.iter().cloned().collect()
}

/// The tokens and the delimiters, in the order of the text.
fn leaves(tokens: TokenStream) -> Vec<String> {
    let mut leaves = Vec::new();
    for token in tokens {
        if let TokenTree::Group(group) = token {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            leaves.push(open.to_owned());
            leaves.extend(self::leaves(group.stream()));
            leaves.push(close.to_owned());
        } else {
            // A body that runs with a copy of it has another name for it.
            leaves.push(token.to_string().replace("__self", "self"));
        }
    }
    leaves
}
