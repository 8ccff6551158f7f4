//! A Redis to ask, in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The testkit's server. Not linked in: the testkit turns on a feature of the runtime that makes it slower.
#[derive(Debug)]
pub struct Server {
    /// Where it is.
    pub url: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start() -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut child = Command::new(cargo)
            .args(["run", "--quiet", "--release", "--locked"])
            .args([
                "--package",
                "redis-resilient-testkit",
                "--example",
                "server",
            ])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output of the server")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        if url.is_empty() {
            return Err("the server did not start".into());
        }
        Ok(Self {
            url: url.trim().to_owned(),
            input: child.stdin.take(),
            child,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
