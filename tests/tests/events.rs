//! The events that the people on call see.

use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Bulkhead, redis_resilient};
use redis_resilient_tests::log::{Recorder, Recording};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Of each line: here it counts what each of them says.
fn recorder() -> Recorder {
    redis_resilient::logging::write_every_line(true);
    Recorder::default()
}

/// Not the attempts at `TRACE`, which are for those who collect traces: they have tests of their own.
fn record(recorder: &Recorder) -> Recording {
    recorder.record_through(tracing_subscriber::registry().with(LevelFilter::DEBUG))
}

#[tokio::test(start_paused = true)]
async fn an_outage_from_beginning_to_end() {
    static WATCHED: Breaker = Breaker::new("watched")
        .failure_threshold(2)
        .burst_window(Duration::ZERO);
    #[redis_resilient(breaker = WATCHED, backoff = "fixed", delay = "70ms", jitter = "none", fallback = Ok("database"))]
    async fn load(up: bool) -> RedisResult<&'static str> {
        if up {
            return Ok("redis");
        }
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::ConnectionRefused,
        )))
    }
    #[redis_resilient(
        name = "user store",
        breaker = false,
        retries = 1,
        backoff = "none",
        idempotent = true
    )]
    async fn named() -> RedisResult<()> {
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::BrokenPipe,
        )))
    }

    let recorder = recorder();
    let _recording = record(&recorder);
    assert_eq!(load(true).await.ok(), Some("redis"));
    assert_eq!(
        recorder.lines(),
        [""; 0],
        "nothing to say while Redis is well"
    );
    assert_eq!(load(false).await.ok(), Some("database"));
    assert_eq!(load(false).await.ok(), Some("database"), "it is open");
    tokio::time::advance(Duration::from_millis(1101)).await;
    assert_eq!(load(false).await.ok(), Some("database"), "a probe fails");
    tokio::time::advance(Duration::from_millis(2201)).await;
    assert_eq!(load(true).await.ok(), Some("redis"));
    assert!(named().await.is_err());

    let lines = recorder.lines();
    let expected = [
        "redis_resilient WARN message=attempt failed, will retry function=\"events::load\" attempt=1 class=\"unreachable\" error=\"connection refused\" delay_ms=70 breaker=\"watched\"",
        "redis_resilient WARN message=circuit opened breaker=\"watched\" open_ms=# function=\"events::load\" class=\"unreachable\" error=\"connection refused\"",
        "redis_resilient DEBUG message=attempt failed, will not retry function=\"events::load\" attempt=2 class=\"unreachable\" error=\"connection refused\" breaker=\"watched\"",
        "redis_resilient WARN message=using the fallback function=\"events::load\" class=\"unreachable\" error=\"connection refused\" breaker=\"watched\"",
        "redis_resilient WARN message=using the fallback function=\"events::load\" class=\"rejected\" error=\"circuit `watched` is open for another #",
        "redis_resilient WARN message=circuit half-open, probing breaker=\"watched\"",
        "redis_resilient WARN message=circuit still open breaker=\"watched\" open_ms=# function=\"events::load\" class=\"unreachable\" error=\"connection refused\"",
        "redis_resilient DEBUG message=attempt failed, will not retry function=\"events::load\" attempt=1 class=\"unreachable\" error=\"connection refused\" breaker=\"watched\"",
        "redis_resilient WARN message=using the fallback function=\"events::load\" class=\"unreachable\" error=\"connection refused\" breaker=\"watched\"",
        "redis_resilient WARN message=circuit half-open, probing breaker=\"watched\"",
        "redis_resilient INFO message=circuit closed breaker=\"watched\" lasted_ms=#",
        "redis_resilient WARN message=attempt failed, will retry function=\"user store\" attempt=1 class=\"ambiguous\" error=\"broken pipe\" delay_ms=0",
        "redis_resilient DEBUG message=attempt failed, will not retry function=\"user store\" attempt=2 class=\"ambiguous\" error=\"broken pipe\"",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(
            without_numbers(line).starts_with(expected),
            "expected {expected}\n     got {line}"
        );
    }
}

/// With `#` for the numbers that are random: how long a circuit is open.
fn without_numbers(line: &str) -> String {
    let mut line = line.to_owned();
    for before in ["open_ms=", "lasted_ms=", "for another "] {
        if let Some(at) = line.find(before).map(|at| at + before.len()) {
            let number = line[at..]
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(line.len() - at);
            line.replace_range(at..at + number, "#");
        }
    }
    line
}

#[tokio::test(start_paused = true)]
async fn limits_that_are_reached() {
    static LEAN: Breaker = Breaker::new("lean")
        .failure_threshold(1000)
        .retry_budget(0, 1);
    static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    #[redis_resilient(breaker = LEAN, backoff = "none", retries = 100)]
    async fn load() -> RedisResult<()> {
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::ConnectionRefused,
        )))
    }
    #[redis_resilient(breaker = LEAN, fallback = async { Ok(()) }, fallback_limit = PRIMARY)]
    async fn answer() -> RedisResult<()> {
        load().await
    }

    let recorder = recorder();
    let _recording = record(&recorder);
    let permit = PRIMARY.try_acquire();
    assert!(answer().await.is_err());
    drop(permit);
    assert!(answer().await.is_ok());

    let lines = recorder.lines();
    let exhausted = "redis_resilient WARN message=retry budget exhausted function=\"events::load\" attempt=11 class=\"unreachable\" error=\"connection refused\" breaker=\"lean\"";
    assert_eq!(lines[10], exhausted);
    let saturated = "redis_resilient WARN message=fallback saturated function=\"events::answer\" bulkhead=\"primary\" limit=1 class=\"unreachable\" error=\"connection refused\" breaker=\"lean\"";
    let told = |what: &str| lines.iter().filter(|line| line.as_str() == what).count();
    assert_eq!(told(saturated), 1, "{lines:#?}");
    let fallback = "redis_resilient WARN message=using the fallback function=\"events::answer\" class=\"unreachable\" error=\"connection refused\" breaker=\"lean\"";
    assert_eq!(told(fallback), 1, "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_that_a_fallback_answers_for() {
    static CLOSED: Breaker = Breaker::new("closed").failure_threshold(1);
    #[redis_resilient(breaker = CLOSED, fallback = Ok(()))]
    async fn refused(code: &str) -> RedisResult<()> {
        let text = "user alice with password hunter2 is refused".to_owned();
        Err(redis::make_extension_error(code.to_owned(), Some(text)))
    }
    #[redis_resilient(breaker = false, fallback = Ok(()))]
    fn rejected() -> RedisResult<()> {
        let kind = redis::ErrorKind::AuthenticationFailed;
        Err(RedisError::from((kind, "Password authentication failed")))
    }
    #[redis_resilient(breaker = false, fallback = Ok(()), fallback_on = "outage")]
    fn returned() -> RedisResult<()> {
        rejected_by_redis()
    }
    #[redis_resilient(breaker = false)]
    fn without_fallback() -> RedisResult<()> {
        rejected_by_redis()
    }
    fn rejected_by_redis() -> RedisResult<()> {
        Err(redis::make_extension_error("NOAUTH".to_owned(), None))
    }

    let recorder = recorder();
    let _recording = record(&recorder);
    let codes = ["NOAUTH", "WRONGPASS", "NOPERM", "DENIED"];
    for code in codes {
        assert!(refused(code).await.is_ok());
    }
    assert!(rejected().is_ok());
    let lines = recorder.lines();
    let errors = |function: &str| -> Vec<&String> {
        let of = format!("function=\"events::{function}\"");
        let lines = lines.iter().filter(|line| line.contains(&of));
        lines.filter(|line| line.contains(" ERROR ")).collect()
    };
    for (line, code) in errors("refused").into_iter().zip(codes) {
        let expected = format!(
            "redis_resilient ERROR message=wrong credentials or settings, using the fallback function=\"events::refused\" \
             attempt=1 class=\"misconfigured\" code=\"{code}\" error=\"{code}: user alice with password … is refused\" breaker=\"closed\""
        );
        assert_eq!(*line, expected);
    }
    assert_eq!(errors("refused").len(), codes.len(), "{lines:#?}");
    let [rejected] = errors("rejected")[..] else {
        panic!("one error: {lines:#?}");
    };
    assert!(rejected.contains("code=\"AuthenticationFailed\""));
    assert!(!lines.iter().any(|line| line.contains("hunter2")));

    assert!(returned().is_err() && without_fallback().is_err());
    let told = recorder.lines().split_off(lines.len());
    assert!(
        told.iter().all(|line| line.contains(" DEBUG ")),
        "the caller has the error: {told:#?}"
    );
}

/// Errors that lose what Redis said: each function is told of once, and what to write.
mod lost_sources {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    pub(super) enum Text {
        #[error("redis: {0}")]
        Redis(String),
        #[error("no such user")]
        NotFound,
    }

    impl From<RedisError> for Text {
        fn from(error: RedisError) -> Self {
            Self::Redis(error.to_string())
        }
    }

    #[derive(Debug, thiserror::Error)]
    pub(super) enum Whole {
        #[error("redis")]
        Redis(#[from] RedisError),
        #[error("no such user")]
        NotFound,
        #[error("{0}")]
        Text(String),
    }

    /// What nothing is known of: it is made by hand.
    #[derive(Debug, thiserror::Error)]
    #[error("the cache is down")]
    pub(super) struct ByHand;

    pub(super) fn refused() -> RedisResult<u64> {
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
    }
}

#[tokio::test(start_paused = true)]
async fn errors_without_a_source_are_told_once_for_each_function() {
    use lost_sources::{ByHand, Text, Whole, refused};

    #[redis_resilient(breaker = false, fallback = Ok(1))]
    async fn text() -> Result<u64, Text> {
        Ok(refused()?)
    }
    #[redis_resilient(breaker = false)]
    fn other(found: bool) -> Result<u64, Text> {
        if found { Ok(1) } else { Err(Text::NotFound) }
    }
    #[redis_resilient(breaker = false, timeout = false, fallback = Ok(1))]
    async fn by_hand() -> Result<u64, ByHand> {
        refused().map_err(|_| ByHand)
    }
    #[redis_resilient(breaker = false)]
    async fn anyhow() -> anyhow::Result<u64> {
        refused().map_err(|error| anyhow::anyhow!("cannot read: {error}"))
    }
    #[redis_resilient(breaker = false)]
    async fn boxed() -> Result<u64, Box<dyn std::error::Error>> {
        refused().map_err(|error| error.to_string().into())
    }
    #[redis_resilient(breaker = false)]
    async fn thrown_away() -> Result<u64, Whole> {
        refused().map_err(|error| Whole::Text(error.to_string()))
    }
    // These are right.
    #[redis_resilient(breaker = false, retries = 0)]
    async fn whole(found: bool) -> Result<u64, Whole> {
        if found {
            Ok(refused()?)
        } else {
            Err(Whole::NotFound)
        }
    }
    #[redis_resilient(breaker = false, retries = 0)]
    async fn context() -> anyhow::Result<u64> {
        use anyhow::Context as _;
        refused().context("cannot read")
    }
    #[redis_resilient(breaker = false, classify = |_| redis_resilient::Class::NotRedis)]
    async fn classified() -> Result<u64, Text> {
        Ok(refused()?)
    }
    #[redis_resilient(breaker = false)]
    async fn other_failure() -> anyhow::Result<u64> {
        anyhow::bail!("no such user")
    }

    let recorder = recorder();
    let _recording = record(&recorder);
    for _ in 0..3 {
        assert!(text().await.is_err(), "the fallback does not answer");
        assert!(other(true).is_ok() && other(false).is_err());
        assert!(by_hand().await.is_err());
        assert!(anyhow().await.is_err());
        assert!(boxed().await.is_err());
        assert!(thrown_away().await.is_err());
        assert!(whole(false).await.is_err() && whole(true).await.is_err());
        assert!(context().await.is_err());
        assert!(classified().await.is_err());
        assert!(other_failure().await.is_err());
    }
    let lines = recorder.lines();
    let mut warnings: Vec<_> = lines
        .iter()
        .filter(|line| line.contains(" WARN "))
        .collect();
    warnings.sort();
    let told = ["anyhow", "boxed", "by_hand", "other", "text", "thrown_away"];
    let named = |line: &str, name: &str| line.contains(&format!("function=\"events::{name}\""));
    assert_eq!(warnings.len(), told.len(), "{warnings:#?}");
    for name in told {
        let lines: Vec<_> = warnings.iter().filter(|line| named(line, name)).collect();
        let [line] = lines[..] else {
            panic!("one warning of {name}: {warnings:#?}");
        };
        assert!(
            line.contains("has no Redis error among its sources")
                && line.contains("keep the `RedisError` as the error's `source`")
                && line.contains("classify = "),
            "{line}"
        );
        assert!(line.contains(" error="), "it says which one: {line}");
    }
}

/// Whatever came before: an attempt that failed, one that was cut off, one that an inner function's circuit refused, a deadline, a full limit.
#[tokio::test(start_paused = true)]
async fn a_saturated_fallback_says_why_it_was_asked_at_each_level_at_which_it_is_told() {
    static ROOM: Bulkhead = Bulkhead::new("no room", 1);
    static POOL: Bulkhead = Bulkhead::new("no permit", 1);
    static INNER: Breaker = Breaker::new("inner");
    fn refused() -> RedisError {
        RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = async { Ok(()) }, fallback_limit = ROOM)]
    async fn failing() -> RedisResult<()> {
        Err(refused())
    }
    #[expect(
        clippy::unnecessary_wraps,
        reason = "a fallback gives what its function gives"
    )]
    fn nothing() -> RedisResult<()> {
        Ok(())
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = nothing, fallback_limit = ROOM)]
    fn blocking() -> RedisResult<()> {
        Err(refused())
    }
    #[redis_resilient(breaker = false, retries = 0, timeout = "1s", fallback = async { Ok(()) }, fallback_limit = ROOM)]
    async fn cut_off() -> RedisResult<()> {
        std::future::pending().await
    }
    #[redis_resilient(breaker = false, backoff = "none", deadline = "10ms", fallback = async { Ok(()) }, fallback_limit = ROOM)]
    async fn too_late() -> RedisResult<()> {
        std::future::pending().await
    }
    #[redis_resilient(breaker = INNER)]
    async fn inner() -> RedisResult<()> {
        Ok(())
    }
    #[redis_resilient(breaker = false, fallback = async { Ok(()) }, fallback_limit = ROOM)]
    async fn outer() -> RedisResult<()> {
        inner().await
    }
    #[redis_resilient(breaker = false, limit = POOL, fallback = async { Ok(()) }, fallback_limit = ROOM)]
    async fn limited() -> RedisResult<()> {
        Ok(())
    }

    INNER.force_open(None);
    let _full = (POOL.try_acquire(), ROOM.try_acquire());
    for level in [LevelFilter::DEBUG, LevelFilter::WARN] {
        let recorder = recorder();
        let _recording = recorder.record_through(tracing_subscriber::registry().with(level));
        assert!(failing().await.is_err());
        assert!(blocking().is_err());
        assert!(cut_off().await.is_err());
        assert!(too_late().await.is_err());
        assert!(outer().await.is_err());
        assert!(limited().await.is_err());
        let lines = recorder.lines();
        let saturated: Vec<_> = lines
            .iter()
            .filter(|line| line.contains("fallback saturated"))
            .collect();
        let expected = [
            ("failing", "unreachable", "connection refused"),
            ("blocking", "unreachable", "connection refused"),
            ("cut_off", "ambiguous", "got no answer within 1s"),
            ("too_late", "ambiguous", "within its deadline of 10ms"),
            ("outer", "rejected", "circuit `inner`"),
            ("limited", "rejected", "bulkhead `no permit` is full"),
        ];
        assert_eq!(saturated.len(), expected.len(), "{level}: {lines:#?}");
        for (line, (function, class, error)) in saturated.iter().zip(expected) {
            assert!(line.contains(&format!("::{function}\"")), "{level}: {line}");
            assert!(
                line.contains(&format!("class=\"{class}\"")),
                "{level}: {line}"
            );
            assert!(line.contains(error), "{level}: {line}");
        }
    }
}

/// At a level at which nobody is told of the fallback, what a call leaves for it is not taken for the next call's.
#[tokio::test]
async fn what_one_call_s_fallback_answers_for_is_not_told_of_another_s() {
    static POOL: Bulkhead = Bulkhead::new("full pool", 1);
    static ROOM: Bulkhead = Bulkhead::new("full room", 1);
    static FORCED: Breaker = Breaker::new("forced");
    #[redis_resilient(breaker = false, limit = POOL, fallback = Ok(()))]
    async fn limited() -> RedisResult<()> {
        Ok(())
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = Ok(()), fallback_limit = false)]
    async fn unlimited() -> RedisResult<()> {
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
    }
    #[redis_resilient(breaker = FORCED, fallback = async { Ok(()) }, fallback_limit = ROOM)]
    async fn saturated() -> RedisResult<()> {
        Ok(())
    }

    FORCED.force_open(None);
    let _full = (POOL.try_acquire(), ROOM.try_acquire());
    let recorder = recorder();
    let _recording =
        recorder.record_through(tracing_subscriber::registry().with(LevelFilter::WARN));
    assert!(limited().await.is_ok(), "its fallback answers");
    assert!(saturated().await.is_err());
    assert!(unlimited().await.is_ok(), "its fallback answers");
    assert!(saturated().await.is_err());
    let mut lines = recorder.lines();
    lines.retain(|line| !line.contains("using the fallback"));
    let [full, after_full, after_unlimited] = &lines[..] else {
        panic!("{lines:#?}");
    };
    assert!(full.contains("bulkhead full"), "{full}");
    for saturated in [after_full, after_unlimited] {
        assert!(saturated.contains("fallback saturated"), "{saturated}");
        assert!(saturated.contains("circuit `forced`"), "{saturated}");
    }
}
