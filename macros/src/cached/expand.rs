//! [`Plan`] to tokens; nothing can go wrong here.
//!
//! Tokens of the template have the span [`Span::mixed_site`]: the body sees no local of ours, and lints see a macro. Where an error should show
//! elsewhere, that place is combined with this hygiene.

mod cache;
mod invalidate;
mod read;
mod rename;

use super::plan::Plan;
use crate::expand::{attempt, group};
use crate::item::{Frame, Shape, Target};
use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(super) fn expand(plan: &Plan) -> TokenStream {
    let expansion = Expansion::new(plan);
    let Target {
        attributes,
        visibility,
        signature,
        braces,
        shape,
    } = &plan.target;
    let body = match shape {
        Shape::Async(body) | Shape::Sync(body) => expansion.function(body, *braces),
        Shape::AsyncTrait(frame) => expansion.in_frame(frame),
    };
    // With the original span of the braces, the compiler takes the function for one of the user: it finds dead code.
    let body = group(Delimiter::Brace, body, *braces);
    let neighbours = expansion.neighbours();
    quote!(#(#attributes)* #visibility #signature #body #neighbours)
}

/// The plan, and the tokens that are used in many places.
struct Expansion<'a> {
    plan: &'a Plan,
    /// What the runtime has for expansions.
    private: TokenStream,
    /// What the cache has for them.
    cache: TokenStream,
}

impl<'a> Expansion<'a> {
    fn new(plan: &'a Plan) -> Self {
        let krate = &plan.krate;
        Expansion {
            plan,
            private: quote_spanned!(Span::mixed_site()=> #krate::__private),
            cache: quote_spanned!(Span::mixed_site()=> #krate::cache::__private),
        }
    }

    /// The type of what is cached.
    fn cached(&self) -> TokenStream {
        let plan = self.plan;
        let value = self.part("Value", plan.value_span);
        if plan.negative_on.is_none() {
            return value;
        }
        let cache = &self.cache;
        let error = self.part("Error", plan.error_span);
        quote_spanned!(Span::mixed_site()=> #cache::Remembered<#value, #error>)
    }

    /// The function's value or error type.
    fn part(&self, name: &str, span: Span) -> TokenStream {
        let shown = span.resolved_at(Span::mixed_site());
        let cache = located_at(&self.cache, shown);
        let (output, name) = (&self.plan.output, Ident::new(name, shown));
        quote_spanned!(shown=> <#output as #cache::LoadResult>::#name)
    }

    /// The whole body.
    fn function(&self, body: &TokenStream, braces: Span) -> TokenStream {
        let call = self.call();
        let read = self.read(&attempt::block(body, braces));
        quote!(#call #read)
    }

    fn in_frame(&self, frame: &Frame) -> TokenStream {
        let body = self.function(&frame.body, frame.braces);
        let Frame {
            pin,
            keywords,
            before,
            after,
            ..
        } = frame;
        let block = group(
            Delimiter::Brace,
            quote_spanned!(Span::mixed_site()=> #before { #body } #after),
            frame.outer_braces,
        );
        let arguments = group(
            Delimiter::Parenthesis,
            quote!(#keywords #block),
            frame.parentheses,
        );
        quote!(#pin #arguments)
    }
}

fn located_at(tokens: &TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    tokens.collect()
}
