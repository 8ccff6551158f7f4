//! Leave to run the fallback.

use super::Expansion;
use crate::args::Form;
use crate::plan::{Ending, Fallback, Limit};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

impl Expansion<'_> {
    /// The end of the call: after it the fallback may run, or the part of it that needs no leave.
    pub(super) fn admission(&self) -> TokenStream {
        let private = &self.private;
        let mixed = Span::mixed_site();
        let Some(limit) = &self.plan.limit else {
            return quote_spanned!(mixed=> #private::Call::falls_back(__resilient_call););
        };
        let bulkhead = self.bulkhead(limit);
        let ask =
            quote_spanned!(mixed=> #private::Call::enters(&__resilient_call, __resilient_limit));
        if !self.plan.turns_away() {
            return quote_spanned! {mixed=>
                let __resilient_limit: &#private::Bulkhead = #bulkhead;
                let __resilient_permit = #ask;
                #private::Call::end(__resilient_call);
            };
        }
        let exit = &self.exit;
        let turned_away = self.turned_away();
        // An error that is not `Send` would spoil the fallback's future.
        let (admitted, error) = match (self.plan.closure_takes_error(), self.plan.ending()) {
            (false, _) => (
                quote_spanned!(mixed=> ::core::mem::drop(__resilient_error);),
                TokenStream::new(),
            ),
            (true, Ending::ErrorOrRejection) => {
                let rejected = self.made_of_rejection("rejected");
                (
                    TokenStream::new(),
                    quote_spanned! {mixed=>
                        let __resilient_error = match __resilient_error {
                            ::core::option::Option::Some(__resilient_error) => __resilient_error,
                            ::core::option::Option::None => #rejected,
                        };
                    },
                )
            }
            (true, _) => (TokenStream::new(), TokenStream::new()),
        };
        quote_spanned! {mixed=>
            let __resilient_limit: &#private::Bulkhead = #bulkhead;
            let _resilient_permit = match #ask {
                ::core::option::Option::Some(__resilient_permit) => {
                    #admitted
                    __resilient_permit
                }
                ::core::option::Option::None => #exit #turned_away,
            };
            #error
            #private::Call::end(__resilient_call);
        }
    }

    /// What a call returns for which there is no room: what came of its own attempt, if it made one.
    fn turned_away(&self) -> TokenStream {
        let mixed = Span::mixed_site();
        let shown = self.plan.error_span.resolved_at(mixed);
        let private = self.private_at(shown);
        let own = quote_spanned!(shown=> #private::Outcome::from_error(__resilient_error));
        match self.plan.ending() {
            Ending::ErrorOrRejection => {
                let name = if self.plan.closure_takes_error() {
                    "turn_away_from_closure"
                } else {
                    "turn_away"
                };
                let turn_away = Ident::new(name, shown);
                let turned_away = quote_spanned! {shown=>
                    #private::#turn_away(#private::Call::rejection(&mut __resilient_call), __resilient_limit)
                };
                quote_spanned! {mixed=>
                    match __resilient_error {
                        ::core::option::Option::Some(__resilient_error) => #own,
                        ::core::option::Option::None => #turned_away,
                    }
                }
            }
            Ending::Error | Ending::Nothing => own,
        }
    }

    fn bulkhead(&self, limit: &Limit) -> TokenStream {
        let private = &self.private;
        let mixed = Span::mixed_site();
        match limit {
            Limit::Own(calls) => {
                let name = self.name();
                quote_spanned! {mixed=> {
                    static LIMIT: #private::Bulkhead =
                        #private::Bulkhead::new(::core::concat!("fallback of ", #name), #calls);
                    &LIMIT
                }}
            }
            Limit::Shared { expression, span } => {
                let shown = span.resolved_at(mixed);
                let private = self.private_at(shown);
                quote_spanned!(shown=> #private::bulkhead(&#expression))
            }
        }
    }

    /// One fallback of a list that ends with a plain value: without leave the list goes on there.
    pub(super) fn if_admitted(&self, fallback: &Fallback, step: TokenStream) -> TokenStream {
        if self.plan.limit.is_none() || self.plan.turns_away() || fallback.plain {
            return step;
        }
        let mixed = Span::mixed_site();
        let otherwise = (fallback.form == Form::Closure)
            .then(|| quote_spanned!(mixed=> else { ::core::mem::drop(__resilient_error); }));
        quote_spanned!(mixed=> if ::core::option::Option::is_some(&__resilient_permit) #step #otherwise)
    }
}
