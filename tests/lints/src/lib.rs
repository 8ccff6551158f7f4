//! The attribute in all its forms, in code that denies every lint there is: what it expands to has to please the strictest user.
//!
//! Where two lints contradict each other, modules take turns in which of them is denied.

#![forbid(unsafe_code)]
#![deny(
    warnings,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_compatibility,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused
)]
// The ones that are in no group and allowed by default, those of nightly excepted.
#![deny(
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    deprecated_safe_2024,
    deref_into_dyn_supertrait,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    impl_trait_redundant_captures,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_crate_dependencies,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![deny(
    clippy::all,
    clippy::cargo,
    clippy::complexity,
    clippy::correctness,
    clippy::nursery,
    clippy::pedantic,
    clippy::perf,
    clippy::restriction,
    clippy::style,
    clippy::suspicious
)]
#![allow(
    clippy::blanket_clippy_restriction_lints,
    reason = "all of them, that is the point"
)]
#![allow(
    clippy::mod_module_files,
    clippy::pub_with_shorthand,
    clippy::semicolon_outside_block,
    clippy::separated_literal_suffix,
    reason = "each has an opposite, which is denied"
)]
#![allow(
    clippy::implicit_return,
    reason = "has an opposite, which is denied; `mod explicit` turns it round"
)]
#![allow(
    clippy::cargo_common_metadata,
    clippy::multiple_crate_versions,
    reason = "say nothing about this code"
)]

pub mod asynchronous;
pub mod explicit;
pub mod fallbacks;
pub mod fires;
pub mod generics;
pub mod methods;
pub mod options;
pub mod synchronous;
pub mod traits;
