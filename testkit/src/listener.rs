//! Accepts TCP connections in the background, and can go down and come up again.

use std::{
    future::{Future, pending},
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc as std_mpsc,
    },
};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{background::Background, port::Port};

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    /// In order, with a FIN.
    Close,
    /// Abruptly, with an RST.
    Reset,
}

/// What is done with each connection.
pub(crate) trait Service: Send + Sync + 'static {
    /// Serves a connection until it is to end; they are numbered from 0 as they are accepted.
    fn serve(&self, stream: &mut TcpStream, number: u64) -> impl Future<Output = Ending> + Send;
}

/// A listening port with its connections; all closed when dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    addr: SocketAddr,
    counters: Arc<Counters>,
    control: mpsc::UnboundedSender<(Control, std_mpsc::Sender<io::Result<()>>)>,
    _background: Background,
}

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    ended: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
enum Control {
    /// Refuse new connections and reset those there are.
    Down,
    /// Accept connections.
    Up,
    /// Reset the connections there are.
    ResetAll,
}

impl Listener {
    pub(crate) fn start<S: Service>(name: &str, service: S) -> io::Result<Self> {
        let background = Background::start(name)?;
        let port = background.run(async { Port::open((Ipv4Addr::LOCALHOST, 0).into()) })??;
        let addr = port.addr();
        let counters = Arc::<Counters>::default();
        let (control, orders) = mpsc::unbounded_channel();
        let acceptor = Acceptor {
            port,
            service: Arc::new(service),
            counters: counters.clone(),
            tasks: JoinSet::new(),
            evict: watch::Sender::new(()),
        };
        background.spawn(acceptor.run(orders));
        Ok(Self {
            addr,
            counters,
            control,
            _background: background,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections have been accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.counters.accepted.load(Ordering::SeqCst)
    }

    /// How many connections are open now.
    pub(crate) fn open(&self) -> u64 {
        // In this order the result cannot be negative.
        let ended = self.counters.ended.load(Ordering::SeqCst);
        self.accepted() - ended
    }

    /// Refuses connections from now on, and resets those there are.
    pub(crate) fn down(&self) {
        self.order(Control::Down);
    }

    /// Accepts connections again, on the same port.
    pub(crate) fn up(&self) {
        self.order(Control::Up);
    }

    /// Resets the connections there are.
    pub(crate) fn reset_all(&self) {
        self.order(Control::ResetAll);
    }

    /// Has the background thread do something, and waits until it is done.
    fn order(&self, order: Control) {
        let (done, result) = std_mpsc::channel();
        let sent = self.control.send((order, done)).is_ok();
        match result.recv() {
            Ok(Ok(())) if sent => {}
            Ok(Err(error)) => panic!("cannot listen on {} again: {error}", self.addr),
            _ => panic!("the background thread of {} has died", self.addr),
        }
    }
}

struct Acceptor<S> {
    port: Port,
    service: Arc<S>,
    counters: Arc<Counters>,
    tasks: JoinSet<()>,
    evict: watch::Sender<()>,
}

impl<S: Service> Acceptor<S> {
    async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<(Control, std_mpsc::Sender<io::Result<()>>)>,
    ) {
        loop {
            tokio::select! {
                // First the connections that came before an order.
                biased;
                stream = accept(&self.port) => self.admit(stream),
                Some(_) = self.tasks.join_next() => {}
                order = orders.recv() => {
                    let Some((order, done)) = order else { return };
                    let _ = done.send(self.obey(order).await);
                }
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        let number = self.counters.accepted.fetch_add(1, Ordering::SeqCst);
        let connection = serve(
            self.service.clone(),
            stream,
            number,
            self.evict.subscribe(),
            self.counters.clone(),
        );
        self.tasks.spawn(connection);
    }

    async fn obey(&mut self, order: Control) -> io::Result<()> {
        match order {
            Control::Up => return self.port.reopen(),
            Control::Down => self.port.close(),
            Control::ResetAll => {}
        }
        self.evict.send_replace(());
        while self.tasks.join_next().await.is_some() {}
        Ok(())
    }
}

async fn accept(port: &Port) -> TcpStream {
    loop {
        match port.listener() {
            None => pending().await,
            Some(listener) => {
                if let Ok((stream, _)) = listener.accept().await {
                    return stream;
                }
                // Out of file descriptors, say: let connections end first.
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn serve<S: Service>(
    service: Arc<S>,
    mut stream: TcpStream,
    number: u64,
    mut evicted: watch::Receiver<()>,
    counters: Arc<Counters>,
) {
    // What is forwarded or answered must not wait for more.
    let _ = stream.set_nodelay(true);
    let ending = tokio::select! {
        biased;
        _ = evicted.changed() => Ending::Reset,
        ending = service.serve(&mut stream, number) => ending,
    };
    match ending {
        Ending::Reset => {
            let _ = stream.set_zero_linger();
        }
        Ending::Close => {
            let _ = stream.shutdown().await;
            // Closing with unread input would send an RST after the FIN.
            let mut unread = [0; 4096];
            while stream.try_read(&mut unread).is_ok_and(|length| length > 0) {}
        }
    }
    drop(stream);
    counters.ended.fetch_add(1, Ordering::SeqCst);
}
