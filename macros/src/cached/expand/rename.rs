//! `self`, where the body runs with a copy of it.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};

/// `self` as `__self`, but for what is `self` in an `impl` or a `trait` within.
pub(super) fn rename_self(tokens: TokenStream) -> TokenStream {
    let mut renamed = TokenStream::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "impl" || word == "trait" => {
                renamed.extend([TokenTree::Ident(word)]);
                for token in tokens.by_ref() {
                    let ends = matches!(token, TokenTree::Group(_));
                    renamed.extend([token]);
                    if ends {
                        break;
                    }
                }
            }
            TokenTree::Ident(word) if word == "self" => {
                renamed.extend([TokenTree::Ident(Ident::new("__self", word.span()))]);
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), rename_self(group.stream()));
                inner.set_span(group.span());
                renamed.extend([TokenTree::Group(inner)]);
            }
            other => renamed.extend([other]),
        }
    }
    renamed
}
