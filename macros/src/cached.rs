//! `#[redis_cached]` on tokens: options and function are read, put together and checked, and written as what runs.

mod args;
mod check;
#[allow(dead_code, reason = "some are for the cache alone")]
mod defaults;
mod expand;
mod plan;
mod signature;
#[cfg(test)]
mod tests;

use self::args::CachedArgs;
use self::plan::Plan;
use crate::errors::Errors;
use crate::item;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

pub(crate) fn cached(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = CachedArgs::parse(args, &mut errors);
    let target = errors.keep(item::parse(item.clone(), &item::CACHED));
    let is_function = target.is_some();
    let plan = Plan::new(args, target, &mut errors);
    match (errors.into_compile_errors(), plan) {
        (None, Some(plan)) => expand::expand(&plan),
        // With the function as it was written, editors go on working and its callers still compile. Its parameters are used by what is not made.
        (errors, _) => {
            let allow = is_function
                .then(|| quote_spanned!(Span::mixed_site()=> #[allow(unused_variables)]));
            quote!(#errors #allow #item)
        }
    }
}
