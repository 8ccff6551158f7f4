//! `#[redis_cached]` on functions, against a real server.

mod background;
mod errors;
mod invalidation;
mod keys;
mod lives;
mod outcome;
mod shapes;
mod support;
