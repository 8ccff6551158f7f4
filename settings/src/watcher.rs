//! Who looks at the file again: a thread, when something changes in the file's folder.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{io, thread};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// Where the file system tells nothing, and in case it has told nothing.
pub(crate) const LOOKS_EVERY: Duration = Duration::from_secs(5);
/// One who writes a file does it in several steps.
const SETTLES_IN: Duration = Duration::from_millis(30);
/// However much goes on in the folder.
const SETTLES_WITHIN: Duration = Duration::from_secs(1);

/// Tells of changes for as long as it is kept.
pub(crate) struct Events {
    _watcher: RecommendedWatcher,
    told: Receiver<()>,
}

/// Changes in the folder of this file: what the file's name leads to may be changed by others than this name.
pub(crate) fn events_of(path: &Path) -> notify::Result<Events> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (tells, told) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own looks at the file are told too.
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        // Nobody listens any more.
        let _ = tells.send(());
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(Events {
        _watcher: watcher,
        told,
    })
}

/// Looks again whenever there is something to see, for as long as a look says so.
pub(crate) fn start(
    events: Option<Events>,
    look: impl Fn() -> bool + Send + 'static,
) -> io::Result<()> {
    let looks = move || loop {
        match &events {
            Some(events) => wait(&events.told),
            None => thread::sleep(LOOKS_EVERY),
        }
        if !look() {
            return;
        }
    };
    thread::Builder::new()
        .name("redis-resilient-settings".to_owned())
        .spawn(looks)
        .map(drop)
}

/// Until something has changed and nothing does any more.
fn wait(told: &Receiver<()>) {
    match told.recv_timeout(LOOKS_EVERY) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => return,
        Err(RecvTimeoutError::Disconnected) => {
            thread::sleep(LOOKS_EVERY);
            return;
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < SETTLES_WITHIN && told.recv_timeout(SETTLES_IN).is_ok() {}
}
