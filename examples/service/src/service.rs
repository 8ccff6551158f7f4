//! The shop with all that belongs to it, as a process has it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process};

use axum::Router;
use redis_resilient::console::Console;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::args::Options;
use crate::load::Tally;
use crate::log::Log;
use crate::panel;
use crate::patient::Patient;
use crate::recipes::{console, consumer, metrics, settings};
use crate::shop::Shop;

pub(crate) struct Service {
    pub(crate) at: SocketAddr,
    pub(crate) patient: Arc<Patient>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) log: Log,
    /// The file of settings that is watched.
    pub(crate) settings: PathBuf,
    pub(crate) shop: Shop,
    console: Console,
    folder: PathBuf,
    ends: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    consumer: JoinHandle<redis::RedisResult<()>>,
}

impl Service {
    pub(crate) async fn start(options: &Options) -> Result<Self, Failure> {
        let log = Log::begin(options.log.as_deref())?;
        let folder = env::temp_dir().join(format!("redis-resilient-service-{}", process::id()));
        fs::create_dir_all(&folder)?;
        let patient = Arc::new(tokio::task::spawn_blocking(Patient::start).await??);
        let tally = Arc::<Tally>::default();

        let settings = settings::watch(&folder)?;
        let metrics = metrics::routes();
        let shop = Shop::open(&patient.url(), &folder)?;
        let console = console::console();
        let app = Router::new()
            .merge(shop.router())
            .merge(console::routes(&console))
            .merge(metrics)
            .merge(panel::routes(patient.clone(), tally.clone()));

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await;
        let listener = listener.map_err(|error| {
            format!(
                "port {}: {error} (choose another one with --port)",
                options.port
            )
        })?;
        let at = listener.local_addr()?;
        let ends = watch::Sender::new(false);
        let server = axum::serve(listener, app).with_graceful_shutdown(ended(&ends));
        tracing::info!(%at, "the shop is open");
        Ok(Self {
            at,
            consumer: tokio::spawn(consumer::bill_orders(shop.redis.clone(), ended(&ends))),
            server: tokio::spawn(server.into_future()),
            patient,
            tally,
            log,
            settings,
            shop,
            console,
            folder,
            ends,
        })
    }

    /// Ends it in good order: what was accepted is in Redis, or in the journal.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        self.ends.send_replace(true);
        // Pages that are open would keep the server from ending.
        self.console.end();
        self.server.await??;
        self.consumer.await??;
        let left = self.shop.journal.close(Duration::from_secs(5)).await;
        tracing::info!("the shop is closed");
        // Here it is for a show only: a service keeps what waits for its next process. That its settings are gone is no news.
        self.log.end();
        fs::remove_dir_all(&self.folder)?;
        left?;
        Ok(())
    }
}

fn ended(ends: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut ends = ends.subscribe();
    async move {
        let _ = ends.wait_for(|ended| *ended).await;
    }
}
