//! The cache that the function has, and the key of one call.

use super::{Expansion, located_at};
use crate::cached::plan::{Breaker, Invalidate, Near};
use crate::expand::key::parts;
use crate::expand::policy::{backoff_of, name};
use crate::key::parts::KeyPart;
use crate::plan::Setter;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt as _;

/// The function that has what the neighbours share. No attribute can see whether it is in an `impl`; where a neighbour is not found, the compiler
/// gives this name, which says what to write.
pub(super) fn declared(invalidate: &Invalidate) -> Ident {
    let name = invalidate.name.unraw();
    let declared = format!("__{name}_is_written_Self_{name}_in_an_impl");
    Ident::new(
        &declared,
        invalidate.name.span().resolved_at(Span::mixed_site()),
    )
}

impl Expansion<'_> {
    /// `static __REDIS_CACHED: CachedFunction = …;`
    pub(super) fn declaration(&self) -> TokenStream {
        let (plan, cache) = (self.plan, &self.cache);
        let krate = &plan.krate;
        let mixed = Span::mixed_site();
        let name = name(&plan.policy.name);
        let none = quote_spanned!(mixed=> "");
        let prefix = plan.prefix.as_ref().unwrap_or(&none);
        let settings = plan.settings.iter().map(|setting| {
            let (method, value) = (Ident::new(setting.name, mixed), &setting.value);
            quote_spanned!(mixed=> .#method(#value))
        });
        // All keys begin with it: what is to be told of are those.
        let head = match plan.key.first() {
            Some(KeyPart::Text(text)) if matches!(plan.near, Some(Near::Tracked)) => {
                let mut text = Literal::string(text);
                text.set_span(mixed);
                quote_spanned!(mixed=> .head(#text))
            }
            _ => TokenStream::new(),
        };
        let policy = plan.policy.setters.iter().map(|setter| self.setter(setter));
        let breaker = match &plan.breaker {
            Breaker::OfRedis => quote_spanned!(mixed=> .breaker(__cached_breaker)),
            Breaker::Off => quote_spanned!(mixed=> .without_breaker()),
            Breaker::Own(breaker) => quote_spanned!(mixed=> .breaker(&#breaker)),
        };
        quote_spanned! {mixed=>
            static __REDIS_CACHED: #cache::CachedFunction = #cache::CachedFunction::new(
                #cache::Settings::new(#name, #prefix) #(#settings)* #head,
                |__cached_breaker| #krate::Policy::new(#name) #(#policy)* #breaker,
            );
        }
    }

    /// What is declared, as an expression: the cache is one, and its neighbours use it too.
    fn reference(&self) -> TokenStream {
        let mixed = Span::mixed_site();
        let Some(invalidate) = &self.plan.invalidate else {
            let declaration = self.declaration();
            return quote_spanned!(mixed=> { #declaration &__REDIS_CACHED });
        };
        let declared = declared(invalidate);
        if invalidate.in_impl {
            quote_spanned!(mixed=> Self::#declared())
        } else {
            quote_spanned!(mixed=> #declared())
        }
    }

    /// What every call begins with: the cache of the function in the Redis of this call, and the key.
    pub(super) fn call(&self) -> TokenStream {
        let module = &self.cache;
        let (reference, key, cache) = (self.reference(), self.key(), self.cache());
        quote_spanned! {Span::mixed_site()=>
            let __cached_function: &'static #module::CachedFunction = #reference;
            let __cached_key = #key;
            let __cached = #cache;
        }
    }

    fn cache(&self) -> TokenStream {
        let plan = self.plan;
        let mixed = Span::mixed_site();
        let redis = &plan.redis;
        let shown = plan.value_span.resolved_at(mixed);
        let krate = located_at(&plan.krate, shown);
        let json = quote_spanned!(shown=> #krate::cache::Json);
        let codec = plan.codec.as_ref().map_or(json, ToTokens::to_token_stream);
        let (value, codec) = if plan.negative_on.is_some() {
            // An error that is remembered is kept as a value is.
            let module = &self.cache;
            let shown = plan.error_span.resolved_at(mixed);
            (
                self.cached(),
                quote_spanned!(shown=> #module::Remembering<#codec>),
            )
        } else {
            (self.cached(), codec)
        };
        let module = located_at(&self.cache, shown);
        let cache = if plan.near.is_some() {
            quote_spanned!(shown=> #module::CachedFunction::cache_near::<#value, #codec>)
        } else {
            quote_spanned!(shown=> #module::CachedFunction::cache::<#value, #codec>)
        };
        quote_spanned!(mixed=> #cache(__cached_function, &#redis))
    }

    fn key(&self) -> TokenStream {
        let cache = &self.cache;
        let parts = parts(&self.plan.key);
        quote_spanned!(Span::mixed_site()=> #cache::Key::new(__cached_function.settings()) #parts)
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
            Setter::NoTimeout => quote_spanned!(mixed=> .without_timeout()),
            // There are no options for them here.
            Setter::Deadline(_)
            | Setter::Hedge(_)
            | Setter::Idempotent(_)
            | Setter::ShowsNonIdempotent
            | Setter::NoBudget
            | Setter::FallbackOn(_) => TokenStream::new(),
        }
    }
}
