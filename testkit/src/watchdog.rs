//! Cleans up after a server when the process that started it has gone without doing so.

use std::{
    io::{self, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

/// Reads the process ids of one server run after the other, an empty line for none, until the end
/// of its input: that comes when we die, however we die. Being disarmed, it is simply killed.
/// Ctrl-C reaches the whole process group, so it must not end it early.
const SCRIPT: &str = "trap '' HUP INT TERM; pid=; while read -r line; do pid=$line; done; \
                      [ -z \"$pid\" ] || kill -9 \"$pid\"; rm -rf -- \"$1\"";

/// A small shell that, once we are dead, kills a process and removes a directory; disarmed when
/// dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    orders: ChildStdin,
}

impl Watchdog {
    /// Has `dir` removed once this process is dead.
    pub(crate) fn over(dir: &Path) -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "redis-testkit-watchdog"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let orders = shell.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { shell, orders })
    }

    /// Has `pid` killed, too.
    pub(crate) fn guard(&self, pid: u32) -> io::Result<()> {
        (&self.orders).write_all(format!("{pid}\n").as_bytes())
    }

    /// Ends [`guard`](Self::guard), from now on: what is not read yet is read before the end.
    pub(crate) fn release(&self) {
        // Where this fails the shell is dead and kills nothing.
        let _ = (&self.orders).write_all(b"\n");
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Before the pipe is closed the shell must be dead.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
