//! What an observer is told of connections: each loss and why, in order, with connector and address, and without a secret.

mod replies;

use std::fmt::{Debug, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Instant;

use redis_resilient::connection::{Credentials, Subscription, SubscriptionEvent};
use redis_resilient::{Class, Event, Registry, observe};
use redis_resilient_testkit::{RealCluster, RealSentinel};
use redis_resilient_tests::{connect, server_with};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::*;

/// In each URL, and in no event.
const SECRET: &str = "hunter2";
/// For what nothing but a busy machine holds up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an event says.
#[derive(Clone, Debug)]
struct Told {
    kind: &'static str,
    connector: String,
    address: Option<String>,
    error: Option<String>,
    class: Option<Class>,
    /// Of a connection that was made: whether it is back; of one that was not: whether it is tried again.
    again: bool,
    from_to: Option<(String, String)>,
    all: String,
}

static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

fn all_told() -> MutexGuard<'static, Vec<Told>> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_down(event: &Event<'_>) {
    let mut told = Told {
        kind: "",
        connector: String::new(),
        address: None,
        error: None,
        class: None,
        again: false,
        from_to: None,
        all: format!("{event:?}"),
    };
    let mut of = |kind, connector: &str, address: Option<&str>, error: Option<&str>| {
        told.kind = kind;
        connector.clone_into(&mut told.connector);
        told.address = address.map(str::to_owned);
        told.error = error.map(str::to_owned);
    };
    match event {
        Event::Connected(event) => {
            of("connected", event.connector, Some(event.address), None);
            told.again = event.again;
        }
        Event::ConnectFailed(event) => {
            let error = Some(event.error);
            of("connect failed", event.connector, event.address, error);
            told.class = Some(event.class);
            told.again = event.retry_after.is_some();
        }
        Event::ConnectionLost(event) => {
            let error = Some(event.error);
            of("lost", event.connector, Some(event.address), error);
            told.class = Some(event.class);
        }
        Event::HealthCheckFailed(event) => {
            let error = Some(event.error);
            of("unfit", event.connector, Some(event.address), error);
            told.class = Some(event.class);
        }
        Event::PrimaryMoved(event) => {
            of("moved", event.connector, Some(event.to), None);
            told.from_to = Some((event.from.to_owned(), event.to.to_owned()));
        }
        Event::CredentialsRenewed(event) => {
            of("renewed", event.connector, event.address, None);
        }
        Event::CredentialsFailed(event) => {
            let error = Some(event.error);
            of("not renewed", event.connector, event.address, error);
            told.class = Some(event.class);
            told.again = event.retry_after.is_some();
        }
        Event::SubscriptionGap(event) => {
            of("gap", event.connector, event.address, event.error);
            told.again = event.lasted.is_some();
        }
        Event::AttemptFailed(event) => {
            of("attempt", "", event.address, event.error);
        }
        _ => return,
    }
    all_told().push(told);
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        observe(write_down);
        // All tests of the process share its log, in which lines about the same function are left out otherwise.
        redis_resilient::logging::write_every_line(true);
        let log = tracing_subscriber::registry().with(Log);
        tracing::subscriber::set_global_default(log).expect("the first");
    });
}

/// What the connectors to this one have told, whose name contains that. No other test has it.
fn told_by(connector: &str) -> Vec<Told> {
    let told = all_told();
    for told in told.iter() {
        assert!(!told.all.contains(SECRET), "{told:?}");
    }
    let by = |told: &&Told| told.connector.contains(connector);
    told.iter().filter(by).cloned().collect()
}

/// Their kinds; what comes several times in a row is there once.
fn kinds(told: &[Told]) -> Vec<&'static str> {
    let mut kinds: Vec<_> = told.iter().map(|told| told.kind).collect();
    kinds.dedup();
    kinds
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) -> TestResult {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("not {what}: {:?}", all_told()).into());
        }
        std::thread::sleep(MS(20));
    }
    Ok(())
}

fn guarded() -> Result<RealRedis, Box<dyn std::error::Error>> {
    listen();
    Ok(server_with(&["--requirepass", SECRET])?)
}

fn url(server: &RealRedis, password: &str) -> String {
    format!("redis://:{password}@{}", server.addr())
}

/// One that is not looked at before it is used, however busy the machine is.
fn unlooked(server: &RealRedis) -> RedisResult<Connector> {
    let builder = builder(&url(server, SECRET))?;
    Ok(builder.health_check_after(Duration::from_secs(60)).build())
}

/// What there is to be told of a server that was killed and came back.
fn is_a_whole_outage(told: &[Told], address: SocketAddr) {
    let address = address.to_string();
    assert_eq!(
        kinds(told),
        ["connected", "lost", "connect failed", "connected"],
        "{told:#?}"
    );
    for told in told {
        assert_eq!(told.connector, address);
        assert_eq!(told.address.as_deref(), Some(&*address), "{told:?}");
    }
    let (first, last) = (told.first(), told.last());
    assert!(first.is_some_and(|told| !told.again), "{first:?}");
    assert!(last.is_some_and(|told| told.again), "{last:?}");
    let losses: Vec<_> = told.iter().filter(|told| told.kind == "lost").collect();
    assert_eq!(losses.len(), 1, "{losses:?}");
    for failed in told.iter().filter(|told| told.kind == "connect failed") {
        assert_eq!(failed.class, Some(Class::Unreachable));
        let error = failed.error.as_deref().unwrap_or_default();
        assert!(error.contains("refused"), "{error}");
        assert!(failed.again, "{failed:?}");
    }
    let mut attempts = all_told().clone();
    attempts.retain(|told| told.kind == "attempt" && told.address.as_deref() == Some(&*address));
    assert!(!attempts.is_empty(), "no call's failure has the address");
}

#[tokio::test]
async fn a_killed_server_is_told_of_from_beginning_to_end() -> TestResult {
    let server = guarded()?;
    let mut redis = unlooked(&server)?.get().await?;
    write(&mut redis, "k", 1).await?;
    let address = server.addr().to_string();
    let before = told_by(&address).len();
    for _ in 0..1000 {
        assert_eq!(redis.get::<_, u64>("k").await?, 1);
    }
    assert_eq!(told_by(&address).len(), before, "while all is well");
    server.kill();
    for _ in 0..3 {
        assert!(redis.get::<_, u64>("k").await.is_err());
        assert!(
            tokio::time::timeout(MS(300), write(&mut redis, "k", 2))
                .await
                .is_err()
        );
    }
    server.restart()?;
    write(&mut redis, "k", 3).await?;
    is_a_whole_outage(&told_by(&address), server.addr());
    let reports = Registry::global().connectors();
    let report = reports.iter().find(|report| report.description == address);
    let report = report.ok_or("it is not listed")?;
    let at: Vec<_> = report.connections.iter().map(|one| &one.address).collect();
    assert_eq!(at, [&address], "{report:?}");
    let failure = report.last_failure.as_ref().ok_or("it has failed")?;
    assert!(failure.error.contains("refused"), "{failure:?}");
    let log = printed_of(&address);
    let has = |words: &[&str]| {
        let has = |line: &&String| words.iter().all(|word| line.contains(word));
        assert!(log.iter().any(|line| has(&line)), "{words:?} {log:#?}");
    };
    has(&["DEBUG", "connected", &address]);
    has(&["WARN", "connection lost", "error=", &address]);
    has(&[
        "WARN",
        "cannot connect",
        "refused",
        "retry_after_ms",
        &address,
    ]);
    has(&["INFO", "connected again", "took_ms", &address]);
    Ok(())
}

#[test]
fn a_killed_server_is_told_of_by_synchronous_code_as_one_however_many_connections_there_are()
-> TestResult {
    let server = guarded()?;
    let connector = unlooked(&server)?;
    let mut held = (0..20)
        .map(|_| connector.get_blocking())
        .collect::<RedisResult<Vec<_>>>()?;
    for redis in &mut held {
        write_blocking(redis, "k", 1)?;
    }
    let address = server.addr().to_string();
    assert_eq!(told_by(&address).len(), 1, "of the first that was made");
    let one = held.first_mut().ok_or("there are 20")?;
    for _ in 0..1000 {
        assert_eq!(Commands::get::<_, u64>(one, "k")?, 1);
    }
    assert_eq!(told_by(&address).len(), 1, "while all is well");
    server.kill();
    for redis in &mut held {
        assert!(Commands::get::<_, u64>(redis, "k").is_err());
    }
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let one = held.first_mut().ok_or("there are 20")?;
            write_blocking(one, "k", 2).map_err(|error| error.to_string())
        });
        let begun = server.restart();
        writing.join().map_err(|_| "it panics")??;
        begun.map_err(|error| error.to_string())
    })?;
    for redis in &mut held {
        write_blocking(redis, "k", 3)?;
    }
    is_a_whole_outage(&told_by(&address), server.addr());
    Ok(())
}

#[tokio::test]
async fn a_frozen_server_is_lost_for_its_silence() -> TestResult {
    let server = guarded()?;
    let connector = unlooked(&server)?;
    let mut redis = connector.get().await?;
    write(&mut redis, "k", 1).await?;
    let (address, connected) = (server.addr().to_string(), 1);
    server.freeze();
    until_failed(&mut redis, &address, "connect failed").await?;
    server.thaw();
    write(&mut redis, "k", 2).await?;
    let told = told_by(&address);
    assert_eq!(
        kinds(&told),
        ["connected", "lost", "connect failed", "connected"]
    );
    let lost = told.get(connected).ok_or("it is lost")?;
    let error = lost.error.as_deref().unwrap_or_default();
    assert!(error.contains("no answer within"), "{error}");
    let failed = told.get(connected + 1).ok_or("it is not connected to")?;
    let error = failed.error.as_deref().unwrap_or_default();
    assert!(error.contains("no connection within"), "{error}");
    assert_eq!(failed.address.as_deref(), Some(&*address));
    Ok(())
}

/// Calls until this has been told.
async fn until_failed(redis: &mut Connection, connector: &str, kind: &str) -> TestResult {
    let begun = Instant::now();
    while !told_by(connector).iter().any(|told| told.kind == kind) {
        let _ = redis.get::<_, u64>("k").await;
        assert!(begun.elapsed() < PATIENCE, "{:#?}", told_by(connector));
        tokio::time::sleep(MS(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_no_good_when_it_is_looked_at_is_told_of_once() -> TestResult {
    let server = guarded()?;
    let connector = builder(&url(&server, SECRET))?
        .health_check_after(MS(1))
        .build();
    let redis = connector.get().await?;
    let mut callers = vec![redis; 10];
    server.kill();
    for redis in &mut callers {
        tokio::time::sleep(MS(5)).await;
        assert!(redis.get::<_, u64>("k").await.is_err());
    }
    let told = told_by(&server.addr().to_string());
    assert_eq!(kinds(&told), ["connected", "unfit", "connect failed"]);
    let unfit: Vec<_> = told.iter().filter(|told| told.kind == "unfit").collect();
    assert_eq!(unfit.len(), 1, "{unfit:?}");
    Ok(())
}

/// Each command that waits has a connection of its own: they are not told of one by one.
#[tokio::test]
async fn many_connections_that_are_lost_together_are_told_of_once() -> TestResult {
    let server = guarded()?;
    let redis = unlooked(&server)?.get().await?;
    let waiting = (0..50).map(|_| {
        let mut redis = redis.clone();
        tokio::spawn(async move { redis.blpop::<_, ()>("nothing", 0.0).await.is_err() })
    });
    let waiting: Vec<_> = waiting.collect();
    let mut clients = redis.clone();
    let begun = Instant::now();
    loop {
        let list: String = redis::cmd("CLIENT")
            .arg("LIST")
            .query_async(&mut clients)
            .await?;
        if list.matches("cmd=blpop").count() == 50 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{list}");
        tokio::time::sleep(MS(20)).await;
    }
    server.kill();
    for waiting in waiting {
        assert!(waiting.await?);
    }
    let mut redis = redis;
    assert!(redis.get::<_, u64>("k").await.is_err());
    let told = told_by(&server.addr().to_string());
    let lost = told
        .iter()
        .filter(|told| matches!(told.kind, "lost" | "unfit"));
    assert_eq!(lost.count(), 1, "{told:#?}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_told_of_with_the_server_that_refuses_it() -> TestResult {
    let server = guarded()?;
    let wrong = format!("not {SECRET}").replace(' ', "-");
    let connector = connector(&url(&server, &wrong))?;
    assert!(connector.get().await.is_err());
    assert!(connector.get_blocking().is_err());
    let told = told_by(&server.addr().to_string());
    assert_eq!(told.len(), 2, "{told:?}");
    for told in told {
        assert_eq!(told.kind, "connect failed");
        assert_eq!(told.class, Some(Class::Misconfigured), "{told:?}");
        assert_eq!(told.address, Some(server.addr().to_string()));
        assert!(told.error.is_some_and(|error| !error.is_empty()));
    }
    Ok(())
}

#[tokio::test]
async fn a_failover_is_told_of_from_which_server_to_which() -> TestResult {
    listen();
    let sentinels = RealSentinel::start()?;
    let connector = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE)
        .build();
    let mut redis = connector.get().await?;
    write(&mut redis, "k", 1).await?;
    let old = sentinels.primary().addr().to_string();
    sentinels.kill_primary();
    write(&mut redis, "k", 2).await?;
    let new = sentinels.primary().addr().to_string();
    let first = sentinels.sentinels().first().ok_or("there are some")?;
    let told = told_by(&first.addr().to_string());
    let moved: Vec<_> = told.iter().filter(|told| told.kind == "moved").collect();
    let [moved] = &moved[..] else {
        return Err(format!("{told:#?}").into());
    };
    assert_eq!(moved.from_to, Some((old.clone(), new.clone())));
    let kinds = kinds(&told);
    assert_eq!(kinds.first(), Some(&"connected"), "{told:#?}");
    assert!(kinds.contains(&"lost") || kinds.contains(&"unfit"));
    assert_eq!(kinds.last(), Some(&"connected"), "{told:#?}");
    let last = told.last().ok_or("there are some")?;
    assert_eq!((last.address.as_deref(), last.again), (Some(&*new), true));
    let at_old = |told: &&Told| told.address.as_deref() == Some(&*old);
    let failed = |told: &&Told| told.kind == "connect failed";
    assert!(
        told.iter()
            .filter(failed)
            .all(|told| told.class == Some(Class::Unreachable))
    );
    assert!(told.iter().filter(at_old).count() >= 2, "{told:#?}");
    Ok(())
}

#[tokio::test]
async fn a_lost_node_of_a_cluster_is_told_of_by_its_address_and_who_has_its_slots_now() -> TestResult
{
    listen();
    let cluster = RealCluster::start()?;
    let connector = clusters::to_the(&cluster)?;
    let mut redis = connector.get().await?;
    for node in 0..3 {
        write(&mut redis, &cluster.key_on(node), 1).await?;
    }
    let lost = cluster.node(0).addr().to_string();
    let key = cluster.key_on(0);
    cluster.kill(0);
    write(&mut redis, &key, 2).await?;
    let connector = format!("the cluster of {lost}");
    until("told of the move", || {
        told_by(&connector).iter().any(|told| told.kind == "moved")
    })?;
    let told = told_by(&connector);
    let losses = |told: &&Told| matches!(told.kind, "lost" | "unfit");
    for told in told.iter().filter(losses) {
        assert_eq!(told.address.as_deref(), Some(&*lost), "{told:?}");
    }
    assert_eq!(told.iter().filter(losses).count(), 1, "{told:#?}");
    let moved: Vec<_> = told
        .iter()
        .filter_map(|told| told.from_to.clone())
        .collect();
    let [(from, to)] = &moved[..] else {
        return Err(format!("{told:#?}").into());
    };
    assert_eq!(*from, lost);
    assert_ne!(*to, lost);
    for failed in told.iter().filter(|told| told.kind == "connect failed") {
        assert_eq!(failed.address.as_deref(), Some(&*lost), "{failed:?}");
    }
    Ok(())
}

#[tokio::test]
async fn credentials_are_told_of_when_they_are_renewed_and_when_they_cannot_be_had() -> TestResult {
    let server = guarded()?;
    let is_out_of_order = Arc::new(AtomicBool::new(false));
    let is_out = is_out_of_order.clone();
    let credentials = move || {
        if is_out.load(Ordering::SeqCst) {
            let error = std::io::Error::other(format!("no token for password={SECRET}"));
            return Err(error.into());
        }
        Ok(Credentials::password(SECRET).valid_for(MS(400)))
    };
    let connector = builder(&format!("redis://{}", server.addr()))?
        .credentials(credentials)
        .build();
    let mut redis = connector.get().await?;
    let address = server.addr().to_string();
    let told_of = |kind: &'static str| {
        let of_kind = move |told: &&Told| told.kind == kind;
        told_by(&address).iter().filter(of_kind).count()
    };
    let begun = Instant::now();
    let mut goes_on = async |is_so: &dyn Fn() -> bool| -> RedisResult<()> {
        while !is_so() {
            write(&mut redis, "k", 1).await?;
            tokio::time::sleep(MS(10)).await;
            assert!(begun.elapsed() < PATIENCE, "{:#?}", told_by(&address));
        }
        Ok(())
    };
    goes_on(&|| told_of("renewed") >= 2).await?;
    is_out_of_order.store(true, Ordering::SeqCst);
    goes_on(&|| told_of("not renewed") >= 2).await?;
    is_out_of_order.store(false, Ordering::SeqCst);
    let before = told_of("renewed");
    goes_on(&|| told_of("renewed") > before).await?;
    let told = told_by(&address);
    assert_eq!(
        kinds(&told),
        ["connected", "renewed", "not renewed", "renewed"],
        "{told:#?}"
    );
    for told in &told {
        let is_at_server = told.address.as_deref() == Some(&*address);
        assert_eq!(is_at_server, told.kind != "not renewed", "{told:?}");
        let error = told.error.as_deref().unwrap_or_default();
        assert_eq!(error.contains("no token"), told.kind == "not renewed");
    }
    Ok(())
}

async fn until_subscribed(subscription: &mut Subscription) -> TestResult {
    loop {
        let next = tokio::time::timeout(PATIENCE, subscription.next()).await?;
        if matches!(next, Some(SubscriptionEvent::Subscribed)) {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_gap_in_a_subscription_is_told_of_when_it_is_over() -> TestResult {
    let server = guarded()?;
    let connector = builder(&url(&server, SECRET))?
        .health_check_after(MS(100))
        .build();
    let mut subscription = connector.subscribe("news");
    until_subscribed(&mut subscription).await?;
    server.kill();
    let address = server.addr().to_string();
    let begun = Instant::now();
    while kinds(&told_by(&address)).last() != Some(&"connect failed") {
        tokio::time::sleep(MS(10)).await;
        assert!(begun.elapsed() < PATIENCE, "{:#?}", told_by(&address));
    }
    server.restart()?;
    until_subscribed(&mut subscription).await?;
    while kinds(&told_by(&address)).last() != Some(&"gap") {
        tokio::time::sleep(MS(10)).await;
        assert!(begun.elapsed() < PATIENCE, "{:#?}", told_by(&address));
    }
    let told = told_by(&address);
    assert_eq!(
        kinds(&told),
        ["connected", "lost", "connect failed", "connected", "gap"],
        "{told:#?}"
    );
    let gap = told.last().ok_or("there is one")?;
    assert_eq!(gap.address.as_deref(), Some(&*address));
    assert!(gap.again && gap.error.is_some(), "{gap:?}");
    Ok(())
}

/// Sharded channels are another server's after it: many subscriptions have lost them, and one tells it.
#[tokio::test]
async fn a_gap_in_sharded_channels_is_told_of_when_another_server_has_them() -> TestResult {
    listen();
    let cluster = RealCluster::start()?;
    let connector = clusters::to_the(&cluster)?;
    let channel = cluster.key_on(0);
    let mut subscriptions = vec![
        connector.ssubscribe(&channel),
        connector.ssubscribe(&channel),
        connector.ssubscribe(&channel),
    ];
    for subscription in &mut subscriptions {
        until_subscribed(subscription).await?;
    }
    cluster.kill(0);
    for subscription in &mut subscriptions {
        until_subscribed(subscription).await?;
    }
    let lost = cluster.node(0).addr().to_string();
    let told = told_by(&format!("the cluster of {lost}"));
    let gaps: Vec<_> = told.iter().filter(|told| told.kind == "gap").collect();
    let [gap] = &gaps[..] else {
        return Err(format!("{told:#?}").into());
    };
    assert_eq!(gap.address.as_deref(), Some(&*lost));
    assert!(gap.again && gap.error.is_some(), "{gap:?}");
    let moved = told.iter().filter(|told| told.kind == "moved").count();
    assert_eq!(moved, 1, "{told:#?}");
    Ok(())
}

#[tokio::test]
async fn messages_that_nobody_takes_are_told_of_by_their_number() -> TestResult {
    let server = guarded()?;
    let connector = connector(&url(&server, SECRET))?;
    let mut subscription = connector.subscribe("news").capacity(2);
    assert!(matches!(
        subscription.next().await,
        Some(SubscriptionEvent::Subscribed)
    ));
    let mut publisher = connect(&url(&server, SECRET))?;
    for number in 0..10 {
        publisher.publish::<_, _, ()>("news", number)?;
    }
    let address = server.addr().to_string();
    let begun = Instant::now();
    while !told_by(&address).iter().any(|told| told.kind == "gap") {
        let _ = tokio::time::timeout(MS(50), subscription.next()).await;
        publisher.publish::<_, _, ()>("news", "more")?;
        publisher.publish::<_, _, ()>("news", "more")?;
        publisher.publish::<_, _, ()>("news", "more")?;
        assert!(begun.elapsed() < PATIENCE, "nothing is told");
    }
    let told = told_by(&address);
    let gap = told.last().ok_or("there is one")?;
    assert!(gap.all.contains("missed: Some("), "{gap:?}");
    assert!(!gap.again, "it was subscribed all the time");
    Ok(())
}

/// What is printed. Of the whole process: a subscriber for one thread is not heard by what another one has come to first.
struct Log;

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn printed_of(address: &str) -> Vec<String> {
    let lines = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    for line in lines.iter() {
        assert!(!line.contains(SECRET), "{line}");
    }
    let of = |line: &&String| line.contains(address);
    lines.iter().filter(of).cloned().collect()
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "redis_resilient" {
            return;
        }
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let mut lines = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.0);
    }
}
