//! Something that ends with a runtime.

use std::fmt;

use tokio::task::AbortHandle;

/// A task that does nothing for as long as this is kept or its runtime lasts, and then does one thing: connections are served by tasks, and an
/// application may have several runtimes, as its tests have one each.
pub(crate) struct Companion(AbortHandle);

impl fmt::Debug for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Companion")
    }
}

impl Companion {
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn new(at_end: impl FnOnce() + Send + 'static) -> Self {
        let at_end = AtEnd(Some(at_end));
        let task = tokio::spawn(async move {
            let _at_end = at_end;
            std::future::pending::<()>().await;
        });
        Self(task.abort_handle())
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct AtEnd<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        if let Some(at_end) = self.0.take() {
            at_end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn it_ends_with_its_runtime() {
        let is_over = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let set = is_over.clone();
        let companion =
            runtime.block_on(async { Companion::new(move || set.store(true, Ordering::Relaxed)) });
        assert!(!is_over.load(Ordering::Relaxed));
        drop(runtime);
        assert!(is_over.load(Ordering::Relaxed));
        drop(companion);
    }
}
