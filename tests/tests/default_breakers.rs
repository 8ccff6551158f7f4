//! Functions that name no breaker: one dead Redis opens the circuit of those that take a `Connector` to it, and no other.

use std::sync::{Arc, LazyLock};

use redis::RedisResult;
use redis_resilient::connection::{Connector, Lock};
use redis_resilient::registry::ListedBreaker;
use redis_resilient::{Breaker, DEFAULT_BREAKER, Registry, Rejection, State, redis_resilient};
use redis_resilient_tests::server;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// A connector to a port of its own, at which nobody listens.
fn dead() -> Result<Connector, Box<dyn std::error::Error>> {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let url = format!("redis://:secret@{}", socket.local_addr()?);
    Ok(Connector::open(url)?)
}

fn ping() -> redis::Cmd {
    redis::cmd("PING")
}

type Redis = Connector;

struct App {
    redis: Connector,
    asked: u64,
}

impl App {
    #[redis_resilient(retries = 0)]
    async fn field(&self) -> RedisResult<()> {
        ping().query_async(&mut self.redis.get().await?).await
    }

    #[redis_resilient(retries = 0)]
    fn blocking_field(&mut self) -> RedisResult<()> {
        self.count();
        ping().query(&mut self.redis.get_blocking()?)
    }

    #[redis_resilient(retries = 0)]
    async fn lent_field(&mut self) -> RedisResult<()> {
        self.count();
        Lock::new("lock").try_acquire(&self.redis).await.map(drop)
    }

    fn count(&mut self) {
        self.asked += 1;
    }
}

#[async_trait::async_trait]
trait Ping {
    async fn ping(&self) -> RedisResult<()>;
}

#[async_trait::async_trait]
impl Ping for App {
    #[redis_resilient(retries = 0)]
    async fn ping(&self) -> RedisResult<()> {
        ping().query_async(&mut self.redis.get().await?).await
    }
}

#[redis_resilient(retries = 0)]
async fn reference(redis: &Connector) -> RedisResult<()> {
    ping().query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 0)]
fn blocking(redis: &Connector) -> RedisResult<()> {
    ping().query(&mut redis.get_blocking()?)
}

#[redis_resilient(retries = 0, clone(redis))]
async fn moved(redis: Connector) -> RedisResult<()> {
    tokio::spawn(async move { ping().query_async(&mut redis.get().await?).await })
        .await
        .map_err(std::io::Error::other)?
}

#[redis_resilient(retries = 0)]
async fn shared(redis: Arc<Connector>) -> RedisResult<()> {
    ping().query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 0)]
async fn passed_on(_id: u64, redis: &Connector) -> RedisResult<()> {
    below(redis).await
}

async fn below(redis: &Connector) -> RedisResult<()> {
    ping().query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 0)]
async fn by_another_name(redis: &Redis) -> RedisResult<()> {
    ping().query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 0)]
async fn inside_of_a_parameter(app: &App) -> RedisResult<()> {
    ping().query_async(&mut app.redis.get().await?).await
}

#[redis_resilient(retries = 0)]
async fn first_of_two(redis: &Connector, other: &Connector) -> RedisResult<()> {
    if below(redis).await.is_err() {
        return below(other).await;
    }
    Ok(())
}

/// Fails until the circuit refuses it; by whose word.
fn refused_by(
    mut call: impl FnMut() -> RedisResult<()>,
) -> Result<&'static str, Box<dyn std::error::Error>> {
    for _ in 0..20 {
        let error = call().expect_err("nobody is there");
        if let Some(Rejection::CircuitOpen { breaker, .. }) = Rejection::find(&error) {
            return Ok(breaker);
        }
        // Failures of one moment are one failure.
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    Err("the circuit does not open".into())
}

#[test]
fn a_dead_redis_opens_its_own_circuit_whatever_the_function_takes() -> TestResult {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let server = server()?;
    let well = Connector::open(server.url())?;
    let run = |call: &mut dyn FnMut(&Connector) -> RedisResult<()>, name: &str| -> TestResult {
        let dead = dead()?;
        let by = refused_by(|| call(&dead)).map_err(|error| format!("{name}: {error}"))?;
        assert_eq!(by, dead.breaker().name(), "{name}");
        assert_eq!(dead.breaker().state(), State::Open, "{name}");
        call(&well)?;
        assert_eq!(well.breaker().state(), State::Closed, "{name}");
        assert_eq!(DEFAULT_BREAKER.state(), State::Closed, "{name}");
        Ok(())
    };
    let app = |redis: &Connector| App {
        redis: redis.clone(),
        asked: 0,
    };
    run(&mut |redis| runtime.block_on(reference(redis)), "reference")?;
    run(&mut |redis| blocking(redis), "blocking")?;
    run(&mut |redis| runtime.block_on(moved(redis.clone())), "moved")?;
    run(
        &mut |redis| runtime.block_on(shared(Arc::new(redis.clone()))),
        "shared",
    )?;
    run(
        &mut |redis| runtime.block_on(passed_on(1, redis)),
        "passed on",
    )?;
    run(
        &mut |redis| runtime.block_on(by_another_name(redis)),
        "by another name",
    )?;
    run(
        &mut |redis| runtime.block_on(inside_of_a_parameter(&app(redis))),
        "inside of a parameter",
    )?;
    run(
        &mut |redis| runtime.block_on(first_of_two(redis, redis)),
        "first of two",
    )?;
    run(&mut |redis| runtime.block_on(app(redis).field()), "field")?;
    run(&mut |redis| app(redis).blocking_field(), "blocking field")?;
    run(
        &mut |redis| runtime.block_on(app(redis).lent_field()),
        "lent field",
    )?;
    run(&mut |redis| runtime.block_on(app(redis).ping()), "trait")?;
    Ok(())
}

static NOBODY: LazyLock<Connector> = LazyLock::new(|| dead().expect("a port"));

#[redis_resilient(retries = 0)]
async fn of_a_static() -> RedisResult<()> {
    ping().query_async(&mut NOBODY.get().await?).await
}

#[redis_resilient(retries = 0, breaker = NOBODY.breaker())]
async fn named() -> RedisResult<()> {
    below(&NOBODY).await
}

#[tokio::test]
async fn a_static_connector_has_its_own_too_and_it_can_be_named() -> TestResult {
    let circuit: &'static Breaker = NOBODY.breaker();
    circuit.force_open(None);
    for error in [of_a_static().await, named().await] {
        let error = error.expect_err("the circuit is open");
        let Some(Rejection::CircuitOpen { breaker, .. }) = Rejection::find(&error) else {
            return Err(error.into());
        };
        assert_eq!(*breaker, circuit.name());
        let text = error.to_string();
        assert!(
            text.contains("default of 127.0.0.1:") && !text.contains("secret"),
            "{text}"
        );
    }
    Ok(())
}

/// What the registry has under this name.
fn listed(name: &str) -> Vec<ListedBreaker> {
    let mut breakers = Registry::global().breakers();
    breakers.retain(|breaker| breaker.snapshot.name == name);
    breakers
}

#[tokio::test]
async fn an_operator_finds_a_connector_s_breaker_by_its_name_and_gives_it_orders() -> TestResult {
    #[redis_resilient(retries = 0)]
    async fn guarded(redis: &Connector) -> RedisResult<()> {
        below(redis).await
    }

    let redis = dead()?;
    let breaker = redis.breaker();
    let address = breaker.name().trim_start_matches("default of ");
    let again = Connector::open(format!("redis://{address}"))?;
    assert!(
        std::ptr::eq(again.breaker(), breaker),
        "one for both, and listed once"
    );
    let [idle] = &listed(breaker.name())[..] else {
        panic!("one: {:?}", Registry::global().breakers());
    };
    assert_eq!(idle.snapshot.state, State::Closed, "before the first call");
    let handle = idle.handle().expect("it stays for as long as the program");
    assert!(std::ptr::eq(&raw const **handle, breaker));

    handle.force_open(None);
    let error = guarded(&redis).await.expect_err("the circuit is open");
    let refused = matches!(
        Rejection::find(&error),
        Some(Rejection::CircuitOpen { breaker: name, .. }) if *name == breaker.name()
    );
    assert!(refused, "{error}");
    handle.reset();
    Ok(())
}

#[redis_resilient(retries = 0)]
async fn a_map(map: &std::collections::HashMap<u64, u64>, pool: &Pool) -> RedisResult<Option<u64>> {
    let found = map.get(&1).copied();
    Ok(found.or(pool.get().await))
}

struct Pool;

impl Pool {
    async fn get(&self) -> Option<u64> {
        tokio::task::yield_now().await;
        Some(1)
    }
}

#[tokio::test]
async fn what_has_a_get_and_is_no_connector_changes_nothing() -> RedisResult<()> {
    let found = a_map(&std::collections::HashMap::new(), &Pool).await?;
    assert_eq!(found, Some(1));
    Ok(())
}
