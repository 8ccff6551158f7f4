//! The task that listens: connects to all primaries, asks for tracking, and asks again and again whether it would hear of changes.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::{Pipeline, PushInfo, PushKind, RedisError, RedisResult, Value};
use redis_resilient_connection::__seam::listening::{HeldConnector, Listener, Listening, Origin};
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::{address_in_chain, emit, error_text, wants};
use redis_resilient_runtime::Class;
use redis_resilient_runtime::event::{Event, Severity, TrackingLost, TrackingRestored};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::answer::{self, ClusterState};
use super::pace::{INTERVAL, LOOK, Pace, SILENCE, TRUST_MS};
use super::prefixes;
use super::shared::{Ends, Tracking};

/// Until nobody wants anything any more.
pub(crate) async fn run(ends: Ends) {
    let tracking = &ends.0;
    let mut pace = Pace::default();
    let mut told = Told::default();
    while let Some(wanted) = tracking.wanted() {
        let mut on_since = None;
        let ended = session(tracking, wanted, &mut on_since, &mut told).await;
        tracking.lost();
        let error = match ended {
            Ok(Ended::Anew) => continue,
            Ok(Ended::Gone) => {
                tracking.wanted();
                return;
            }
            Err(error) => error,
        };
        let lasted = on_since.map(|since: Instant| since.elapsed());
        let rest = pace.rest(lasted, !passes(&error), fastrand::u32(..));
        told.lost(tracking, &error);
        tracking.failed(error);
        sleep(rest).await;
    }
}

/// Why a session is over in which nothing failed.
enum Ended {
    /// Other prefixes are wanted, which the servers would refuse beside these.
    Anew,
    /// Nobody holds the connector any more, or keeps anything.
    Gone,
}

/// Whether it may go better another time.
fn passes(error: &RedisError) -> bool {
    matches!(
        Class::of(error),
        Class::Unreachable | Class::Unavailable | Class::Ambiguous
    )
}

async fn session(
    tracking: &Arc<Tracking>,
    mut asked: BTreeSet<String>,
    on_since: &mut Option<Instant>,
    told: &mut Told,
) -> RedisResult<Ended> {
    let Some(connector) = tracking.connector.hold() else {
        return Ok(Ended::Gone);
    };
    let is_cluster = connector.is_cluster();
    let loss = Loss::default();
    let mut servers = listen(tracking, &connector, &loss).await?;
    let mut look = Look::default();
    drop(connector);
    send_all(&servers.listeners, &ask_for(&asked)).await?;
    let mut state = None;
    loop {
        let (begun, begun_ms) = (Instant::now(), now_ms());
        // Those in place of the last ones have to see the same.
        let now = ask_all(&servers.listeners, is_cluster).await?;
        if *state.get_or_insert(now) != now {
            return Err(shifted("a server of the cluster is in another epoch"));
        }
        tracking.proved(&asked, &servers.origin, begun_ms.saturating_add(TRUST_MS));
        // A connection that was lost meanwhile has said so before, and that would have been in vain.
        loss.has_not_come()?;
        on_since.get_or_insert_with(Instant::now);
        told.restored();
        let _ = timeout_at(begun + INTERVAL, tracking.changed.notified()).await;
        loss.has_not_come()?;
        let Some(wanted) = tracking.wanted() else {
            return Ok(Ended::Gone);
        };
        match prefixes::missing(&asked, &wanted) {
            None => return Ok(Ended::Anew),
            Some(missing) if missing.is_empty() => {}
            Some(missing) => {
                let missing = missing.into_iter().collect();
                send_all(&servers.listeners, &ask_for(&missing)).await?;
                asked.extend(missing);
            }
        }
        let Some(connector) = tracking.connector.hold() else {
            return Ok(Ended::Gone);
        };
        for listener in &mut servers.listeners {
            listener.renew(&connector).await;
        }
        if let Some(slots) = connector.slots() {
            if map(&slots) != map(&servers.origin) {
                return Err(shifted("slots have moved"));
            }
            servers.origin = slots;
        }
        if look.has_found_another(&connector, &servers.listeners).await {
            return Err(shifted("another server is the primary now"));
        }
    }
}

/// What observers have been told last.
#[derive(Default)]
struct Told {
    /// Since when it is off, and where Redis is.
    off: Option<(Instant, Arc<str>)>,
}

impl Told {
    fn lost(&mut self, tracking: &Tracking, error: &RedisError) {
        let Some(connector) = tracking.connector.hold().filter(|_| self.off.is_none()) else {
            return;
        };
        let connector = connector.name();
        if wants(Severity::Warn) {
            let text = error_text(error);
            let (class, address) = (Class::of(error), address_in_chain(error));
            emit(&Event::TrackingLost(TrackingLost::new(
                class, &connector, &text, address,
            )));
        }
        self.off = Some((Instant::now(), connector));
    }

    fn restored(&mut self) {
        if let Some((since, connector)) = self.off.take() {
            emit(&Event::TrackingRestored(TrackingRestored::new(
                since.elapsed(),
                &connector,
            )));
        }
    }
}

fn map(origin: &Origin) -> Option<u64> {
    match origin {
        Origin::Cluster { map, .. } => Some(*map),
        Origin::Server(_) => None,
    }
}

/// Whether a connection of a session was lost. After its end that is nobody's business.
#[derive(Default)]
struct Loss(Arc<AtomicBool>);

impl Loss {
    fn has_not_come(&self) -> RedisResult<()> {
        if self.0.load(Ordering::SeqCst) {
            return Err(shifted("a connection that listens was closed"));
        }
        Ok(())
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Connects to all primaries. What they say is heeded from the beginning.
async fn listen(
    tracking: &Arc<Tracking>,
    connector: &HeldConnector,
    loss: &Loss,
) -> RedisResult<Listening> {
    let primaries = connector.primaries().await?;
    let (reader, has_come) = (tracking.clone(), loss.0.clone());
    let pushed = move |push: PushInfo| {
        if push.kind == PushKind::Disconnection {
            if !has_come.swap(true, Ordering::SeqCst) {
                reader.lost();
                reader.changed.notify_one();
            }
        } else {
            reader.pushed(&push);
        }
    };
    primaries.listen(pushed).await
}

fn ask_for(prefixes: &BTreeSet<String>) -> Pipeline {
    let mut tracking = redis::pipe();
    let command = tracking
        .cmd("CLIENT")
        .arg("TRACKING")
        .arg("ON")
        .arg("BCAST");
    for prefix in prefixes.iter().filter(|prefix| !prefix.is_empty()) {
        command.arg("PREFIX").arg(prefix);
    }
    tracking
}

/// Sends the same to all.
async fn send_all(listeners: &[Listener], commands: &Pipeline) -> RedisResult<()> {
    for reply in at_once(listeners, commands).await? {
        for reply in reply {
            reply.extract_error()?;
        }
    }
    Ok(())
}

/// Whether all servers are what they have to be, and what state their cluster is in. By then all has come that was written before.
async fn ask_all(listeners: &[Listener], is_cluster: bool) -> RedisResult<Option<ClusterState>> {
    let mut state = None;
    for replies in at_once(listeners, &answer::question(is_cluster)).await? {
        let seen = answer::read(replies)?;
        if *state.get_or_insert(seen) != seen {
            return Err(shifted(
                "the servers of the cluster are in different epochs",
            ));
        }
    }
    for replies in at_once(listeners, &answer::confirmation()).await? {
        answer::is_confirmed(replies)?;
    }
    Ok(state.flatten())
}

/// Asks all at the same time.
async fn at_once(listeners: &[Listener], commands: &Pipeline) -> RedisResult<Vec<Vec<Value>>> {
    let mut asked = JoinSet::new();
    for listener in listeners {
        let (mut listener, commands) = (listener.clone(), commands.clone());
        asked.spawn(async move { listener.ask(&commands).await });
    }
    let mut answers = Vec::new();
    let all = async {
        while let Some(answer) = asked.join_next().await {
            answers.push(answer.map_err(io::Error::other)??);
        }
        Ok::<_, RedisError>(())
    };
    if let Ok(all) = timeout(SILENCE, all).await {
        return all.map(|()| answers);
    }
    let text = format!("a server that is listened to has not answered within {SILENCE:?}");
    Err(io::Error::new(io::ErrorKind::TimedOut, text).into())
}

fn shifted(what: &str) -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, what).into()
}

/// Sentinels are asked beside the servers, which are asked more often.
#[derive(Default)]
struct Look {
    under_way: Option<JoinHandle<bool>>,
    next: Option<Instant>,
}

impl Look {
    async fn has_found_another(
        &mut self,
        connector: &HeldConnector,
        listeners: &[Listener],
    ) -> bool {
        if let Some(under_way) = self.under_way.take_if(|look| look.is_finished()) {
            return under_way.await.unwrap_or(false);
        }
        let is_due = self.next.is_none_or(|next| next <= Instant::now());
        if connector.moves() && self.under_way.is_none() && is_due {
            self.next = Some(Instant::now() + LOOK);
            if let Some(listener) = listeners.first() {
                let (connector, address) = (connector.clone(), listener.address().clone());
                let look = async move { connector.has_moved_from(&address).await };
                self.under_way = Some(tokio::spawn(look));
            }
        }
        false
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        if let Some(under_way) = &self.under_way {
            under_way.abort();
        }
    }
}
