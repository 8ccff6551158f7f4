//! Reads commands.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest argument, in bytes; as with Redis.
const MAX_ARGUMENT: usize = 512 * 1024 * 1024;
/// The most arguments of a command; as with Redis.
const MAX_ARGUMENTS: usize = 1024 * 1024;

/// Why no command could be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// The connection has ended.
    Ended,
    /// The client does not speak the protocol.
    Invalid(&'static str),
}

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Self::Ended
    }
}

/// Reads a command: its name and its arguments, at least the name.
pub(super) async fn read<R: AsyncBufRead + Unpin>(
    reader: &mut R,
) -> Result<Vec<Vec<u8>>, Unreadable> {
    loop {
        let count = read_length(reader, b'*', MAX_ARGUMENTS).await?;
        let mut command = Vec::new();
        for _ in 0..count {
            let length = read_length(reader, b'$', MAX_ARGUMENT).await?;
            let mut argument = vec![0; length + 2];
            reader.read_exact(&mut argument).await?;
            argument.truncate(length);
            command.push(argument);
        }
        if !command.is_empty() {
            return Ok(command);
        }
    }
}

async fn read_length<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    kind: u8,
    most: usize,
) -> Result<usize, Unreadable> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(Unreadable::Ended);
    }
    let length = line
        .strip_prefix(&[kind])
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.trim_end().parse().ok())
        .filter(|length| *length <= most);
    length.ok_or(Unreadable::Invalid(if kind == b'*' {
        "ERR Protocol error: invalid multibulk length"
    } else {
        "ERR Protocol error: invalid bulk length"
    }))
}
