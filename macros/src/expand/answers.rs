//! What calls with the same key share, in the steps of a call.

use super::{Expansion, key, located_at};
use crate::plan::Mode;
use crate::plan::answers::Answers;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

impl Expansion<'_> {
    fn cache(&self, answers: &Answers) -> TokenStream {
        self.cache_at(answers, Span::call_site())
    }

    /// What the cache has for expansions, shown at `span`.
    fn cache_at(&self, answers: &Answers, span: Span) -> TokenStream {
        let shown = span.resolved_at(Span::mixed_site());
        let krate = located_at(&self.plan.krate, shown);
        // If the crate is built without this feature, that shows at the option.
        let option = answers.option_span.resolved_at(Span::mixed_site());
        let cache = Ident::new("cache", option);
        quote_spanned!(shown=> #krate::#cache::__private)
    }

    /// The function's value or error type.
    fn part(&self, name: &str, span: Span) -> TokenStream {
        let shown = span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        let (output, name) = (&self.plan.output, Ident::new(name, shown));
        quote_spanned!(shown=> <#output as #private::ResultLike>::#name)
    }

    /// Statements for what is kept beyond the attempts, and those that come after them.
    pub(super) fn keyed(&self) -> (TokenStream, TokenStream) {
        let Some(answers) = &self.plan.answers else {
            return (TokenStream::new(), TokenStream::new());
        };
        let mixed = Span::mixed_site();
        let keyed = self.call_by_key(answers);
        let lead = answers
            .coalesce
            .then(|| quote_spanned!(mixed=> let __resilient_lead;));
        let entered = self.lead(answers);
        if answers.key_comes_first {
            return (
                quote_spanned!(mixed=> let __resilient_keyed = #keyed; #lead),
                entered,
            );
        }
        (
            quote_spanned!(mixed=> let __resilient_keyed; #lead),
            quote_spanned!(mixed=> __resilient_keyed = #keyed; #entered),
        )
    }

    fn call_by_key(&self, answers: &Answers) -> TokenStream {
        let mixed = Span::mixed_site();
        let cache = self.cache(answers);
        let name = self.name();
        let stale = answers.stale.iter();
        let types = &answers.types;
        let redis = (!answers.redis.is_empty()).then(|| {
            let (private, redis) = (&self.private, &answers.redis);
            // In this block only, or the methods would be there for the body as well.
            quote_spanned!(mixed=> .of_redis({
                use #private::{ViaConnector as _, ViaNoConnector as _};
                [#((&&#private::Taken(&#redis)).resilient_breaker()),*]
            }))
        });
        let parts = key::parts(&answers.key);
        let shown = answers.value_span.resolved_at(mixed);
        let value = self.part("Value", answers.value_span);
        let at_value = self.cache_at(answers, shown);
        let keyed = quote_spanned!(shown=> #at_value::keyed::<#value>);
        quote_spanned! {mixed=>
            #keyed(
                {
                    static ANSWERS: #cache::Answers = #cache::Answers::new(#name) #(.stale(#stale))*;
                    &ANSWERS
                },
                #cache::Key::within() #(.of_type(#types))* #redis #parts,
            )
        }
    }

    /// The lead of the fallback's run, or the end of the function with what another call's run has come to.
    fn lead(&self, answers: &Answers) -> TokenStream {
        if !answers.coalesce {
            return TokenStream::new();
        }
        let mixed = Span::mixed_site();
        let (call, exit) = (&self.call, &self.exit);
        let ended = self.call_to_end();
        let (method, wait) = match self.plan.mode {
            Mode::Sync => ("lead_blocking", TokenStream::new()),
            Mode::Async { .. } => ("lead", quote_spanned!(mixed=> .await)),
        };
        let error = self.part("Error", self.plan.error_span);
        let method = self.keyed_method(answers, method);
        let shown = answers.value_span.resolved_at(mixed);
        let cache = self.cache_at(answers, shown);
        let value = self.part("Value", answers.value_span);
        let leads = quote_spanned!(shown=> #cache::leads::<#value, #error>(&__resilient_keyed));
        let told = self.or_stale(&quote_spanned!(mixed=> __resilient_told));
        let (private, output) = (&self.private, self.output);
        let counted = if answers.stale.is_some() {
            quote_spanned! {mixed=>
                let __resilient_fell = ::core::result::Result::is_ok(&__resilient_told);
                let __resilient_told: #output = #told;
                #private::Handed::fell_or_stale(__resilient_handed, 0, __resilient_fell, &__resilient_told);
            }
        } else {
            quote_spanned!(mixed=> #private::Handed::fell(__resilient_handed, 0, &__resilient_told);)
        };
        quote_spanned! {mixed=>
            __resilient_lead = match #method(&__resilient_keyed, #leads) #wait {
                ::core::result::Result::Ok(__resilient_lead) => __resilient_lead,
                ::core::result::Result::Err(__resilient_told) => {
                    #call::is_answered(#ended);
                    #counted
                    #exit __resilient_told;
                }
            };
        }
    }

    /// `Keyed::method`, shown at the type that it is about.
    fn keyed_method(&self, answers: &Answers, method: &str) -> TokenStream {
        let shown = answers.value_span.resolved_at(Span::mixed_site());
        let cache = self.cache_at(answers, shown);
        let method = Ident::new(method, shown);
        quote_spanned!(shown=> #cache::Keyed::#method)
    }

    /// A statement that keeps the value of the body, if values are kept.
    pub(super) fn keeps(&self) -> TokenStream {
        match &self.plan.answers {
            Some(answers) if answers.stale.is_some() => {
                let keep = self.keyed_method(answers, "keep");
                quote_spanned!(Span::mixed_site()=> #keep(&__resilient_keyed, &__resilient_value);)
            }
            _ => TokenStream::new(),
        }
    }

    /// What is returned if the fallback has come to this.
    pub(super) fn answered(&self, fallen: TokenStream) -> TokenStream {
        let Some(answers) = &self.plan.answers else {
            return fallen;
        };
        let mixed = Span::mixed_site();
        let told = if answers.coalesce {
            let (cache, share) = (self.cache(answers), self.share(answers));
            quote_spanned!(mixed=> #cache::Leader::tell(__resilient_lead, #fallen, #share))
        } else {
            fallen
        };
        if answers.stale.is_none() {
            return told;
        }
        let kept = self.keyed_method(answers, "kept");
        quote_spanned!(mixed=> #kept(&__resilient_keyed, #told))
    }

    /// What is returned in place of this by a call that is turned away from the fallback.
    pub(super) fn turned_away(&self, own: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let (private, output) = (&self.private, self.output);
        let Some(answers) = &self.plan.answers else {
            return quote_spanned! {mixed=> {
                #private::Handed::failed(__resilient_handed);
                #own
            }};
        };
        let counted = if answers.stale.is_some() {
            let own = self.or_stale(own);
            quote_spanned! {mixed=>
                let __resilient_own: #output = #own;
                #private::Handed::stale(__resilient_handed, &__resilient_own);
                __resilient_own
            }
        } else {
            quote_spanned! {mixed=>
                #private::Handed::failed(__resilient_handed);
                #own
            }
        };
        let turned_away = answers.coalesce.then(|| {
            let cache = self.cache(answers);
            quote_spanned!(mixed=> #cache::Leader::turned_away(__resilient_lead);)
        });
        quote_spanned! {mixed=> { #turned_away #counted }}
    }

    /// In place of an error, the last good value.
    fn or_stale(&self, result: &TokenStream) -> TokenStream {
        match &self.plan.answers {
            Some(answers) if answers.stale.is_some() => {
                let or_stale = self.keyed_method(answers, "or_stale");
                quote_spanned!(Span::mixed_site()=> #or_stale(&__resilient_keyed, #result))
            }
            _ => result.clone(),
        }
    }

    /// The end of a function without a fallback: the last good value, or its own error.
    pub(super) fn stale_or_error(&self, answers: &Answers) -> TokenStream {
        let (call, exit) = (&self.call, &self.exit);
        let mixed = Span::mixed_site();
        let shown = self.plan.error_span.resolved_at(mixed);
        let private = self.private_at(shown);
        let cache = self.cache(answers);
        let ended = self.call_to_end();
        let stale = self.keyed_method(answers, "stale");
        let at_private = &self.private;
        let value = quote_spanned!(shown=> #private::ResultLike::from_value(__resilient_value));
        let own = self.own_error_or_rejection();
        let error = quote_spanned!(shown=> #private::ResultLike::from_error(__resilient_error));
        quote_spanned! {mixed=>
            #own
            if let ::core::option::Option::Some(__resilient_value) = #stale(&__resilient_keyed) {
                #call::is_answered(#ended);
                #at_private::Handed::stood_in(__resilient_handed);
                #exit #value;
            }
            #cache::unanswered();
            #at_private::Handed::failed(__resilient_handed);
            #exit #error;
        }
    }

    /// How an error is told to all who wait, by its type.
    fn share(&self, answers: &Answers) -> TokenStream {
        let shown = self.plan.error_span.resolved_at(Span::mixed_site());
        let cache = self.cache_at(answers, shown);
        let error = self.part("Error", self.plan.error_span);
        // In this block only, or the methods would be there for the body as well.
        quote_spanned! {shown=> {
            use #cache::{ByClone as _, ByText as _, ByTextOf as _, NotShared as _};
            (&&&&#cache::Probe::<#error>::new()).share()
        }}
    }
}
