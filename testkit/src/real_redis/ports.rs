//! The TCP ports of a server.

use std::net::{Ipv4Addr, SocketAddr};

use crate::{StartError, port::Reservation};

/// Keeps other programs off the ports also while the server is down.
#[derive(Debug)]
pub(super) struct Ports {
    clients: Reservation,
    /// For the other nodes of a cluster.
    bus: Option<Reservation>,
}

impl Ports {
    pub(super) fn reserve(with_bus: bool) -> Result<Self, StartError> {
        Ok(Self {
            clients: reserve_port()?,
            bus: with_bus.then(reserve_port).transpose()?,
        })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.clients.addr()
    }

    pub(super) fn bus_port(&self) -> Option<u16> {
        Some(self.bus.as_ref()?.addr().port())
    }

    /// The server's arguments that say where it is to listen.
    pub(super) fn args(&self, with_tls: bool) -> Vec<String> {
        let port = self.addr().port();
        let (plain, tls) = if with_tls { (0, port) } else { (port, 0) };
        let mut args = vec!["--port".to_owned(), plain.to_string()];
        if tls != 0 {
            args.extend(["--tls-port".to_owned(), tls.to_string()]);
        }
        if let Some(bus) = self.bus_port() {
            args.extend(["--cluster-port".to_owned(), bus.to_string()]);
        }
        args
    }

    /// Makes way for the server, as [`Reservation::lend`] does.
    pub(super) fn lend(&mut self) {
        self.clients.lend();
        self.bus.iter_mut().for_each(Reservation::lend);
    }

    /// Ends [`lend`](Self::lend).
    pub(super) fn take_back(&mut self) {
        self.clients.take_back();
        self.bus.iter_mut().for_each(Reservation::take_back);
    }
}

fn reserve_port() -> Result<Reservation, StartError> {
    Reservation::new((Ipv4Addr::LOCALHOST, 0).into()).map_err(StartError::io("reserve a port"))
}
