//! A TCP port that stays ours also while nobody listens on it.

use std::{io, net::SocketAddr};

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
#[derive(Debug)]
pub(crate) struct Port {
    addr: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    Closed(TcpSocket),
    /// Neither listening nor reserved: binding it has failed.
    Lost,
}

impl Port {
    /// Listens on `addr`; must be called within a tokio runtime.
    pub(crate) fn open(addr: SocketAddr) -> io::Result<Self> {
        let socket = bind(addr)?;
        let addr = socket.local_addr()?;
        let mut port = Self {
            addr,
            state: State::Closed(socket),
        };
        port.reopen()?;
        Ok(port)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Listens again after [`close`](Self::close), on the same port.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        let socket = match std::mem::replace(&mut self.state, State::Lost) {
            State::Open(listener) => {
                self.state = State::Open(listener);
                return Ok(());
            }
            State::Closed(socket) => socket,
            State::Lost => bind(self.addr)?,
        };
        self.state = State::Open(socket.listen(1024)?);
        Ok(())
    }

    /// Stops listening, so that connecting is refused; the port stays ours.
    pub(crate) fn close(&mut self) {
        if let State::Open(_) = self.state {
            // Two steps: the port cannot be bound while the listener still has it.
            self.state = State::Lost;
            if let Ok(socket) = bind(self.addr) {
                self.state = State::Closed(socket);
            }
        }
    }

    pub(crate) fn listener(&self) -> Option<&TcpListener> {
        match &self.state {
            State::Open(listener) => Some(listener),
            State::Closed(_) | State::Lost => None,
        }
    }
}
