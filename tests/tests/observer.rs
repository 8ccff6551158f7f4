//! Observers: told of all that happens, in order, whatever they do meanwhile.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::event::{AttemptFailed, Next, Severity};
use redis_resilient::{
    Breaker, Bulkhead, Class, Classify, Event, Observer, Rejection, State, kill_switch, observe,
    redis_resilient,
};
use redis_resilient_testkit::{RealRedis, servers};

/// Observers are the process's: what is told of one test's functions and breakers is told by their names.
static TOLD: Mutex<Vec<(String, Severity)>> = Mutex::new(Vec::new());

fn told() -> MutexGuard<'static, Vec<(String, Severity)>> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_down(event: &Event<'_>) {
    let line = match event {
        Event::AttemptFailed(AttemptFailed {
            function,
            attempt,
            class,
            code,
            next,
            error,
            ..
        }) => {
            let next = match next {
                Next::Retry { delay, .. } => format!("retry in {delay:?}"),
                other => format!("{other:?}"),
            };
            format!("{function} {attempt} {class:?} {code:?} {error:?} {next}")
        }
        Event::CircuitChanged(change) => format!(
            "{} {:?}-{:?} {:?} {:?} {:?} {}",
            change.breaker,
            change.from,
            change.to,
            change.function,
            change.class,
            change.error,
            change.open_for.as_millis(),
        ),
        Event::FallbackUsed(used) => {
            format!(
                "{} fallback {:?} {:?}",
                used.function, used.class, used.error
            )
        }
        Event::FallbackSaturated(full) => format!(
            "{} no room in {} of {} {:?} {:?}",
            full.function, full.bulkhead, full.limit, full.class, full.error
        ),
        Event::FailureCounted(counted) => format!(
            "{} counted {:?} {:?} {:?}",
            counted.breaker, counted.function, counted.class, counted.error
        ),
        Event::CallRefused(refused) => format!("{} refused", refused.breaker),
        Event::RetryBudgetExhausted(exhausted) => {
            format!("{} exhausted {}", exhausted.breaker, exhausted.function)
        }
        Event::ProbeLost(lost) => format!("{} probe lost", lost.breaker),
        Event::StaleOutcome(stale) => format!("{} stale", stale.breaker),
        other => format!("{other:?}"),
    };
    told().push((line, event.severity()));
}

/// Once for the process.
fn listen() {
    // Whoever comes while another test's thread is at it waits.
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| observe(write_down));
}

/// What was told in which one of these names is.
fn told_of(names: &[&str]) -> Vec<String> {
    let told = told();
    let lines = told.iter().map(|(line, _)| line);
    lines
        .filter(|line| names.iter().any(|name| line.contains(name)))
        .cloned()
        .collect()
}

fn refused() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

fn code(code: &str) -> RedisError {
    redis::make_extension_error(code.to_owned(), Some("not for you".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn an_outage_in_order() {
    static WATCHED: Breaker = Breaker::new("watched")
        .failure_threshold(2)
        .burst_window(Duration::ZERO);
    #[redis_resilient(name = "load", breaker = WATCHED, retries = 1, backoff = "fixed", delay = "70ms", jitter = "none", fallback = Ok("database"))]
    async fn load(up: bool) -> RedisResult<&'static str> {
        if up { Ok("redis") } else { Err(refused()) }
    }

    listen();
    assert_eq!(load(true).await.ok(), Some("redis"));
    assert_eq!(told_of(&["watched", "load"]), [""; 0], "all is well");
    assert_eq!(load(false).await.ok(), Some("database"));
    assert_eq!(load(false).await.ok(), Some("database"));
    tokio::time::advance(Duration::from_millis(1101)).await;
    assert_eq!(load(false).await.ok(), Some("database"));
    tokio::time::advance(Duration::from_millis(2201)).await;
    assert_eq!(load(true).await.ok(), Some("redis"));

    let lines = told_of(&["watched", "load"]);
    let expected = [
        "watched counted Some(\"load\") Some(Unreachable) Some(\"connection refused\")",
        "load 1 Unreachable None Some(\"connection refused\") retry in 70ms",
        "watched counted Some(\"load\") Some(Unreachable) Some(\"connection refused\")",
        "watched Closed-Open Some(\"load\") Some(Unreachable) Some(\"connection refused\") ",
        "load 2 Unreachable None Some(\"connection refused\") Fallback",
        "load fallback Some(Unreachable) Some(\"connection refused\")",
        // The second call: it is not tried.
        "watched refused",
        "load fallback Some(Rejected) Some(\"circuit `watched` is open for another ",
        // The third one probes.
        "watched Open-HalfOpen None None None 0",
        "watched counted Some(\"load\") Some(Unreachable) Some(\"connection refused\")",
        "watched HalfOpen-Open Some(\"load\") Some(Unreachable) Some(\"connection refused\") ",
        "load 1 Unreachable None Some(\"connection refused\") Fallback",
        "load fallback Some(Unreachable) Some(\"connection refused\")",
        // The fourth one does too.
        "watched Open-HalfOpen None None None 0",
        "watched HalfOpen-Closed None None None 0",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{expected}\n{line}");
    }
    let severities: Vec<_> = told()
        .iter()
        .filter(|(line, _)| line.starts_with("watched ") && line.contains("Open Some"))
        .map(|(_, severity)| *severity)
        .collect();
    assert_eq!(severities, [Severity::Warn; 2], "the fallback answers");
}

/// What cuts an attempt off has no error: the text says what did.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_cut_off_says_so() {
    #[redis_resilient(name = "slow", breaker = false, retries = 1, timeout = "300ms", backoff = "none", deadline = "500ms", fallback = Ok(()))]
    async fn slow() -> RedisResult<()> {
        std::future::pending().await
    }
    #[redis_resilient(name = "late", breaker = false, retries = 5, deadline = "200ms", backoff = "fixed", delay = "150ms", jitter = "none", fallback = Ok(()))]
    async fn late() -> RedisResult<()> {
        tokio::time::sleep(Duration::from_millis(60)).await;
        Err(refused())
    }

    listen();
    slow().await.expect("the fallback answers");
    let lines = told_of(&["slow"]);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let after = "got no answer within 300ms";
    assert!(
        lines[0].starts_with("slow 1 Ambiguous") && lines[0].contains(after),
        "{lines:#?}"
    );
    let deadline = "got no answer within its deadline of 500ms";
    assert!(
        lines[1].starts_with("slow 2 Ambiguous") && lines[1].contains(deadline),
        "{lines:#?}"
    );
    assert!(
        lines[2].starts_with("slow fallback") && lines[2].contains(deadline),
        "{lines:#?}"
    );

    late().await.expect("the fallback answers");
    let lines = told_of(&["late"]);
    assert!(
        lines
            .last()
            .is_some_and(|line| line.contains("fallback Some(")),
        "{lines:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn limits_and_what_is_behind_them() {
    static LEAN: Breaker = Breaker::new("lean")
        .failure_threshold(1000)
        .retry_budget(0, 1);
    static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    #[redis_resilient(name = "scan", breaker = LEAN, backoff = "none", retries = 100, fallback = async { Ok(()) }, fallback_limit = PRIMARY)]
    async fn scan() -> RedisResult<()> {
        Err(refused())
    }

    listen();
    let permit = PRIMARY.try_acquire();
    assert!(scan().await.is_err());
    let lines = told_of(&["scan"]);
    let exhausted = lines.iter().position(|line| line == "lean exhausted scan");
    let exhausted = exhausted.expect("it is told");
    assert_eq!(
        lines[exhausted + 1..],
        [
            "scan 11 Unreachable None Some(\"connection refused\") Fallback",
            "scan no room in primary of 1 Some(Unreachable) Some(\"connection refused\")"
        ],
        "{lines:#?}"
    );
    assert!(PRIMARY.try_acquire().is_err());
    drop(permit);
    let full = told_of(&["BulkheadFull"]);
    assert!(
        full.iter().any(|line| line.contains("\"primary\"")),
        "{full:?}"
    );
}

/// The text is there whatever the type, and however the class is found.
#[test]
fn every_type_of_error_says_why() {
    #[derive(Debug, thiserror::Error)]
    #[error("the store is busy")]
    struct Busy;
    impl Classify for Busy {
        fn class(&self) -> Class {
            Class::Unavailable
        }
    }
    struct Mute;
    impl Classify for Mute {
        fn class(&self) -> Class {
            Class::Unavailable
        }
    }

    #[redis_resilient(name = "of classify", breaker = false, retries = 0)]
    fn of_classify() -> Result<(), Busy> {
        Err(Busy)
    }
    #[redis_resilient(name = "of closure", breaker = false, retries = 0, classify = |_| Class::Unavailable)]
    fn of_closure() -> RedisResult<()> {
        Err(refused())
    }
    #[redis_resilient(name = "of boxed closure", breaker = false, retries = 0, classify = |error| Class::of(error.as_ref()))]
    fn of_boxed_closure() -> Result<(), Box<dyn std::error::Error>> {
        Err(refused().into())
    }
    #[redis_resilient(name = "of anyhow", breaker = false, retries = 0)]
    fn of_anyhow() -> anyhow::Result<()> {
        Err(anyhow::Error::from(refused()).context("reading"))
    }
    #[redis_resilient(name = "of mute", breaker = false, retries = 0)]
    fn of_mute() -> Result<(), Mute> {
        Err(Mute)
    }
    #[redis_resilient(name = "of generic", breaker = false, retries = 0)]
    fn of_generic<E: std::error::Error + From<RedisError> + 'static>() -> Result<(), E> {
        Err(refused().into())
    }
    #[redis_resilient(name = "of incr", breaker = false, retries = 0)]
    fn of_incr(lost: bool) -> RedisResult<()> {
        if !lost {
            redis::cmd("INCR");
        }
        Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into())
    }

    listen();
    assert!(of_classify().is_err() && of_closure().is_err() && of_boxed_closure().is_err());
    assert!(of_anyhow().is_err() && of_mute().is_err() && of_generic::<RedisError>().is_err());
    assert!(of_incr(true).is_err());
    for (name, text) in [
        ("of classify", "Some(\"the store is busy\")"),
        ("of closure", "Some(\"connection refused\")"),
        ("of boxed closure", "Some(\"connection refused\")"),
        ("of anyhow", "Some(\"reading: connection refused\")"),
        ("of mute", " None Return"),
        ("of generic", "Some(\"connection refused\")"),
        ("of incr", "Some(\"broken pipe\")"),
    ] {
        let lines = told_of(&[name]);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains(text), "{lines:#?}");
    }
}

#[test]
fn a_refusal_that_a_fallback_hides_is_one_for_somebody_to_look_at() {
    #[redis_resilient(name = "hidden", breaker = false, fallback = Ok(()))]
    fn hidden() -> RedisResult<()> {
        Err(code("NOAUTH"))
    }
    #[redis_resilient(name = "returned", breaker = false)]
    fn returned() -> RedisResult<()> {
        Err(code("NOAUTH"))
    }

    listen();
    assert!(hidden().is_ok() && returned().is_err());
    let severities: Vec<_> = told()
        .iter()
        .filter(|(line, _)| line.contains("Some(\"NOAUTH\")"))
        .map(|(line, severity)| (line.split(' ').next().map(str::to_owned), *severity))
        .collect();
    assert_eq!(
        severities,
        [
            (Some("hidden".to_owned()), Severity::Error),
            (Some("returned".to_owned()), Severity::Debug)
        ]
    );
}

/// One that panics, one that uses the breaker of which it is told, one that calls an annotated function: each event comes to all others, once.
#[test]
fn an_observer_may_panic_and_may_do_what_anybody_may() {
    static OWN: Breaker = Breaker::new("own").failure_threshold(1);
    #[redis_resilient(name = "inner", breaker = false, retries = 0)]
    fn inner() -> RedisResult<()> {
        Err(refused())
    }
    struct Resets;
    impl Observer for Resets {
        fn on_event(&self, event: &Event<'_>) {
            if let Event::CircuitChanged(change) = event
                && change.breaker == "own"
            {
                if change.to == State::Open {
                    OWN.reset();
                }
                let _ = inner();
                std::panic::resume_unwind(Box::new("an observer panics"));
            }
        }
    }

    observe(Resets);
    observe(|event: &Event<'_>| {
        if matches!(event, Event::CircuitChanged(change) if change.breaker == "own") {
            std::panic::resume_unwind(Box::new("another one panics"));
        }
    });
    listen();
    OWN.try_acquire().expect("closed").failed(Class::Ambiguous);
    assert_eq!(OWN.state(), State::Closed, "an observer has reset it");
    let lines = told_of(&["own ", "inner"]);
    let expected = [
        "own counted None Some(Ambiguous) None",
        "own Closed-Open None Some(Ambiguous) None ",
        // What was caused comes after what has caused it, and with its texts, though those of the event itself are gone by then.
        "own Open-Closed None None None 0",
        "inner 1 Unreachable None Some(\"connection refused\") Return",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{expected}\n{line}");
    }
}

/// Commands with a secret where it does not belong, on each server at hand: events do not repeat it.
#[test]
fn what_a_server_repeats_is_in_no_event() -> Result<(), Box<dyn std::error::Error>> {
    const COMMANDS: [&str; 36] = [
        "AUHT alice hunter2",
        "AUTH alice hunter2",
        "HELLO 3 AUTH alice hunter2",
        "HELLO 3 hunter2",
        "CONFIG hunter2",
        "CONFIG SET hunter2 1",
        "CONFIG SET maxmemory hunter2",
        "CONFIG SET requirepass hunter2 appendonly",
        "ACL SETUSER u :hunter2",
        "ACL SETUSER u <hunter2",
        "ACL SETUSER u #hunter2",
        "ACL SETUSER u (hunter2",
        "ACL CAT hunter2",
        "ACL DRYRUN hunter2 get",
        "ACL DRYRUN default hunter2",
        "CLIENT hunter2",
        "CLIENT LIST TYPE hunter2",
        "CLIENT SETINFO hunter2 1",
        "EVAL hunter2=1 0",
        "EVAL return(hunter2.x) 0",
        "EVAL return(redis.call('hunter2')) 0",
        "EVAL #!lua\u{a0}hunter2 0",
        "EVAL #!hunter2 0",
        "EVALSHA hunter2 0",
        "FUNCTION hunter2",
        "FUNCTION LOAD #!hunter2",
        "FCALL hunter2 0",
        "XREADGROUP GROUP hunter2 c STREAMS hunter2 >",
        "XPENDING hunter2 hunter2",
        "XGROUP hunter2",
        "OBJECT hunter2 k",
        "REPLCONF hunter2 1",
        "JSON.SET k hunter2",
        "SET hunter2 hunter2 hunter2",
        "INCRBY k hunter2",
        "SENTINEL hunter2",
    ];
    #[redis_resilient(name = "sends", breaker = false, retries = 0)]
    fn sends(conn: &mut redis::Connection, command: &redis::Cmd) -> RedisResult<()> {
        command.query(conn)
    }
    #[redis_resilient(name = "reads", breaker = false, retries = 0)]
    fn reads(conn: &mut redis::Connection, key: &str) -> RedisResult<u64> {
        redis::cmd("GET").arg(key).query(conn)
    }

    listen();
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        for command in COMMANDS {
            let mut conn = redis::Client::open(server.url())?.get_connection()?;
            let mut words = command.split(' ').map(|word| word.replace('\u{a0}', " "));
            let mut cmd = redis::cmd(&words.next().unwrap_or_default());
            words.for_each(|word| {
                cmd.arg(word);
            });
            let before = told_of(&["sends "]).len();
            let result = sends(&mut conn, &cmd);
            let lines = told_of(&["sends "]).split_off(before);
            assert_eq!(lines.len(), usize::from(result.is_err()), "{command}");
            assert!(
                lines.iter().all(|line| !line.contains("hunter2")),
                "{lines:#?}"
            );
        }
        let mut conn = redis::Client::open(server.url())?.get_connection()?;
        redis::cmd("SET").arg("k").arg("hunter2").exec(&mut conn)?;
        assert!(reads(&mut conn, "k").is_err());
        let lines = told_of(&["reads "]);
        let line = lines.last().ok_or("it is told")?;
        assert!(
            line.contains("Incompatible type") && !line.contains("hunter2"),
            "{line}"
        );
        assert!(!told_of(&["unknown command 'AUHT'"]).is_empty());
    }
    Ok(())
}

#[test]
fn rejections_go_on_as_before_beside_observers() {
    static SHUT: Breaker = Breaker::new("shut");
    listen();
    SHUT.force_open(None);
    let refused = SHUT.try_acquire().expect_err("it is open");
    assert!(matches!(
        refused,
        Rejection::CircuitOpen {
            breaker: "shut",
            ..
        }
    ));
    assert!(told_of(&["shut"]).contains(&"shut refused".to_owned()));
    assert!(!kill_switch::is_engaged());
}
