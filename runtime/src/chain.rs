//! Walks a chain of errors, looking through the wrappers that hide what they carry.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::RedisError;

/// Wrappers deeper than this are a cycle.
const MAX_LINKS: usize = 64;

/// The first `Some` that `look` gives for a link of the chain, outermost first.
pub fn find_map<'a, T>(
    error: &'a (dyn Error + 'static),
    look: &mut dyn FnMut(&'a (dyn Error + 'static)) -> Option<T>,
) -> Option<T> {
    walk(error, look, MAX_LINKS)
}

fn walk<'a, T>(
    error: &'a (dyn Error + 'static),
    look: &mut dyn FnMut(&'a (dyn Error + 'static)) -> Option<T>,
    links: usize,
) -> Option<T> {
    let mut next = Some(error);
    for left in (0..links).rev() {
        let wrapped = next?;
        // What is around it tells where it comes from.
        if let Some(found) = look(wrapped) {
            return Some(found);
        }
        let link = unwrapped(wrapped);
        // `io::Error::source` skips the value that the error carries, and that value says more than the error's kind.
        let carried = link
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .and_then(|carried| walk(carried, look, left));
        if let Some(found) = carried.or_else(|| look(link)) {
            return Some(found);
        }
        next = link.source();
    }
    None
}

/// `Arc` and `Box` are errors themselves, and forward `source()` past what they hold.
fn unwrapped<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    if let Some(held) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return unwrapped(&**held);
    }
    if let Some(held) = error.downcast_ref::<Arc<RedisError>>() {
        return &**held;
    }
    if let Some(held) = error.downcast_ref::<Box<RedisError>>() {
        return &**held;
    }
    if let Some(held) = error.downcast_ref::<Arc<io::Error>>() {
        return &**held;
    }
    if let Some(held) = error.downcast_ref::<Box<io::Error>>() {
        return &**held;
    }
    error
}
