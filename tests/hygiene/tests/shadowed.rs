//! Everything that an expansion might name without its full path is something else here, at the root and in the modules, and so is every name
//! that it uses for itself. What is compiled is also run: each function is tried again, or falls back.

mod alloc {}
mod core {}
#[path = "shadowed/names_of_ours.rs"]
mod names_of_ours;
#[path = "shadowed/names_of_the_prelude.rs"]
mod names_of_the_prelude;
mod redis {}
mod redis_resilient {}
#[path = "shadowed/reexported.rs"]
mod reexported;
#[path = "shadowed/run.rs"]
mod run;
mod std {}
mod tokio {}
