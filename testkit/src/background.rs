//! A thread of our own that runs asynchronous tasks.

use std::{future::Future, io, pin::pin, sync::mpsc, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// A background thread with a runtime; stopped and joined when dropped.
///
/// It is not the user's runtime, since that may have a single thread which is blocked in the very
/// call that the tasks here must serve.
#[derive(Debug)]
pub(crate) struct Background {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Background {
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = match Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(runtime.handle().clone()));
                let _ = runtime.block_on(pin!(stopped));
            })?;
        let runtime = started.recv().map_err(io::Error::other)??;
        Ok(Self {
            runtime,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Starts a task.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// Runs a task to its end, blocking the caller.
    ///
    /// # Errors
    ///
    /// If the task panics.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = mpsc::channel();
        self.spawn(async move {
            let _ = done.send(task.await);
        });
        result.recv().map_err(io::Error::other)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
