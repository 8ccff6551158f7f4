//! Function shapes that an attribute which runs a body again has to get right: each compiles, is tried again, and gives its value.
//!
//! A comment `// row 17 | what it is | the issue it is known from` stands above the tests of one shape, whose names begin with `row_17_`. From
//! these comments, and those in `ui`, the table in `docs/shapes.md` is made.

// Some lints are heard only here.
#![deny(
    future_incompatible,
    rust_2018_compatibility,
    rust_2021_compatibility,
    rust_2024_compatibility
)]

mod arguments;
mod attributes;
mod borrows;
mod drop_order;
mod errors;
mod fallbacks;
mod generics;
mod keys;
mod lints;
mod macros;
mod names;
mod outcome;
mod receivers;
mod recursion;
mod results;
mod row;
mod send;
mod support;
mod sync;
mod table;
mod traits;
