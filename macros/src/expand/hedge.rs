//! An attempt that may become two.

use super::Expansion;
use crate::plan::Rebind;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt as _;

/// The reference to a `mut` parameter that both attempts clone.
pub(super) fn original(name: &Ident) -> Ident {
    let name = format!("__resilient_original_{}", name.unraw());
    Ident::new(&name, Span::mixed_site())
}

impl Expansion<'_> {
    /// Runs the body, in a closure: there is a future for each attempt.
    pub(super) fn hedged(
        &self,
        call: &TokenStream,
        body: &TokenStream,
        private_shown: &TokenStream,
        shown: Span,
    ) -> TokenStream {
        let mixed = Span::mixed_site();
        let private = &self.private;
        let limit = if self.plan.limit.is_some() {
            quote_spanned!(mixed=> ::core::option::Option::Some(__resilient_limit))
        } else {
            quote_spanned!(mixed=> ::core::option::Option::None)
        };
        let budget = quote_spanned!(mixed=> {
            static HEDGES: #private::HedgeBudget = #private::HedgeBudget::new();
            &HEDGES
        });
        let diagnosis = self.diagnosis();
        let body = quote_spanned!(mixed=> || #body);
        let diagnose = quote_spanned!(mixed=> |__resilient_failure| #diagnosis);
        quote_spanned!(shown=> #private_shown::hedged(#call, #budget, #limit, #body, #diagnose).await)
    }

    /// What both attempts clone of `mut` parameters: the closure cannot borrow mutably, and the parameter's `mut` is not to be called superfluous.
    pub(super) fn originals(&self) -> TokenStream {
        let mixed = Span::mixed_site();
        let rebinds = self.plan.prelude.iter().filter(|_| self.plan.hedged);
        rebinds
            .filter_map(|rebind| match rebind {
                Rebind::Clone {
                    cfgs,
                    name,
                    mutable: true,
                    ..
                } => {
                    let original = original(name);
                    Some(quote_spanned! {mixed=>
                        #(#cfgs)*
                        let #original = &*&mut #name;
                    })
                }
                _ => None,
            })
            .collect()
    }
}
