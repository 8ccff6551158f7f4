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

use crate::connection::deadline::Deadline;

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

    /// Whether it is open, and nothing has come that has not been read.
    pub(super) fn is_quiet(&self) -> bool {
        let looked = match &self.stream {
            Stream::Tcp(stream) => look(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => look(stream),
        };
        looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// How many bytes there are, if any, without waiting for them.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn look(stream: &impl std::os::fd::AsFd) -> io::Result<usize> {
    use rustix::net::{RecvFlags, recv};
    let (read, _) = recv(stream, &mut [0_u8], RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok(read)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn look<'a, S>(stream: &'a S) -> io::Result<usize>
where
    SockRef<'a>: From<&'a S>,
{
    let socket = SockRef::from(stream);
    socket.set_nonblocking(true)?;
    let looked = socket.peek(&mut [std::mem::MaybeUninit::uninit()]);
    socket.set_nonblocking(false)?;
    looked
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
    fn it_is_quiet_until_something_comes_or_it_is_closed() {
        let (mut socket, mut server) = connected();
        assert!(socket.is_quiet());
        server.write_all(b"x").expect("it is open");
        let mut byte = [0; 1];
        // Waits for it, and leaves none.
        assert_eq!(socket.read(&mut byte).expect("it has come"), 1);
        assert!(socket.is_quiet());
        server.write_all(b"xy").expect("it is open");
        assert_eq!(socket.read(&mut byte).expect("it has come"), 1);
        assert!(!socket.is_quiet());
        let (mut socket, server) = connected();
        drop(server);
        assert_eq!(socket.read(&mut byte).expect("its end"), 0);
        assert!(!socket.is_quiet());
    }
}
