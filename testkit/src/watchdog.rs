//! Kills a server when the process that started it has gone without cleaning up.

use std::{
    io,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Waits for the end of its input: that comes when we die, however we die. Being disarmed, it is
/// simply killed. Ctrl-C reaches the whole process group, so it must not end it early.
const SCRIPT: &str = "trap '' HUP INT TERM; read -r _; kill -9 \"$1\"; rm -rf -- \"$2\"";

/// A small shell that kills a process once we are dead; disarmed when dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Kills `pid` and removes `dir` once this process is dead.
    pub(crate) fn over(pid: u32, dir: &Path) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "redis-testkit-watchdog"])
            .arg(pid.to_string())
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { shell })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Before anything else, `wait` closes the pipe: by then the shell must be dead.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
