//! Finds out when a server that is starting can be used.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{StartError, process::Process};

/// How long a server may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of the log an error message quotes.
const LOG_LINES: usize = 5;

/// Waits until the server answers a PING, or until it also has loaded its data.
pub(super) fn wait(
    process: &mut Process,
    socket: &Path,
    log: &Path,
    wait_loaded: bool,
) -> Result<(), StartError> {
    let started = Instant::now();
    loop {
        match ping(socket) {
            Ok(reply) if wait_loaded && reply.starts_with(b"-LOADING") => {}
            // Also an error such as NOAUTH is an answer.
            Ok(_) => return Ok(()),
            Err(_) => {}
        }
        if !process.is_running() {
            return Err(StartError::Exited {
                log: last_lines(log),
            });
        }
        if started.elapsed() > PATIENCE {
            return Err(StartError::NotReady {
                waited: PATIENCE,
                log: last_lines(log),
            });
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn ping(socket: &Path) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    let mut reply = vec![0; 64];
    let length = stream.read(&mut reply)?;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    reply.truncate(length);
    Ok(reply)
}

pub(crate) fn last_lines(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join(" | ")
}
