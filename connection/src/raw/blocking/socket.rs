//! A socket on which nothing takes longer than it may.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::SockRef;
#[cfg(unix)]
use redis::io::tcp::socket2::{Domain, SockAddr, Type};
use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, RedisResult};

use crate::deadline::Deadline;

#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    /// As they are set.
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// What has come that has not been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    Nothing,
    /// Something, of which this is the first byte.
    From(u8),
    End,
}

impl Socket {
    pub(super) fn connect(info: &ConnectionInfo, deadline: Deadline) -> RedisResult<Self> {
        let stream = match info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let stream = connect_to_any(&(host.as_str(), *port), deadline)?;
                apply(&stream, info.tcp_settings())?;
                Stream::Tcp(stream)
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => Stream::Unix(connect_to_path(path, deadline)?),
            _ => {
                let what = "an address of this kind cannot be connected to";
                return Err((ErrorKind::InvalidClientConfig, what).into());
            }
        };
        Ok(Self {
            stream,
            read_limit: None,
            write_limit: None,
        })
    }

    /// Each read may take so long. Zero is not allowed.
    pub(super) fn limit_reads(&mut self, limit: Option<Duration>) -> io::Result<()> {
        if self.read_limit != limit {
            match &self.stream {
                Stream::Tcp(stream) => stream.set_read_timeout(limit),
                #[cfg(unix)]
                Stream::Unix(stream) => stream.set_read_timeout(limit),
            }?;
            self.read_limit = limit;
        }
        Ok(())
    }

    /// Each write may take so long. Zero is not allowed.
    pub(super) fn limit_writes(&mut self, limit: Option<Duration>) -> io::Result<()> {
        if self.write_limit != limit {
            match &self.stream {
                Stream::Tcp(stream) => stream.set_write_timeout(limit),
                #[cfg(unix)]
                Stream::Unix(stream) => stream.set_write_timeout(limit),
            }?;
            self.write_limit = limit;
        }
        Ok(())
    }

    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.read(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(bytes),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    /// What has come that has not been read.
    pub(super) fn unread(&self) -> Unread {
        let looked = match &self.stream {
            Stream::Tcp(stream) => look(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => look(stream),
        };
        match looked {
            Ok(Some(first)) => Unread::From(first),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Unread::Nothing,
            Ok(None) | Err(_) => Unread::End,
        }
    }
}

/// The first byte that there is, without waiting for it; `None`: none comes any more.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn look(stream: &impl std::os::fd::AsFd) -> io::Result<Option<u8>> {
    use rustix::net::{RecvFlags, recv};
    let mut first = [0];
    let (read, _) = recv(stream, &mut first, RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok((read > 0).then_some(first[0]))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn look<'a, S>(stream: &'a S) -> io::Result<Option<u8>>
where
    SockRef<'a>: From<&'a S>,
{
    let socket = SockRef::from(stream);
    socket.set_nonblocking(true)?;
    let looked = socket.peek(&mut [std::mem::MaybeUninit::uninit()]);
    socket.set_nonblocking(false)?;
    // The byte itself cannot be had here: it is taken for the beginning of a push, which few take.
    Ok((looked? > 0).then_some(b'>'))
}

/// Each of its addresses has its share of the time that is left.
fn connect_to_any(host: &(&str, u16), deadline: Deadline) -> io::Result<TcpStream> {
    let mut addresses = host.to_socket_addrs()?;
    let mut failure = None;
    while let Some(address) = addresses.next() {
        let others = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let connected = match deadline.left()? {
            None => TcpStream::connect(address),
            Some(left) => {
                let share = left / others.saturating_add(1);
                TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1)))
            }
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| io::Error::other("could not resolve to any addresses")))
}

fn apply(stream: &TcpStream, settings: &TcpSettings) -> io::Result<()> {
    stream.set_nodelay(settings.nodelay())?;
    let socket = SockRef::from(stream);
    if let Some(keepalive) = settings.keepalive() {
        socket.set_tcp_keepalive(keepalive)?;
    }
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_user_timeout(settings.user_timeout())?;
    Ok(())
}

/// The system lets the connect wait while the server accepts none, but no longer than a write.
#[cfg(unix)]
fn connect_to_path(path: &Path, deadline: Deadline) -> io::Result<UnixStream> {
    let socket = redis::io::tcp::socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_write_timeout(deadline.left()?)?;
    socket.connect(&SockAddr::unix(path)?)?;
    socket.set_write_timeout(None)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn connected() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("redis://{}", listener.local_addr().expect("a port"));
        let info = redis::IntoConnectionInfo::into_connection_info(url).expect("a URL");
        let deadline = Deadline::after(Some(Duration::from_secs(10)));
        let socket = Socket::connect(&info, deadline).expect("somebody listens");
        (socket, listener.accept().expect("it has connected").0)
    }

    #[test]
    fn what_has_come_is_seen_and_stays_and_so_is_the_end() {
        let (mut socket, mut server) = connected();
        assert_eq!(socket.unread(), Unread::Nothing);
        server.write_all(b"x").expect("it is open");
        let mut byte = [0; 1];
        // Waits for it, and leaves none.
        assert_eq!(socket.read(&mut byte).expect("it has come"), 1);
        assert_eq!(socket.unread(), Unread::Nothing);
        server.write_all(b"x>").expect("it is open");
        assert_eq!(socket.read(&mut byte).expect("it has come"), 1);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.unread(), Unread::From(b'>'));
        let (mut socket, server) = connected();
        drop(server);
        assert_eq!(socket.read(&mut byte).expect("its end"), 0);
        assert_eq!(socket.unread(), Unread::End);
    }
}
