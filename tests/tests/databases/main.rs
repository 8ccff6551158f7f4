//! Connectors with several databases, against real servers.
//!
//! What has gone wrong elsewhere with such, and where it is looked for here:
//!
//! | what went wrong | where | test |
//! |---|---|---|
//! | a service with few calls never leaves a dead database, for the threshold is 1,000 failures | lettuce#3641, jedis#4295 | `reported::lettuce_3641_a_quiet_service_leaves_a_dead_database` |
//! | probes are short against their pause, so a break of some seconds falls between two rounds | redis-py#4301 | `reported::redis_py_4301_a_short_break_is_not_slept_through`; of 3 s, with the default settings: `benches`, `--bin failover` |
//! | a database that was switched to by hand is left with the next command, for its circuit is still open | go-redis#3950 | `reported::go_redis_3950_a_choice_by_hand_stays` |
//! | a late error of the former database causes another switch | go-redis#3950 | `reported::go_redis_3950_a_late_error_moves_nobody` |
//! | an expected timeout of a blocking read counts as a failure, and is repeated on another database | jedis#4175 | `reported::jedis_4175_a_blocking_read_that_finds_nothing_is_no_failure` |
//! | gauges go silent after a failover, and exist only where there was one | xtdb#5943 | `reported::xtdb_5943_what_is_reported_does_not_depend_on_switches` |
//! | the switch for an emergency does not work in one | civitai#2921 | `reported::civitai_2921_a_switch_by_hand_needs_no_redis` |
//! | a ping says that all is well where a real command fails | browsertrix#1219 | `checks::a_check_of_ones_own_says_what_is_well` |
//! | a password is in what is printed of a failover | honcho#866 | `reported::honcho_866_nothing_shows_a_password` |

mod blocking;
mod checks;
mod choosing;
mod faults;
mod groups;
mod locks;
mod reported;
mod subscriptions;
mod waits;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::{Connector, ConnectorBuilder, Database, FailoverBuilder};
use redis_resilient::event::SwitchReason;
use redis_resilient_testkit::RealRedis;

type TestResult = Result<(), Box<dyn std::error::Error>>;

const MS: fn(u64) -> Duration = Duration::from_millis;
/// For what nothing but a busy machine holds up.
const PATIENCE: Duration = Duration::from_secs(30);
const BRIEF: Duration = Duration::from_millis(200);

/// What is not to fail by being slow.
fn patient(url: &str) -> RedisResult<ConnectorBuilder> {
    Ok(Connector::builder(url)?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE)
        .health_check_after(MS(50)))
}

/// What is to be found out to be silent.
fn brief(url: &str) -> RedisResult<ConnectorBuilder> {
    Ok(Connector::builder(url)?
        .connect_timeout(BRIEF)
        .response_timeout(BRIEF)
        .health_check_after(MS(50)))
}

/// They are looked at often.
fn watched(databases: impl IntoIterator<Item = Database>) -> FailoverBuilder {
    Connector::failover(databases).probe_every(MS(100))
}

/// Two servers, of which neither fails by being slow, in this order of weight.
fn two() -> Result<(RealRedis, RealRedis, Connector), Box<dyn std::error::Error>> {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = of(&eu, &us)?.build();
    Ok((eu, us, redis))
}

fn of(eu: &RealRedis, us: &RealRedis) -> RedisResult<FailoverBuilder> {
    Ok(watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ]))
}

fn present(redis: &Connector) -> String {
    let report = redis.databases().expect("it has several");
    report.present().expect("there is one").name.clone()
}

fn is_healthy(redis: &Connector, name: &str) -> bool {
    let report = redis.databases().expect("it has several");
    let mut all = report.databases.into_iter();
    all.find(|one| one.name == name)
        .expect("it is there")
        .healthy
}

/// Waits until that is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(MS(5)).await;
    }
}

fn until_blocking(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(MS(5));
    }
}

/// Writes until that is taken.
async fn write(redis: &Connector, key: &str, value: u64) {
    let begun = Instant::now();
    loop {
        let written: RedisResult<()> = async { redis.get().await?.set(key, value).await }.await;
        match written {
            Ok(()) => return,
            Err(error) if begun.elapsed() > PATIENCE => panic!("never written: {error}"),
            Err(_) => tokio::time::sleep(MS(5)).await,
        }
    }
}

/// What a server itself has.
fn kept(server: &RealRedis, key: &str) -> RedisResult<Option<u64>> {
    redis::Commands::get(&mut redis_resilient_tests::connect(&server.url())?, key)
}

/// What was told of switches.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(String, String, SwitchReason)>>>);

impl Told {
    fn by(&self, builder: FailoverBuilder) -> Connector {
        let told = self.0.clone();
        let tell = move |switch: &redis_resilient::event::DatabaseSwitched<'_>| {
            let switch = (switch.from.to_owned(), switch.to.to_owned(), switch.reason);
            told.lock().expect("nobody panics").push(switch);
        };
        builder.on_switch(tell).build()
    }

    fn all(&self) -> Vec<(String, String, SwitchReason)> {
        self.0.lock().expect("nobody panics").clone()
    }

    fn are(&self, expected: &[(&str, &str, SwitchReason)]) {
        let told = self.all();
        let told: Vec<_> = told
            .iter()
            .map(|(from, to, why)| (&**from, &**to, *why))
            .collect();
        assert_eq!(told, expected);
    }
}
