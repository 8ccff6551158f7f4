//! A thread of this crate's own, for what has to go on without a caller: stores of synchronous code, invalidations that Redis has not taken yet.

use std::sync::OnceLock;
use std::thread;

use tokio::runtime::{Builder, Handle};

/// Runs the future in a task: on the caller's runtime if there is one, else on that of the worker.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(task)),
        Err(_) => spawn_on_worker(task),
    }
}

/// Runs the future in a task of the worker's, which no runtime's end stops. If no thread can be had, it is not run.
pub(crate) fn spawn_on_worker(task: impl Future<Output = ()> + Send + 'static) {
    static WORKER: OnceLock<Option<Handle>> = OnceLock::new();
    if let Some(worker) = WORKER.get_or_init(start) {
        drop(worker.spawn(task));
    }
}

fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("redis-resilient-cache".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .ok()?;
    Some(handle)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn runs_tasks_without_a_runtime_and_survives_their_panics() {
        let (sender, receiver) = mpsc::channel();
        spawn(async { panic!("of a task, for a test") });
        spawn(async move {
            sender
                .send(thread::current().name().map(str::to_owned))
                .expect("somebody listens");
        });
        let name = receiver.recv().expect("the task is run");
        assert_eq!(name.as_deref(), Some("redis-resilient-cache"));
    }
}
