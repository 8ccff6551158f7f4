//! Faults on purpose, in functions that nothing else watches: without a breaker, and without a time for an attempt. What is watched meets them on its
//! way. Only where the feature `chaos` is compiled in: without it, not a token of this is there.

use super::Expansion;
use crate::plan::{Breaker, Mode, Plan};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

/// Whether the function is one of those. Of a type that is not written out nobody can make an error.
pub(super) fn are_to_be_met(plan: &Plan) -> bool {
    let is_unwatched = match plan.mode {
        Mode::Async { watched } => !watched,
        Mode::Sync => matches!(plan.breaker, Breaker::Off),
    };
    is_unwatched && !has_hole(plan.output.to_token_stream())
}

/// Whether there is a `_` in it.
fn has_hole(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_hole(group.stream()),
        TokenTree::Ident(ident) => ident == "_",
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

impl Expansion<'_> {
    /// The result of an attempt that `run` makes, unless a fault takes its place, or takes its answer away.
    pub(super) fn faced(&self, run: &TokenStream) -> TokenStream {
        let Expansion {
            private,
            call,
            output,
            ..
        } = self;
        let mixed = Span::mixed_site();
        // In a block of its own, or the methods would be there for the body as well.
        let by_type = |method: TokenStream| {
            quote_spanned! {mixed=> {
                use #private::{ViaFault as _, ViaNoFault as _};
                (&&#private::Faults::<#output>::new()).#method
            }}
        };
        let can_fail = by_type(quote_spanned!(mixed=> resilient_can_fail()));
        let fails = by_type(quote_spanned!(mixed=> resilient_fails(&__resilient_fault)));
        let answers = by_type(quote_spanned! {mixed=>
            resilient_answers(&mut __resilient_call, &__resilient_fault, __resilient_result)
        });
        let faces = match self.plan.mode {
            Mode::Sync => {
                quote_spanned!(mixed=> #call::faces(&mut __resilient_call, #can_fail))
            }
            Mode::Async { .. } => {
                quote_spanned!(mixed=> #call::faces(&mut __resilient_call, #can_fail).await)
            }
        };
        quote_spanned! {mixed=>
            let __resilient_fault = #faces;
            #[allow(unknown_lints, clippy::redundant_closure_call)]
            let __resilient_result: #output = if #private::Faced::fails(&__resilient_fault) {
                #fails
            } else {
                #run
            };
            let __resilient_result: #output = #answers;
        }
    }
}
