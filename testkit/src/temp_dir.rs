//! A directory that is removed when dropped.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// The longest base directory under which the path of a Unix socket still fits in `sun_path`
/// (104 bytes on macOS).
const LONGEST_BASE: usize = 60;

/// An empty directory of our own, removed with all it holds when dropped.
#[derive(Debug)]
pub(crate) struct TempDir {
    path: PathBuf,
}

impl TempDir {
    pub(crate) fn new() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let base = Some(env::temp_dir())
            .filter(|base| base.as_os_str().len() <= LONGEST_BASE)
            .unwrap_or_else(|| PathBuf::from("/tmp"));
        loop {
            // The time keeps clear of what an earlier process with our number left behind.
            let nanos = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.subsec_nanos());
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("redis-testkit-{}-{number}-{nanos}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Nothing useful can be done about a failure, and a panic here might abort the tests.
        let _ = fs::remove_dir_all(&self.path);
    }
}
