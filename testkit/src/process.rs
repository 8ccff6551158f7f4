//! One run of the server program.

use std::{
    fs::OpenOptions,
    io,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::{StartError, watchdog::Watchdog};

/// A running server process; killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    watchdog: Arc<Watchdog>,
}

impl Process {
    pub(crate) fn spawn(
        mut command: Command,
        program: &Path,
        log: &Path,
        watchdog: &Arc<Watchdog>,
    ) -> Result<Self, StartError> {
        let open_log = StartError::io("open the server's log file");
        let log = OpenOptions::new().create(true).append(true).open(log);
        let log = log.map_err(open_log)?;
        let log_twin = log.try_clone();
        let child = command
            .stdin(Stdio::null())
            .stdout(log_twin.map_err(StartError::io("open the server's log file"))?)
            .stderr(log)
            .spawn()
            .map_err(|error| StartError::NotRunnable {
                program: program.to_owned(),
                reason: error.to_string(),
            })?;
        // From here on a failure kills the server by dropping it.
        let process = Self {
            child,
            watchdog: Arc::clone(watchdog),
        };
        let guarded = watchdog.guard(process.pid());
        guarded.map_err(StartError::io("reach the watchdog shell"))?;
        Ok(process)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether the process has been sent `SIGSTOP` and no `SIGCONT` since.
    pub(crate) fn is_stopped(&self) -> io::Result<bool> {
        let pid = Pid::from_child(&self.child);
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(pid), stopped)?.is_some())
    }

    /// Sends a signal; on return it has taken effect also where the process runs on another core.
    pub(crate) fn signal(&mut self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal)?;
        if signal != Signal::STOP {
            return Ok(());
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.is_stopped()? {
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Once the server is reaped its process id may be another's: the watchdog is told first.
        self.watchdog.release();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
