//! `#[async_trait]` expands before us and hands over
//! `Box::pin(async move { …; let __ret: T = { body }; __ret })`.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Ident, Result, Token, Type};

/// Such a body, open where the loop goes.
pub(crate) struct Frame {
    /// `Box::pin`
    pub(crate) pin: TokenStream,
    pub(crate) parentheses: Span,
    /// `async move`
    pub(crate) keywords: TokenStream,
    pub(crate) outer_braces: Span,
    /// The statements up to the initialiser of `__ret`.
    pub(crate) before: TokenStream,
    pub(crate) output: Type,
    pub(crate) body: TokenStream,
    pub(crate) braces: Span,
    /// From the semicolon on.
    pub(crate) after: TokenStream,
}

pub(crate) fn frame(body: &TokenStream) -> Option<Frame> {
    // Most functions are told apart by the first look, without a copy of their body.
    let mut pins = body
        .clone()
        .into_iter()
        .take_while(|token| !matches!(token, TokenTree::Group(_)));
    let last = pins.by_ref().last()?;
    matches!(last, TokenTree::Ident(word) if word == "pin").then_some(())?;
    pinned.parse2(body.clone()).ok()
}

fn pinned(input: ParseStream<'_>) -> Result<Frame> {
    let mut pin = TokenStream::new();
    while !input.peek(syn::token::Paren) {
        pin.extend([input.parse::<TokenTree>()?]);
    }
    let call;
    let parentheses = syn::parenthesized!(call in input);
    let mut keywords = TokenStream::new();
    while !call.peek(syn::token::Brace) {
        keywords.extend([call.parse::<TokenTree>()?]);
    }
    let block;
    let outer_braces = syn::braced!(block in call);

    let mut before = TokenStream::new();
    while !at_result(&block) {
        before.extend([block.parse::<TokenTree>()?]);
    }
    let (binding, output) = result_binding(&block)?;
    before.extend(binding);
    let content;
    let braces = syn::braced!(content in block);
    Ok(Frame {
        pin,
        parentheses: parentheses.span.join(),
        keywords,
        outer_braces: outer_braces.span.join(),
        before,
        output,
        body: content.parse()?,
        braces: braces.span.join(),
        after: block.parse()?,
    })
}

/// Is `let __ret` next?
fn at_result(input: ParseStream<'_>) -> bool {
    let mut words = input.cursor();
    input.peek(Token![let])
        && words.token_tree().is_some_and(|(_, next)| {
            words = next;
            words.ident().is_some_and(|(name, _)| name == "__ret")
        })
}

/// `let __ret: T =`
fn result_binding(input: ParseStream<'_>) -> Result<(TokenStream, Type)> {
    let keyword: Token![let] = input.parse()?;
    let name: Ident = input.parse()?;
    let colon: Token![:] = input.parse()?;
    let output: Type = input.parse()?;
    let equals: Token![=] = input.parse()?;
    if !input.peek(syn::token::Brace) {
        return Err(Error::new(name.span(), "not a block"));
    }
    Ok((quote::quote!(#keyword #name #colon #output #equals), output))
}
