//! The attribute on tokens, all stages in turn.

use crate::args::Args;
use crate::errors::Errors;
use crate::plan::Plan;
use crate::{expand, item};
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn resilient(args: TokenStream, item: &TokenStream) -> TokenStream {
    // Tests look at what is there without the feature, whatever else is built with them.
    resilient_with(args, item, cfg!(all(feature = "chaos", not(test))))
}

/// `chaos`: whether faults on purpose are to reach what nothing else watches.
pub(crate) fn resilient_with(args: TokenStream, item: &TokenStream, chaos: bool) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let target = errors.keep(item::parse(item.clone(), &item::RESILIENT));
    let plan = Plan::new(args, target, &mut errors);
    match (errors.into_compile_errors(), plan) {
        (None, Some(plan)) => expand::expand(&plan, chaos),
        // With the function as it was written, editors go on working and its callers still compile.
        (errors, _) => quote!(#errors #item),
    }
}
