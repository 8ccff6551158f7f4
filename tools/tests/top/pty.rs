//! A terminal, with somebody who reads what is in it and presses keys.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::service::LONG;

pub(crate) struct Terminal {
    keys: File,
    shown: Receiver<Vec<u8>>,
    /// The side of the program that runs in it.
    inside: Option<File>,
    seen: String,
}

impl Terminal {
    /// With so many lines and columns.
    pub(crate) fn open((rows, columns): (u16, u16)) -> io::Result<Self> {
        let outside = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&outside)?;
        unlockpt(&outside)?;
        let path = ptsname(&outside, Vec::new())?;
        let path = path.into_string().map_err(io::Error::other)?;
        let inside = File::options().read(true).write(true).open(path)?;
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&inside, size)?;
        let keys = File::from(outside);
        let mut screen = keys.try_clone()?;
        let (tells, shown) = channel();
        thread::spawn(move || {
            let mut bytes = vec![0; 16_384];
            // An error: the program has ended, and nobody is inside.
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                if tells.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            keys,
            shown,
            inside: Some(inside),
            seen: String::new(),
        })
    }

    pub(crate) fn run(&mut self, mut command: Command) -> io::Result<Child> {
        let inside = self.inside.take().expect("one program");
        command
            .stdin(inside.try_clone()?)
            .stdout(inside.try_clone()?)
            .stderr(inside);
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
        command.spawn()
        // The command goes, and with it all that is inside but what the program has.
    }

    pub(crate) fn type_in(&mut self, keys: &str) -> io::Result<()> {
        self.keys.write_all(keys.as_bytes())
    }

    /// All that was ever shown.
    pub(crate) fn seen(&self) -> &str {
        &self.seen
    }

    /// Reads until that has been shown, from here on.
    pub(crate) fn read_until(&mut self, wanted: &str) -> io::Result<()> {
        let from = self.seen.len();
        while !self.seen[from..].contains(wanted) {
            match self.shown.recv_timeout(LONG) {
                Ok(bytes) => self.seen += &String::from_utf8_lossy(&bytes),
                Err(_) => {
                    return Err(io::Error::other(format!(
                        "no {wanted:?} in {:?}",
                        &self.seen[from..]
                    )));
                }
            }
        }
        Ok(())
    }

    /// What is shown until the program ends.
    pub(crate) fn read_to_end(&mut self) -> io::Result<String> {
        let from = self.seen.len();
        loop {
            match self.shown.recv_timeout(LONG) {
                Ok(bytes) => self.seen += &String::from_utf8_lossy(&bytes),
                Err(RecvTimeoutError::Disconnected) => return Ok(self.seen[from..].to_owned()),
                Err(RecvTimeoutError::Timeout) => return Err(io::Error::other("it does not end")),
            }
        }
    }
}
