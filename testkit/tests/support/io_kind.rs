//! The cause of a client's error.

use std::{error::Error, io, sync::Arc};

use redis::RedisError;

/// The kind of the I/O error behind an error of the client.
pub(crate) fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    // The client hands out its source within an `Arc`.
    let source: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
    Some(source.downcast_ref::<io::Error>()?.kind())
}
