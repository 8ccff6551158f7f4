//! The function that removes an entry, and what it shares with the one that loads.

use super::Expansion;
use super::cache::declared;
use crate::item::Shape;
use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt as _;

impl Expansion<'_> {
    pub(super) fn neighbours(&self) -> TokenStream {
        let Some(invalidate) = &self.plan.invalidate else {
            return TokenStream::new();
        };
        let (plan, cache) = (self.plan, &self.cache);
        let krate = &plan.krate;
        let mixed = Span::mixed_site();
        let target = &plan.target;
        let conditions: Vec<_> = target
            .attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .collect();
        let declared = declared(invalidate);
        let declaration = self.declaration();
        let beginning = self.call();
        let (visibility, name, inputs) = (&target.visibility, &invalidate.name, &invalidate.inputs);
        let parameters = &invalidate.generics;
        let requirements = &invalidate.generics.where_clause;
        let is_async = matches!(target.shape, Shape::Async(_));
        let keyword = is_async.then(|| quote_spanned!(mixed=> async));
        let call = if is_async {
            quote_spanned!(mixed=> invalidate_key(&__cached_key).await)
        } else {
            quote_spanned!(mixed=> invalidate_key_blocking(&__cached_key))
        };
        let mut docs = Literal::string(&format!(
            " Removes what `{}` has cached for these arguments.",
            target.signature.ident.unraw()
        ));
        docs.set_span(mixed);
        quote_spanned! {mixed=>
            #(#conditions)*
            #[doc = #docs]
            #[allow(
                unknown_lints,
                unused_variables,
                clippy::needless_pass_by_value,
                clippy::too_many_arguments,
                clippy::trivially_copy_pass_by_ref,
                clippy::wrong_self_convention
            )]
            #visibility #keyword fn #name #parameters (#(#inputs),*) -> #krate::cache::Invalidated #requirements {
                #beginning
                __cached.#call
            }

            #(#conditions)*
            #[doc(hidden)]
            #[allow(non_snake_case)]
            fn #declared() -> &'static #cache::CachedFunction {
                #declaration
                &__REDIS_CACHED
            }
        }
    }
}
