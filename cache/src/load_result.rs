//! What a cached function returns.

/// What a cached function has to return.
#[diagnostic::on_unimplemented(
    message = "`#[redis_cached]` needs a function that returns a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "what is `Ok` is cached: return `Result<Option<..>, ..>` for what may not be there"
)]
pub trait LoadResult {
    /// What is cached.
    type Value;
    /// What a load that fails ends with.
    type Error;
}

impl<T, E> LoadResult for Result<T, E> {
    type Value = T;
    type Error = E;
}
