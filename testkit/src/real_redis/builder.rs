//! How a real server is to be started.

use std::ffi::OsString;

use crate::{
    RealRedis, ServerProgram, StartError,
    tls::{Tls, TlsCertificate},
};

/// The options of a [`RealRedis`], from [`RealRedis::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder starts nothing until `start` is called"]
pub struct RealRedisBuilder {
    pub(super) program: Option<ServerProgram>,
    pub(super) args: Vec<OsString>,
    pub(super) wait_loaded: bool,
    pub(super) config: Option<String>,
    pub(super) cluster_node: bool,
    pub(super) proxied: bool,
    pub(super) tls: Option<Tls>,
    client_authority: Option<String>,
}

impl RealRedisBuilder {
    pub(super) fn new() -> Self {
        Self {
            program: None,
            args: Vec::new(),
            wait_loaded: true,
            config: None,
            cluster_node: false,
            proxied: false,
            tls: None,
            client_authority: None,
        }
    }

    /// Runs that program, and not the machine's [first](RealRedis).
    pub fn program(mut self, program: &ServerProgram) -> Self {
        self.program = Some(program.clone());
        self
    }

    /// Gives the server a configuration file, in which it then keeps what it is to know after a
    /// restart, as a sentinel does and a server that a sentinel gives another role.
    pub(crate) fn config(mut self, text: impl Into<String>) -> Self {
        self.config = Some(text.into());
        self
    }

    /// Makes the server the node of a cluster, with a second port for its talk with other nodes.
    ///
    /// It knows no other node and has no slots; `CLUSTER ADDSLOTSRANGE 0 16383` makes it a cluster
    /// of its own. For one of several nodes there is [`RealCluster`](crate::RealCluster).
    pub fn cluster_node(mut self) -> Self {
        self.cluster_node = true;
        self.args(["--cluster-enabled", "yes"])
    }

    /// Puts a proxy in front of the server, which names the proxy's port as its own to all who ask.
    pub(crate) fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Adds an argument to the server's command line, as in `--maxmemory`, at each start.
    ///
    /// The options `--port`, `--tls-port`, `--bind`, `--unixsocket`, `--dir` and `--daemonize` are set already
    /// and must stay as they are.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments, as in `["--maxmemory", "1000"]`.
    pub fn args<I>(mut self, args: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Whether a start waits until the server has loaded its saved data (default: `true`).
    ///
    /// With `false` a server that answers `LOADING` counts as ready, so that a test can see it
    /// loading after a [restart](RealRedis::restart).
    pub fn wait_loaded(mut self, wait: bool) -> Self {
        self.wait_loaded = wait;
        self
    }

    /// Has the server speak TLS on its TCP port, and show this certificate.
    ///
    /// `TlsAuthority`, with the feature `tls`, has certificates good and bad. Unless a
    /// [program](Self::program) is named, the first one at hand that was built with TLS is used.
    pub fn tls(mut self, certificate: TlsCertificate) -> Self {
        self.tls = Some(Tls {
            certificate,
            client_authority: None,
        });
        self
    }

    /// Has the server, if it speaks [TLS](Self::tls), refuse clients that show no certificate of
    /// the authority with this one (a PEM text).
    pub fn tls_client_authority(mut self, pem: impl Into<String>) -> Self {
        self.client_authority = Some(pem.into());
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program or it does not start.
    pub fn start(mut self) -> Result<RealRedis, StartError> {
        if let Some(tls) = &mut self.tls {
            tls.client_authority = self.client_authority.take();
        }
        RealRedis::launch(&self)
    }
}
