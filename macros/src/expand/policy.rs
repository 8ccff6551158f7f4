//! The policy and the breaker of a call.

use super::Expansion;
use crate::args::{Curve, FallbackOn, Jitter};
use crate::plan::{Backoff, Breaker, Name, Place, Setter};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

impl Expansion<'_> {
    /// A statement, and the expression of the reference.
    pub(super) fn policy(&self) -> (TokenStream, TokenStream) {
        let Expansion { private, .. } = self;
        let mixed = Span::mixed_site();
        let name = self.name();
        let setters = self
            .plan
            .policy
            .setters
            .iter()
            .map(|setter| self.setter(setter));
        let policy = quote_spanned!(mixed=> #private::Policy::new(#name) #(#setters)*);
        if self.plan.policy.computed {
            return (
                quote_spanned!(mixed=> let __resilient_policy = #policy;),
                quote_spanned!(mixed=> &__resilient_policy),
            );
        }
        let reference = quote_spanned!(mixed=> {
            static FUNCTION: #private::Function = #private::Function::new();
            static POLICY: #private::Policy = #policy.counted_in(&FUNCTION);
            &POLICY
        });
        (TokenStream::new(), reference)
    }

    /// The function's name in events.
    pub(super) fn name(&self) -> TokenStream {
        name(&self.plan.policy.name)
    }

    fn setter(&self, setter: &Setter) -> TokenStream {
        let mixed = Span::mixed_site();
        match setter {
            Setter::Retries(count) => quote_spanned!(mixed=> .retries(#count)),
            Setter::Backoff(backoff) => {
                let backoff = backoff_of(&self.private, backoff);
                quote_spanned!(mixed=> .backoff(#backoff))
            }
            Setter::Timeout(timeout) => quote_spanned!(mixed=> .timeout(#timeout)),
            Setter::NoTimeout => quote_spanned!(mixed=> .no_timeout()),
            Setter::Deadline(deadline) => quote_spanned!(mixed=> .deadline(#deadline)),
            Setter::Hedge(hedge) => quote_spanned!(mixed=> .hedge(#hedge)),
            Setter::NoBudget => quote_spanned!(mixed=> .no_budget()),
            Setter::ShowsNonIdempotent => quote_spanned!(mixed=> .shows_non_idempotent()),
            Setter::FallbackOn(failures) => {
                let name = match failures {
                    FallbackOn::Unusable => "Unusable",
                    FallbackOn::Outage => "Outage",
                };
                let (private, name) = (&self.private, Ident::new(name, mixed));
                quote_spanned!(mixed=> .fallback_on(#private::FallbackOn::#name))
            }
            Setter::Idempotent(idempotent) => quote_spanned!(mixed=> .idempotent(#idempotent)),
        }
    }

    /// A statement, and the expression of the reference.
    pub(super) fn breaker(&self) -> (TokenStream, TokenStream) {
        let Expansion { private, .. } = self;
        let mixed = Span::mixed_site();
        match &self.plan.breaker {
            Breaker::Off => (
                TokenStream::new(),
                quote_spanned!(mixed=> ::core::option::Option::None),
            ),
            Breaker::Default { connectors } if connectors.is_empty() => (
                TokenStream::new(),
                quote_spanned!(mixed=> #private::breaker(&#private::DEFAULT_BREAKER)),
            ),
            Breaker::Default { connectors } => (
                TokenStream::new(),
                // In this block only, or the methods would be there for the body as well.
                quote_spanned!(mixed=> {
                    use #private::{ViaConnector as _, ViaNoConnector as _};
                    #private::default_breaker([
                        #((&&#private::Taken(&#connectors)).resilient_breaker()),*
                    ])
                }),
            ),
            Breaker::Own {
                expression,
                place,
                span,
            } => {
                let shown = span.resolved_at(mixed);
                let private = self.private_at(shown);
                // Not in a `let`, which would keep alive what a `const` makes anew for each call.
                match place {
                    Place::Static => {
                        return (
                            TokenStream::new(),
                            quote_spanned!(shown=> #private::static_breaker(&#expression)),
                        );
                    }
                    Place::Elsewhere => {
                        return (
                            TokenStream::new(),
                            quote_spanned!(shown=> #private::breaker(&#expression)),
                        );
                    }
                    Place::Made => {}
                }
                let local = quote_spanned!(shown=> __resilient_breaker);
                (
                    // What the expression makes has to live as long as the call.
                    quote!(let #local = #expression;),
                    quote_spanned!(shown=> #private::held_breaker(&#local)),
                )
            }
        }
    }
}

/// The function's name in events.
pub(crate) fn name(name: &Name) -> TokenStream {
    let mixed = Span::mixed_site();
    match name {
        Name::Given(name) => name.to_token_stream(),
        Name::Function(name) => {
            let mut name = Literal::string(name);
            name.set_span(mixed);
            quote_spanned!(mixed=> ::core::concat!(::core::module_path!(), "::", #name))
        }
    }
}

pub(crate) fn backoff_of(private: &TokenStream, backoff: &Backoff) -> TokenStream {
    let mixed = Span::mixed_site();
    let (curve, delay, max_delay, factor, jitter) = match backoff {
        Backoff::Custom(expression) => return expression.clone(),
        Backoff::Curve {
            curve,
            delay,
            max_delay,
            factor,
            jitter,
        } => (*curve, delay, max_delay.iter(), factor.iter(), *jitter),
    };
    let start = match curve {
        Curve::Exponential => quote_spanned!(mixed=> exponential(#delay)),
        Curve::Linear => quote_spanned!(mixed=> linear(#delay)),
        Curve::Fixed => quote_spanned!(mixed=> fixed(#delay)),
        Curve::None => quote_spanned!(mixed=> none()),
    };
    let jitter = jitter.map(|jitter| {
        let name = match jitter {
            Jitter::Full => "Full",
            Jitter::Equal => "Equal",
            Jitter::Decorrelated => "Decorrelated",
            Jitter::None => "None",
        };
        let name = Ident::new(name, mixed);
        quote_spanned!(mixed=> .jitter(#private::Jitter::#name))
    });
    quote_spanned! {mixed=>
        #private::Backoff::#start #(.max_delay(#max_delay))* #(.factor(#factor))* #jitter
    }
}
