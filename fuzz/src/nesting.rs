//! Text to tokens.

use proc_macro2::{TokenStream, TokenTree};

/// Far beyond this the compiler runs out of stack before it gets to the attribute.
const DEEPEST: usize = 40;

/// `None` for what the compiler would not hand to an attribute.
pub fn tokens(text: &str) -> Option<TokenStream> {
    // The lexer and the parser of types recurse as well.
    let open = text
        .matches(|c| matches!(c, '(' | '[' | '{' | '<' | '&' | '*' | '!' | '-' | '|'))
        .count();
    if open > 16 * DEEPEST {
        return None;
    }
    let tokens: TokenStream = text.parse().ok()?;
    is_shallow(tokens.clone(), DEEPEST).then_some(tokens)
}

fn is_shallow(tokens: TokenStream, left: usize) -> bool {
    tokens.into_iter().all(|token| match token {
        TokenTree::Group(group) => left > 0 && is_shallow(group.stream(), left - 1),
        _ => true,
    })
}
