//! Faults on purpose that a file of settings switches on and off. One test: what is let, is let for good.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult};
use redis_resilient::chaos::{self, By, Failure, Fault, Plan};
use redis_resilient::console::{HealthPolicy, Verdict};
use redis_resilient::settings;
use redis_resilient::{Class, Event, Policy, observe, redis_resilient};

type Outcome = Result<(), Box<dyn Error>>;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[expect(clippy::unnecessary_wraps, reason = "a body gives a result")]
fn body() -> RedisResult<u32> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok(1)
}

#[redis_resilient(name = "watched", retries = 0)]
async fn watched() -> RedisResult<u32> {
    body()
}

#[redis_resilient(name = "bare", retries = 0, breaker = false, timeout = false)]
async fn bare() -> RedisResult<u32> {
    body()
}

#[redis_resilient(name = "bare sync", retries = 0, breaker = false)]
fn bare_sync() -> RedisResult<u32> {
    body()
}

static POLICY: Policy = Policy::new("bare policy").without_breaker().retries(0);

/// An error that nothing can be made of.
#[derive(Debug, PartialEq)]
struct Own;

#[redis_resilient(name = "own", retries = 0, breaker = false, timeout = false, classify = |_: &Own| Class::Permanent)]
async fn own() -> Result<u32, Own> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok(1)
}

const NAMES: [&str; 4] = ["watched", "bare", "bare sync", "bare policy"];

async fn call(name: &str) -> RedisResult<u32> {
    match name {
        "watched" => watched().await,
        "bare" => bare().await,
        "bare sync" => bare_sync(),
        _ => POLICY.run_blocking(body),
    }
}

fn is_injected(error: &RedisError) -> bool {
    format!("{error:?} {error}").contains("injected by chaos")
}

async fn is_clean(calls: u32) {
    RUNS.store(0, Ordering::Relaxed);
    for _ in 0..calls / 4 {
        for name in NAMES {
            assert_eq!(call(name).await.ok(), Some(1), "{name}");
        }
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), calls / 4 * 4);
    assert!(chaos::plans().is_empty());
}

/// A folder with the file, and what was told.
struct Service {
    folder: PathBuf,
    told: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn new() -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("rr-chaos-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let tells = Arc::clone(&told);
        observe(move |event: &Event<'_>| {
            let text = match event {
                Event::ChaosArmed(event) => format!("armed {} by {}", event.fault, event.by),
                Event::ChaosEnded(_) => "ended".to_owned(),
                Event::AttemptFailed(event) => {
                    format!("failed {} injected={}", event.function, event.injected)
                }
                _ => return,
            };
            let mut told = tells.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(text);
        });
        Ok(Self { folder, told })
    }

    fn write(&self, text: &str) -> std::io::Result<PathBuf> {
        let path = self.folder.join("r.toml");
        fs::write(&path, format!("{text}\n# end\n"))?;
        Ok(path)
    }

    fn say(&self, text: &str) -> Result<settings::Loaded, Box<dyn Error>> {
        Ok(settings::load(self.write(text)?)?)
    }

    /// Since the last time.
    fn told(&self) -> Vec<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *told)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_file_switches_faults_on_and_off_once_the_application_lets_it() -> Outcome {
    let service = Service::new()?;
    nothing_meets_what_starts(&service).await?;
    off_is_off_at_once_for_each_kind(&service).await?;
    what_is_said_again_goes_on(&service).await?;
    it_ends_by_itself_and_does_not_come_back(&service).await?;
    an_operator_starts_and_stops(&service).await
}

/// Row O25: start-up is untouched, though the file has faults in it.
async fn nothing_meets_what_starts(service: &Service) -> Outcome {
    let all = "[chaos.\"*\"]\nfault = \"unreachable\"\nfor = \"10m\"";
    let loaded = service.say(all)?;
    assert!(loaded.warnings[0].contains("chaos::allow()"), "{loaded:?}");
    assert!(settings::sources().iter().all(|source| !source.effective));
    is_clean(1_000).await;
    assert_eq!(service.told(), [""; 0]);

    chaos::allow();
    assert_eq!(service.told(), ["armed unreachable by settings"]);
    let sources = settings::sources();
    assert!(
        sources
            .iter()
            .all(|source| source.effective && source.known)
    );
    for name in NAMES {
        let error = call(name).await.expect_err(name);
        assert!(is_injected(&error), "{name}: {error}");
        assert_eq!(Class::of(&error), Class::Unreachable);
        assert_eq!(service.told(), [format!("failed {name} injected=true")]);
    }
    // No error can be made of it.
    assert_eq!(own().await, Ok(1));
    Ok(())
}

/// Row O25: nothing is left of a fault that is switched off.
async fn off_is_off_at_once_for_each_kind(service: &Service) -> Outcome {
    let policy = HealthPolicy::new().lately(Duration::from_millis(1));
    for fault in Fault::names() {
        let delay = if fault == "delay" {
            "delay = \"50ms\"\n"
        } else {
            ""
        };
        service.say(&format!(
            "# {fault}\n[chaos.\"*\"]\nfault = \"{fault}\"\n{delay}for = \"10m\""
        ))?;
        assert_eq!(chaos::plans().len(), 1, "{fault}");
        for name in NAMES {
            let begun = Instant::now();
            let answer = call(name).await;
            if fault == "delay" {
                assert!(begun.elapsed() >= Duration::from_millis(50), "{name}");
                assert_eq!(answer.ok(), Some(1));
            } else {
                let error = answer.expect_err(name);
                assert!(is_injected(&error), "{fault} {name}: {error:?}");
            }
        }
        let begun = Instant::now();
        assert_eq!(own().await, Ok(1));
        assert!(fault != "delay" || begun.elapsed() >= Duration::from_millis(50));
        service.say(&format!("# no {fault}"))?;
        is_clean(10_000).await;
        let health = policy.health(Vec::new());
        assert_eq!(
            health.verdict,
            Verdict::Up,
            "{fault}: {:?}",
            health.findings
        );
    }
    // A delay that is under way ends with it.
    service.say("# long\n[chaos.bare]\nfault = \"delay\"\ndelay = \"30m\"\nfor = \"10m\"")?;
    let begun = Instant::now();
    let waits = tokio::spawn(bare());
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(!waits.is_finished());
    service.say("# no more")?;
    assert_eq!(waits.await?.ok(), Some(1));
    assert!(begun.elapsed() < Duration::from_secs(60));
    Ok(())
}

/// It does not begin anew, nor end, whatever else is said.
async fn what_is_said_again_goes_on(service: &Service) -> Outcome {
    let one = "[chaos.bare]\nfault = \"loading\"\nfor = \"10m\"\n";
    let other = "[chaos.watched]\nfault = \"read_only\"\nshare = 0.5\nfor = \"1m\"\n";
    service.say(one)?;
    assert!(bare().await.is_err());
    service.say(&format!("{one}{other}[functions.bare]\nretries = 0"))?;
    let plans = chaos::plans();
    let injected: Vec<_> = plans.iter().map(|plan| plan.injected).collect();
    assert_eq!(injected, [1, 0]);
    assert!(plans.iter().all(|plan| plan.by == By::Settings));
    service.say(other)?;
    assert_eq!(chaos::plans().len(), 1);
    // What code has armed is not the file's.
    let plan = Plan::new(Fault::Failure(Failure::Loading), Duration::from_secs(60))?;
    chaos::arm([plan.function("bare")?]);
    service.say("# nothing")?;
    assert_eq!(chaos::plans().len(), 1);
    assert!(bare().await.is_err());
    chaos::disarm();
    is_clean(100).await;
    // A file with a mistake changes nothing of it.
    service.say("[chaos.bare]\nfault = \"loading\"\nfor = \"10m\"")?;
    service.write("# cut\n[chaos.bare]\nfault = \"loading\"")?;
    let error = settings::reload().expect_err("it has no end");
    assert!(error.to_string().contains("it has no end"), "{error}");
    assert!(bare().await.is_err());
    Ok(())
}

async fn it_ends_by_itself_and_does_not_come_back(service: &Service) -> Outcome {
    let brief = "# brief\n[chaos.bare]\nfault = \"loading\"\nfor = \"200ms\"";
    service.say(brief)?;
    assert!(bare().await.is_err());
    while bare().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    service.say(&format!("{brief}\n# a comment more"))?;
    is_clean(100).await;
    let text = "# over\n[chaos.bare]\nfault = \"loading\"\nuntil = 2020-01-01T00:00:00Z";
    let over = service.say(text)?;
    assert!(over.warnings[0].contains("the time is over"), "{over:?}");
    is_clean(100).await;
    Ok(())
}

/// What the console does.
async fn an_operator_starts_and_stops(service: &Service) -> Outcome {
    use redis_resilient_runtime::__seam::chaos as orders;
    let loading = |function| orders::start(Some(function), "loading", None, 1.0, 60.0);
    service.say("[chaos.watched]\nfault = \"loading\"\nfor = \"1m\"")?;
    service.told();
    loading("bare")?;
    loading("bare")?;
    loading("bare policy")?;
    let armed = "armed loading by console";
    assert_eq!(service.told(), [armed, "ended", armed, armed]);
    let by: Vec<_> = orders::plans().iter().map(|plan| plan.by).collect();
    assert_eq!(
        by,
        ["settings", "console", "console"],
        "the second is the first"
    );
    assert!(bare().await.is_err());
    // A file does not touch what is not its own.
    service.say("# nothing")?;
    assert_eq!(orders::plans().len(), 2);
    assert_eq!((orders::stop(None), orders::stop(Some("bare"))), (0, 1));
    assert!(bare().await.is_ok());
    assert_eq!(orders::stop_all(), 1);
    is_clean(100).await;
    let error = orders::start(None, "explosion", None, 1.0, 60.0);
    assert!(error.is_err_and(|told| told.contains("lost_reply")));
    Ok(())
}
