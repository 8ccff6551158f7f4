//! The read itself, with the body as what loads.

use super::{Expansion, located_at, rename};
use crate::cached::plan::{Mode, Owned, Time};
use crate::expand::attempt::fake_return;
use crate::plan::Shared;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

impl Expansion<'_> {
    pub(super) fn read(&self, body: &TokenStream) -> TokenStream {
        let plan = self.plan;
        let mixed = Span::mixed_site();
        let settings = self.settings();
        let (enter, entered, wait) = self.room();
        let read = match &plan.mode {
            Mode::Sync => {
                let output = &plan.output;
                let run = match &plan.negative_on {
                    None => quote_spanned!(mixed=> -> #output { #enter #entered #body }),
                    Some(predicate) => {
                        let cache = &self.cache;
                        quote_spanned! {mixed=> {
                            #[allow(unknown_lints, clippy::redundant_closure_call)]
                            let __cached_result = (|| -> #output { #enter #entered #body })();
                            #cache::remember(__cached_result, #predicate)
                        }}
                    }
                };
                quote_spanned! {mixed=>
                    __cached.read_blocking(&__cached_key, &__cached_read, |#wait| #run)
                }
            }
            Mode::Borrowed => {
                let load = self.load(&quote_spanned!(mixed=> async), &quote!(#entered #body));
                quote_spanned! {mixed=>
                    __cached.read(&__cached_key, &__cached_read, |#wait| { #enter #load }).await
                }
            }
            Mode::Background { owned, rename_self } => {
                let (own, lend): (Vec<_>, Vec<_>) =
                    owned.iter().map(|owned| self.owned(owned)).unzip();
                let body = if *rename_self {
                    rename::rename_self(body.clone())
                } else {
                    body.clone()
                };
                let load = self.load(
                    &quote_spanned!(mixed=> async move),
                    &quote!(#(#lend)* #entered #body),
                );
                quote_spanned! {mixed=> {
                    #(#own)*
                    __cached.read_in_background(
                        &__cached_key,
                        __cached_read,
                        move |#wait| { #enter #load },
                    ).await
                }}
            }
        };
        if plan.negative_on.is_none() {
            return quote!(#settings #read);
        }
        let cache = &self.cache;
        quote_spanned!(mixed=> #settings #cache::recall(#read))
    }

    /// The body as a future.
    fn load(&self, keywords: &TokenStream, body: &TokenStream) -> TokenStream {
        let plan = self.plan;
        let mixed = Span::mixed_site();
        // Tells the compiler the type that `return` and `?` in the body lead to.
        let fake_return = fake_return(&plan.output, plan.output_span);
        let load = quote_spanned!(mixed=> #keywords { #fake_return #body });
        match &plan.negative_on {
            None => load,
            Some(predicate) => {
                let cache = &self.cache;
                quote_spanned! {mixed=>
                    #keywords { #cache::remember(#load.await, #predicate) }
                }
            }
        }
    }

    /// Room at the primary store: how it is asked for, what is kept while the body runs, and the name of how long it may be waited for.
    fn room(&self) -> (TokenStream, TokenStream, TokenStream) {
        let (plan, cache) = (self.plan, &self.cache);
        let mixed = Span::mixed_site();
        let Some(limit) = &plan.limit else {
            return (
                TokenStream::new(),
                TokenStream::new(),
                quote_spanned!(mixed=> _),
            );
        };
        let limit = self.shared(limit);
        let error = self.part("Error", plan.error_span);
        let shown = plan.error_span.resolved_at(mixed);
        let at_error = located_at(cache, shown);
        let no_room = quote_spanned!(shown=> <#error as #at_error::NoRoom>::no_room);
        let (enter, wait) = match plan.mode {
            Mode::Sync => (
                quote_spanned!(mixed=> #cache::enter_blocking),
                TokenStream::new(),
            ),
            Mode::Borrowed | Mode::Background { .. } => (
                quote_spanned!(mixed=> #cache::enter),
                quote_spanned!(mixed=> .await),
            ),
        };
        (
            // The future is what the body takes with it, not the time.
            quote_spanned!(mixed=> let __cached_room = #enter(#limit, __cached_wait);),
            quote_spanned! {mixed=>
                let _cached_permit = match __cached_room #wait {
                    ::core::result::Result::Ok(__cached_permit) => __cached_permit,
                    ::core::result::Result::Err(__cached_error) => {
                        return ::core::result::Result::Err(#no_room(__cached_error));
                    }
                };
            },
            quote_spanned!(mixed=> __cached_wait),
        )
    }

    /// Statements of the function, and of the task.
    fn owned(&self, owned: &Owned) -> (TokenStream, TokenStream) {
        let mixed = Span::mixed_site();
        let Owned {
            name,
            inner,
            mutable,
        } = owned;
        let shown = name.span().resolved_at(mixed);
        let cache = &self.cache;
        let at_name = located_at(cache, shown);
        let kept = format_ident!("__cached_owned_{}", inner, span = mixed);
        let own = quote_spanned!(shown=> #at_name::Owned::of(#name));
        let keyword = mutable.then(|| quote_spanned!(mixed=> mut));
        (
            quote_spanned!(mixed=> let #kept = #own;),
            quote_spanned! {mixed=>
                #[allow(unknown_lints, unused_variables, unused_mut, clippy::shadow_same, clippy::shadow_reuse)]
                let #keyword #inner = #cache::Owned::lend(&#kept);
            },
        )
    }

    /// How values and errors are dealt with.
    fn settings(&self) -> TokenStream {
        let (plan, cache) = (self.plan, &self.cache);
        let mixed = Span::mixed_site();
        let mut before = TokenStream::new();
        let ttl = match &plan.life.ttl {
            Time::Declared => quote_spanned!(mixed=> #cache::Lifetime::Default),
            Time::Computed(expression) => {
                before =
                    quote_spanned!(mixed=> let __cached_ttl: ::core::time::Duration = #expression;);
                quote_spanned!(mixed=> #cache::Lifetime::For(__cached_ttl))
            }
            Time::OfValue(closure) => {
                quote_spanned!(mixed=> #cache::ttl_of(#closure, __cached_value))
            }
        };
        let (value, lifetime) = if plan.life.negative {
            let is_none = quote_spanned! {plan.value_span.resolved_at(mixed)=>
                ::core::option::Option::is_none(__cached_value)
            };
            let lifetime = quote_spanned! {mixed=>
                if #is_none { #cache::Lifetime::Negative } else { #ttl }
            };
            (quote_spanned!(mixed=> __cached_value), lifetime)
        } else if matches!(plan.life.ttl, Time::OfValue(_)) {
            (quote_spanned!(mixed=> __cached_value), ttl)
        } else {
            (quote_spanned!(mixed=> _), ttl)
        };
        let (value, lifetime) = if plan.negative_on.is_some() {
            let lifetime = quote_spanned! {mixed=>
                match __cached_value {
                    #cache::Remembered::Value(#value) => #lifetime,
                    #cache::Remembered::Error(_) => #cache::Lifetime::Negative,
                }
            };
            (quote_spanned!(mixed=> __cached_value), lifetime)
        } else {
            (value, lifetime)
        };
        let (share, refuse) = (self.share(), self.refuse());
        let wait = quote_spanned!(mixed=> #cache::LIMIT_WAIT);
        let wait = plan.limit_wait.clone().unwrap_or(wait);
        let ty = self.cached();
        let keyword = matches!(
            (&plan.mode, &plan.life.ttl),
            (Mode::Background { .. }, _) | (_, Time::Computed(_))
        )
        .then(|| quote_spanned!(mixed=> move));
        quote_spanned! {mixed=>
            #before
            let __cached_read = #cache::Read {
                lifetime: #keyword |#value: &#ty| #lifetime,
                share: #share,
                limit_wait: #wait,
                refuse: #refuse,
            };
        }
    }

    /// How an error is told to all who wait for the same load, by its type.
    fn share(&self) -> TokenStream {
        let plan = self.plan;
        if !plan.coalesce {
            return quote_spanned!(Span::mixed_site()=> ::core::option::Option::None);
        }
        let shown = plan.error_span.resolved_at(Span::mixed_site());
        let cache = located_at(&self.cache, shown);
        let error = self.part("Error", plan.error_span);
        // In this block only, or the methods would be there for the body as well.
        quote_spanned! {shown=> {
            use #cache::{ByClone as _, ByText as _, ByTextOf as _, NotShared as _};
            (&&&&#cache::Probe::<#error>::new()).share()
        }}
    }

    /// How an error says that the time of the request is used up, if its type can.
    fn refuse(&self) -> TokenStream {
        let plan = self.plan;
        let shown = plan.error_span.resolved_at(Span::mixed_site());
        let cache = located_at(&self.cache, shown);
        let error = self.part("Error", plan.error_span);
        quote_spanned! {shown=> {
            use #cache::{CanRefuse as _, CannotRefuse as _};
            (&&#cache::Probe::<#error>::new()).refuse()
        }}
    }

    fn shared(&self, shared: &Shared) -> TokenStream {
        let Shared {
            expression,
            is_static,
            span,
        } = shared;
        let shown = span.resolved_at(Span::mixed_site());
        let private = located_at(&self.private, shown);
        if *is_static {
            quote_spanned!(shown=> #private::static_bulkhead(&#expression))
        } else {
            quote_spanned!(shown=> #private::bulkhead(&#expression))
        }
    }
}
