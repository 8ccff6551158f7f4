//! What `breaker = …` and `fallback_limit = …` may name: whatever holds one, as a parameter or as a field.

#![expect(clippy::borrowed_box, reason = "one of the holders")]

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, OnceLock, RwLock};

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Bulkhead, Rejection, State, redis_resilient};

fn down() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

const fn touchy() -> Breaker {
    Breaker::new("touchy").failure_threshold(1)
}

/// An async and a sync function with a parameter of this type open the breaker that is given.
macro_rules! opens {
    ($($name:ident: $parameter:ty = |$breaker:ident| $argument:expr;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[redis_resilient(retries = 0, breaker = breaker)]
            async fn wait(breaker: $parameter) -> RedisResult<u64> {
                let _ = breaker;
                tokio::task::yield_now().await;
                Err(down())
            }
            #[redis_resilient(retries = 0, breaker = breaker)]
            fn block(breaker: $parameter) -> RedisResult<u64> {
                let _ = breaker;
                Err(down())
            }
            let $breaker = touchy();
            let holder = $argument;
            assert!(wait(&holder).await.is_err());
            assert_eq!(holder.state(), State::Open, "the async function");
            holder.reset();
            assert!(block(&holder).is_err());
            assert_eq!(holder.state(), State::Open, "the sync function");
        }
    )*};
}

opens! {
    a_reference: &Breaker = |breaker| breaker;
    a_reference_to_a_reference: &&Breaker = |breaker| &breaker;
    a_reference_to_a_reference_to_an_arc: &&Arc<Breaker> = |breaker| &Arc::new(breaker);
    a_reference_to_an_arc: &Arc<Breaker> = |breaker| Arc::new(breaker);
    a_reference_to_an_rc: &Rc<Breaker> = |breaker| Rc::new(breaker);
    a_reference_to_a_box: &Box<Breaker> = |breaker| Box::new(breaker);
    a_reference_to_a_lazy_lock: &LazyLock<Breaker> = |_breaker| LazyLock::new(touchy as fn() -> Breaker);
}

/// Fields that are references are followed too, and go on living while the rest of `self` is changed.
#[derive(Debug)]
struct Repository<'a> {
    shared: &'a Arc<Breaker>,
    held: Box<Breaker>,
    limit: &'a Arc<Bulkhead>,
    asked: u32,
}

impl Repository<'_> {
    #[redis_resilient(retries = 0, breaker = self.shared)]
    async fn shared(&mut self) -> RedisResult<u64> {
        self.asked += 1;
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = self.held)]
    fn held(&self) -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = self.lend())]
    fn lent(&self) -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = false, fallback = Self::answer, fallback_limit = self.limit)]
    async fn limited(&self) -> RedisResult<u64> {
        Err(down())
    }

    fn lend(&self) -> &Box<Breaker> {
        &self.held
    }

    async fn answer(&self) -> RedisResult<u64> {
        tokio::task::yield_now().await;
        Ok(1)
    }
}

#[tokio::test(start_paused = true)]
async fn fields_are_followed_to_what_they_hold() -> RedisResult<()> {
    let shared = Arc::new(touchy());
    let limit = Arc::new(Bulkhead::new("limit", 1));
    let mut repository = Repository {
        shared: &shared,
        held: Box::new(touchy()),
        limit: &limit,
        asked: 0,
    };
    assert!(repository.shared().await.is_err());
    assert!(repository.shared().await.is_err());
    assert_eq!(repository.asked, 1, "the circuit is open");
    assert_eq!(shared.state(), State::Open);
    assert!(repository.held().is_err());
    assert_eq!(repository.held.state(), State::Open);
    repository.held.reset();
    assert!(repository.lent().is_err());
    assert_eq!(repository.held.state(), State::Open);
    assert_eq!(repository.limited().await?, 1);
    let _full = limit.try_acquire()?;
    let error = repository.limited().await.expect_err("there is no room");
    assert!(Rejection::find(&error).is_none(), "its own error: {error}");
    Ok(())
}

static LATER: OnceLock<Breaker> = OnceLock::new();
static AT_ONCE: LazyLock<Arc<Breaker>> = LazyLock::new(|| Arc::new(touchy()));

/// What gives one: a call, an entry, a guard.
struct Givers {
    named: BTreeMap<&'static str, Arc<Breaker>>,
    locked: RwLock<Arc<Breaker>>,
    boxed: Box<Breaker>,
}

impl Givers {
    #[redis_resilient(retries = 0, breaker = LATER.get_or_init(touchy))]
    async fn later() -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = **AT_ONCE)]
    fn at_once() -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = self.named["one"])]
    async fn entry(&self) -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = self.named.get(name).unwrap_or(&AT_ONCE))]
    fn found(&self, name: &str) -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = **self.locked.read().unwrap_or_else(std::sync::PoisonError::into_inner))]
    fn locked(&self) -> RedisResult<u64> {
        Err(down())
    }

    #[redis_resilient(retries = 0, breaker = *self.boxed)]
    async fn followed(&self) -> RedisResult<u64> {
        Err(down())
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_gives_one_is_asked() {
    let givers = Givers {
        named: ["one", "two"].map(|name| (name, Arc::new(touchy()))).into(),
        locked: RwLock::new(Arc::new(touchy())),
        boxed: Box::new(touchy()),
    };
    assert!(Givers::later().await.is_err());
    assert_eq!(LATER.get().map(Breaker::state), Some(State::Open));
    assert!(Givers::at_once().is_err());
    assert_eq!(AT_ONCE.state(), State::Open);
    assert!(givers.entry().await.is_err());
    assert_eq!(givers.named["one"].state(), State::Open);
    assert_eq!(givers.named["two"].state(), State::Closed);
    assert!(givers.found("two").is_err());
    assert_eq!(givers.named["two"].state(), State::Open);
    assert!(givers.locked().is_err());
    let locked = givers.locked.read().map(|breaker| breaker.state());
    assert_eq!(locked.ok(), Some(State::Open));
    assert!(givers.followed().await.is_err());
    assert_eq!(givers.boxed.state(), State::Open);
}
