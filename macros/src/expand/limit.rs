//! Leave to make an attempt, and leave to run the fallback.

use super::{Expansion, located_at};
use crate::args::Form;
use crate::plan::{Ending, Fallback, Limit, Mode, Shared};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

impl Expansion<'_> {
    /// A permit that is kept for the attempt, or the end of the call.
    pub(super) fn permit(&self) -> TokenStream {
        let Some(limit) = &self.plan.limit else {
            return TokenStream::new();
        };
        let Expansion { private, call, .. } = self;
        let mixed = Span::mixed_site();
        let limit = self.shared(limit);
        let (stop, _) = self.stop();
        // The reference has a statement of its own, for the compiler's words about one that does not live long enough.
        quote_spanned! {mixed=>
            let __resilient_limit: &#private::Bulkhead = #limit;
            let _resilient_permit = match #call::acquire(&mut __resilient_call, __resilient_limit) {
                ::core::option::Option::Some(__resilient_permit) => __resilient_permit,
                ::core::option::Option::None => { #stop }
            };
        }
    }

    /// The end of the call, after which the fallback may run, or the part of it that needs no leave: what is kept beyond the call, as the
    /// beginning of a `let`, and the expression that gives it.
    pub(super) fn admission(&self) -> (TokenStream, TokenStream) {
        let call = &self.call;
        let mixed = Span::mixed_site();
        let ended = self.call_to_end();
        let keeps_error = self.plan.closure_takes_error();
        let error = quote_spanned!(mixed=> __resilient_error);
        let Some(limit) = &self.plan.fallback_limit else {
            let falls_back = quote_spanned!(mixed=> #call::falls_back(#ended););
            if !keeps_error {
                return (TokenStream::new(), falls_back);
            }
            let own_or_rejection = self.own_error_or_rejection();
            return (
                quote_spanned!(mixed=> let #error =),
                quote!(#own_or_rejection #falls_back #error),
            );
        };
        let bulkhead = self.bulkhead(limit);
        if self.plan.turns_away() {
            let kept = if keeps_error {
                quote_spanned!(mixed=> (_resilient_permit, #error))
            } else {
                quote_spanned!(mixed=> _resilient_permit)
            };
            let permit = self.permit_or_exit();
            return (
                quote_spanned!(mixed=> let #kept =),
                quote!(#bulkhead #permit),
            );
        }
        let permit = quote_spanned!(mixed=> __resilient_permit);
        let enters = quote_spanned!(mixed=> #call::enters(#ended, __resilient_limit));
        if !keeps_error {
            return (
                quote_spanned!(mixed=> let #permit =),
                quote!(#bulkhead #enters),
            );
        }
        let own_or_rejection = self.own_error_or_rejection();
        (
            quote_spanned!(mixed=> let (#permit, #error) =),
            quote_spanned!(mixed=> #own_or_rejection #bulkhead (#enters, #error)),
        )
    }

    /// Leave to run the fallback, and with it the error if that is a closure; for a call that is turned away, the end of the function.
    fn permit_or_exit(&self) -> TokenStream {
        let Expansion {
            private,
            call,
            exit,
            ..
        } = self;
        let mixed = Span::mixed_site();
        let shown = self.plan.error_span.resolved_at(mixed);
        let ended = self.call_to_end();
        let limit = quote_spanned!(mixed=> __resilient_limit);
        let located = located_at(call, shown);
        let own = self.private_at(shown);
        let own = quote_spanned!(shown=> #own::ResultLike::from_error(__resilient_error));
        let own = self.turned_away(&own);
        let own = quote_spanned!(shown=> #exit #own);
        match (self.plan.ending(), self.plan.closure_takes_error()) {
            (Ending::ErrorOrRejection, false) if self.lends_error() => {
                let turned_away = quote_spanned! {shown=>
                    #located::turned_away(#ended, #limit, __resilient_error)
                };
                let turned_away = self.turned_away(&turned_away);
                quote_spanned! {mixed=>
                    match #call::enter_fallback(&__resilient_call, #limit, &mut __resilient_error) {
                        ::core::option::Option::Some(__resilient_permit) => {
                            #private::gone(__resilient_error);
                            #call::gives_up(__resilient_call);
                            __resilient_permit
                        }
                        ::core::option::Option::None => #exit #turned_away,
                    }
                }
            }
            (Ending::ErrorOrRejection, keeps_error) => {
                let name = if keeps_error {
                    "enter_fallback_with_error"
                } else {
                    "enter_fallback"
                };
                let enter_fallback = Ident::new(name, shown);
                let entered = quote_spanned! {shown=>
                    #located::#enter_fallback(#ended, #limit, __resilient_error)
                };
                quote_spanned! {mixed=>
                    match #entered {
                        ::core::result::Result::Ok(__resilient_admitted) => __resilient_admitted,
                        ::core::result::Result::Err(__resilient_error) => #own,
                    }
                }
            }
            (Ending::Error | Ending::Nothing, keeps_error) => {
                let admitted = if keeps_error {
                    quote_spanned!(mixed=> (__resilient_permit, __resilient_error))
                } else {
                    // One that is not `Send` would spoil the fallback's future.
                    quote_spanned! {mixed=> {
                        ::core::mem::drop(__resilient_error);
                        __resilient_permit
                    }}
                };
                quote_spanned! {mixed=>
                    match #call::enters(#ended, #limit) {
                        ::core::option::Option::Some(__resilient_permit) => #admitted,
                        ::core::option::Option::None => #own,
                    }
                }
            }
        }
    }

    /// A fallback that is a closure, and cannot turn anybody away, gets an error in any case.
    pub(super) fn own_error_or_rejection(&self) -> TokenStream {
        if self.plan.ending() != Ending::ErrorOrRejection {
            return TokenStream::new();
        }
        let mixed = Span::mixed_site();
        let shown = self.plan.error_span.resolved_at(mixed);
        let (private, call) = (self.private_at(shown), located_at(&self.call, shown));
        let rejected = quote_spanned! {shown=>
            #private::rejected(#call::rejection(&mut __resilient_call))
        };
        quote_spanned! {mixed=>
            let __resilient_error = match __resilient_error {
                ::core::option::Option::Some(__resilient_error) => __resilient_error,
                ::core::option::Option::None => #rejected,
            };
        }
    }

    /// Does what gives leave get a reference to the error? A sync call then has the permit in a register, not in memory.
    pub(super) fn lends_error(&self) -> bool {
        matches!(self.plan.mode, Mode::Sync)
            && self.plan.ending() == Ending::ErrorOrRejection
            && !self.plan.closure_takes_error()
            && !self.plan.fallback.is_empty()
    }

    fn bulkhead(&self, limit: &Limit) -> TokenStream {
        let private = &self.private;
        let mixed = Span::mixed_site();
        let bulkhead = match limit {
            Limit::Own(calls) => {
                let name = self.name();
                quote_spanned! {mixed=> {
                    static LIMIT: #private::Bulkhead =
                        #private::Bulkhead::new(::core::concat!("fallback of ", #name), #calls);
                    &LIMIT
                }}
            }
            Limit::Shared(shared) => self.shared(shared),
        };
        quote_spanned!(mixed=> let __resilient_limit: &#private::Bulkhead = #bulkhead;)
    }

    fn shared(&self, shared: &Shared) -> TokenStream {
        let Shared {
            expression,
            is_static,
            span,
        } = shared;
        let shown = span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        if *is_static {
            quote_spanned!(shown=> #private::static_bulkhead(&#expression))
        } else {
            quote_spanned!(shown=> #private::bulkhead(&#expression))
        }
    }

    /// One fallback of a list that ends with a plain value: without leave the list goes on there.
    pub(super) fn if_admitted(&self, fallback: &Fallback, step: TokenStream) -> TokenStream {
        if self.plan.fallback_limit.is_none() || self.plan.turns_away() || fallback.plain {
            return step;
        }
        let mixed = Span::mixed_site();
        let otherwise = (fallback.form == Form::Closure)
            .then(|| quote_spanned!(mixed=> else { ::core::mem::drop(__resilient_error); }));
        quote_spanned!(mixed=> if ::core::option::Option::is_some(&__resilient_permit) #step #otherwise)
    }
}
