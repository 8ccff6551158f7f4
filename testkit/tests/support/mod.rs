//! What several tests need.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A client that shows replies as they are on the wire.
pub(crate) struct RawClient {
    stream: BufReader<TcpStream>,
}

impl RawClient {
    pub(crate) fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends a command and returns its reply, escaped.
    pub(crate) fn send<S: AsRef<str>>(&mut self, command: &[S]) -> String {
        let mut request = format!("*{}\r\n", command.len());
        for word in command {
            let word = word.as_ref();
            write!(request, "${}\r\n{word}\r\n", word.len()).unwrap();
        }
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut reply = vec![];
        self.read_value(&mut reply);
        reply.escape_ascii().to_string()
    }

    fn read_value(&mut self, reply: &mut Vec<u8>) {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        reply.extend_from_slice(line.as_bytes());
        let length = line[1..].trim_end().parse().unwrap_or(0);
        match line.as_bytes()[0] {
            b'$' if !line.starts_with("$-1") => {
                let mut payload = vec![0; length + 2];
                self.stream.read_exact(&mut payload).unwrap();
                reply.extend_from_slice(&payload);
            }
            b'*' => (0..length).for_each(|_| self.read_value(reply)),
            b'%' => (0..2 * length).for_each(|_| self.read_value(reply)),
            _ => {}
        }
    }
}
