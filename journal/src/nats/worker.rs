//! The thread that talks with NATS.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use super::link::{Link, answer, away, description, stream_config, target_of};
use super::names::Names;
use super::order::Order;
use super::shared::Shared;
use super::tidy::{Tidied, upkeep};
use super::watch::Watch;
use super::{claims, say};
use crate::error::JournalError;

/// How often what is not needed is taken out.
const UPKEEP: Duration = Duration::from_millis(500);

/// How long what is under way is waited for at the end.
const END: Duration = Duration::from_secs(10);

/// For which Redis the journal is, and in how much room.
#[derive(Debug)]
pub(super) struct Purpose {
    pub(super) target: String,
    pub(super) moved: bool,
    pub(super) max_bytes: u64,
}

/// Told when the journal has been opened, or cannot be.
pub(super) type Opened = SyncSender<Result<(), JournalError>>;

#[derive(Debug)]
struct Worker {
    shared: Arc<Shared>,
    link: Arc<Link>,
    tasks: JoinSet<()>,
}

/// Opens the journal, and works until nobody can ask for anything any more, or to close is what is asked.
pub(super) async fn run(
    shared: Arc<Shared>,
    names: Names,
    purpose: Purpose,
    orders: mpsc::UnboundedReceiver<Order>,
    opened: Opened,
) {
    match open(&shared, names, &purpose).await {
        Ok(link) => {
            let _ = opened.send(Ok(()));
            let worker = Worker {
                shared,
                link: Arc::new(link),
                tasks: JoinSet::new(),
            };
            worker.run(orders).await;
        }
        Err(error) => {
            let _ = opened.send(Err(error));
        }
    }
}

async fn open(shared: &Arc<Shared>, names: Names, purpose: &Purpose) -> Result<Link, JournalError> {
    let until = Instant::now() + shared.options.timeout;
    let link = Link::connect(&shared.options, names).await?;
    let config = stream_config(
        &link.names,
        &shared.options,
        purpose.max_bytes,
        &purpose.target,
    );
    let stream = loop {
        match link.stream(&config).await {
            Ok(stream) => break stream,
            Err(error) if Instant::now() >= until => return Err(error),
            // A server that has just been started needs a moment for its streams.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let (caught_up, is_caught_up) = oneshot::channel();
    let (watching, link_of_watch) = (shared.clone(), link.clone());
    tokio::spawn(async move {
        let watch = Watch::new(&watching, &link_of_watch, &config, caught_up);
        watch.run().await;
    });
    // What is there is read as long as that takes, if it begins.
    let mut seen = 0;
    let mut is_caught_up = is_caught_up;
    while timeout(shared.options.timeout, &mut is_caught_up)
        .await
        .is_err()
    {
        let now = shared.index().seen();
        if now == seen {
            return Err(away("what is in the stream could not be read in time"));
        }
        seen = now;
    }
    let config = &stream.cached_info().config;
    let target = target_of(config.description.as_deref());
    if let Some(other) = target.filter(|target| *target != purpose.target) {
        let entries = shared.index().live();
        if entries > 0 && !purpose.moved {
            return Err(JournalError::OtherRedis {
                entries,
                journal: other.to_owned(),
                connector: purpose.target.clone(),
            });
        }
        let mut config = config.clone();
        config.description = Some(description(&purpose.target));
        answer(link.context.update_stream(config)).await?;
    }
    Ok(link)
}

impl Worker {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut renewal = Recurring::new(self.shared.lease.interval());
        let mut tidying = Recurring::new(UPKEEP);
        let tidied = Arc::new(Mutex::new(Tidied::default()));
        let closing = loop {
            let next = renewal.next.min(tidying.next);
            match timeout_at(next, orders.recv()).await {
                Ok(Some(Order::Close(promise))) => break Some(promise),
                Ok(Some(order)) => self.begin(order),
                Ok(None) => break None,
                Err(_) => {}
            }
            while self.tasks.try_join_next().is_some() {}
            let (shared, link) = (self.shared.clone(), self.link.clone());
            renewal.run(async move { claims::renew(&shared, &link).await });
            let (shared, link) = (self.shared.clone(), self.link.clone());
            let tidied = tidied.clone();
            tidying.run(async move { upkeep(&shared, &link, &mut *tidied.lock().await).await });
        };
        renewal.stop();
        let end = async { while self.tasks.join_next().await.is_some() {} };
        let _ = timeout(END, end).await;
        let is_settled = say::settle(&self.shared, &self.link, self.shared.options.timeout).await;
        self.shared.lease.rest();
        claims::release(&self.shared, &self.link).await;
        if let Some(promise) = closing {
            let _ = promise.send(if is_settled {
                Ok(())
            } else {
                Err(away("what was executed could not be said"))
            });
        }
    }

    fn begin(&mut self, order: Order) {
        let (shared, link) = (self.shared.clone(), self.link.clone());
        // Tasks begin in the order in which they were spawned, and with them what they send.
        self.tasks.spawn(async move {
            let (shared, link) = (&*shared, &*link);
            match order {
                Order::Append(entries, room, promise) => {
                    let _ = promise.send(say::append(shared, link, entries, room).await);
                }
                Order::Read(cursor, most, promise) => {
                    let read = cursor.lock().await.next(shared, link, most).await;
                    let _ = promise.send(read);
                }
                Order::Finish(numbers, promise) => {
                    let _ = promise.send(say::finish(shared, link, numbers).await);
                }
                Order::Bury(dead, promise) => {
                    let _ = promise.send(say::bury(shared, link, dead).await);
                }
                Order::Exhume(letter, at, again, promise) => {
                    let exhumed = say::exhume(shared, link, &letter, at, again).await;
                    let _ = promise.send(exhumed);
                }
                Order::Lead(promise) => {
                    let _ = promise.send(Ok(claims::lead(shared, link).await));
                }
                Order::Rest => claims::release(shared, link).await,
                // It is the end.
                Order::Close(_) => {}
            }
        });
    }
}

/// Something that is done now and then, one at a time.
#[derive(Debug)]
struct Recurring {
    every: Duration,
    next: Instant,
    last: Option<JoinHandle<()>>,
}

impl Recurring {
    fn new(every: Duration) -> Self {
        Self {
            every,
            next: Instant::now() + every,
            last: None,
        }
    }

    fn run(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + self.every;
        if self.last.as_ref().is_none_or(JoinHandle::is_finished) {
            self.last = Some(tokio::spawn(task));
        }
    }

    fn stop(&self) {
        if let Some(last) = &self.last {
            last.abort();
        }
    }
}
