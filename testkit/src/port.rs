//! A TCP port that stays ours also while nobody listens on it.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpStream},
    os::fd::OwnedFd,
};

use tokio::net::{TcpListener, TcpSocket};

/// A port on which connecting is refused, but which no other program gets.
#[derive(Debug)]
pub(crate) struct Reservation {
    addr: SocketAddr,
    socket: Option<TcpSocket>,
}

impl Reservation {
    /// Reserves `addr`, or any free port where its port is 0.
    pub(crate) fn new(addr: SocketAddr) -> io::Result<Self> {
        let socket = bind(addr)?;
        Ok(Self {
            addr: socket.local_addr()?,
            socket: Some(socket),
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes way for another process that binds with `SO_REUSEADDR`, as Redis does.
    ///
    /// Linux lets it bind beside a socket that does not listen; there is no gap then in which a
    /// third program could take the port.
    pub(crate) fn lend(&mut self) {
        if cfg!(not(target_os = "linux")) {
            self.socket = None;
        }
    }

    /// Ends [`lend`](Self::lend).
    pub(crate) fn take_back(&mut self) {
        if self.socket.is_none() {
            self.socket = bind(self.addr).ok();
        }
    }
}

fn bind(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

/// A port that can stop listening and start again.
///
/// It stays reserved all the time: the port of a listener that is closed is anybody's until it is bound again.
#[derive(Debug)]
pub(crate) struct Port {
    reservation: Reservation,
    listener: Option<TcpListener>,
}

impl Port {
    /// Listens on `addr`; must be called within a tokio runtime.
    pub(crate) fn open(addr: SocketAddr) -> io::Result<Self> {
        let mut port = Self {
            reservation: Reservation::new(addr)?,
            listener: None,
        };
        port.reopen()?;
        Ok(port)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.reservation.addr()
    }

    /// Listens again after [`close`](Self::close), on the same port.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            self.reservation.lend();
            self.listener = Some(bind(self.addr())?.listen(1024)?);
        }
        Ok(())
    }

    /// Stops listening, so that connecting is refused; the port stays ours.
    pub(crate) fn close(&mut self) {
        if let Some(Ok(listener)) = self.listener.take().map(TcpListener::into_std) {
            // Closing is not enough: a child process that another thread has just forked, and that has not yet executed its program, has
            // the listener too, and the port could not be listened on until then. This ends it for both.
            let _ = TcpStream::from(OwnedFd::from(listener)).shutdown(Shutdown::Both);
        }
        self.reservation.take_back();
    }

    pub(crate) fn listener(&self) -> Option<&TcpListener> {
        self.listener.as_ref()
    }
}
