//! The stages of the attributes, and what has to hold for them whatever they are given.
//!
//! A crate of procedural macros exports nothing but macros, so its modules are compiled once more, as part of this crate.

mod nesting;
#[path = "../../macros/src/tests/promise.rs"]
mod promise;
#[path = "../../macros/src"]
mod macros {
    #![allow(dead_code)]
    pub(crate) mod args;
    pub(crate) mod cached;
    pub(crate) mod defaults;
    pub(crate) mod errors;
    pub(crate) mod expand;
    pub(crate) mod item;
    pub(crate) mod key;
    pub(crate) mod plan;
    pub(crate) mod stages;
    pub(crate) mod suggest;
    pub(crate) mod types;
}

// Where they look for each other.
use macros::{args, cached, defaults, errors, expand, item, key, plan, stages, suggest, types};

pub use nesting::tokens;
/// # Panics
/// If an attribute does, or swallows what it stands on, or makes something of it that is no Rust.
pub fn check(args: proc_macro2::TokenStream, item: proc_macro2::TokenStream) {
    promise::check(args.clone(), item.clone());
    promise::check_cached(args, item);
}
