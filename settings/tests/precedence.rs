//! Who has the last word: a variable before the file, the file before the attribute, key by key; seen by what annotated functions do.
//!
//! A process cannot change its environment safely: what a variable changes is looked at in a child, which is this program again.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult};
use redis_resilient::settings::{self, Origin, SettingPart};
use redis_resilient::{Backoff, Event, Jitter, Registry, observe, redis_resilient};

type Outcome = Result<(), Box<dyn Error>>;

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

fn down() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

#[redis_resilient(
    name = "precedence",
    breaker = false,
    timeout = false,
    retries = 2,
    backoff = "none"
)]
async fn never_succeeds() -> RedisResult<()> {
    ATTEMPTS.fetch_add(1, Ordering::Relaxed);
    Err(down())
}

/// How many attempts a call makes, and how long that takes.
async fn attempts() -> (u32, Duration) {
    ATTEMPTS.store(0, Ordering::Relaxed);
    let begun = Instant::now();
    assert!(never_succeeds().await.is_err());
    (ATTEMPTS.load(Ordering::Relaxed), begun.elapsed())
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let name = format!("rr-precedence-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The same test again, in a process with these variables; what it prints.
fn in_child(test: &str, variables: &[(&str, &str)]) -> Result<String, Box<dyn Error>> {
    let child = Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("RR_CHILD", "1")
        .envs(variables.iter().copied())
        .output()?;
    let printed = String::from_utf8_lossy(&child.stdout).into_owned();
    let errors = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{printed}\n{errors}");
    assert!(printed.contains("1 passed"), "{printed}");
    Ok(printed)
}

fn is_child() -> bool {
    std::env::var_os("RR_CHILD").is_some()
}

const RETRIES: &str = "REDIS_RESILIENT__FUNCTIONS__PRECEDENCE__RETRIES";

#[test]
fn a_variable_comes_before_the_file_and_the_file_before_the_attribute() -> Outcome {
    if !is_child() {
        let test = "a_variable_comes_before_the_file_and_the_file_before_the_attribute";
        in_child(test, &[(RETRIES, "1")])?;
        in_child(test, &[])?;
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let has_variable = std::env::var_os(RETRIES).is_some();
    let folder = Folder::new("order")?;
    runtime.block_on(async {
        // Nothing is loaded: a variable alone says nothing.
        assert_eq!(attempts().await.0, 3, "as the attribute says");
        let path = folder.write("r.toml", "[functions.precedence]\nretries = 4\n# end\n")?;
        settings::load(&path)?;
        let expected = if has_variable { 2 } else { 5 };
        assert_eq!(attempts().await.0, expected);
        // It is shown at once, before anything fails again.
        let shown = || {
            let functions = Registry::global().functions();
            let one = functions.into_iter().find(|one| one.name == "precedence");
            one.map(|one| one.policy)
        };
        assert_eq!(shown().map(|policy| policy.retries + 1), Some(expected));
        let sources = settings::sources();
        let of_file = &sources[0];
        assert_eq!((of_file.part, of_file.key), (SettingPart::Functions, "retries"));
        assert_eq!(of_file.effective, !has_variable);
        assert!(matches!(of_file.origin, Origin::File { line: 2, column: 11, .. }));
        assert_eq!(sources.len(), if has_variable { 2 } else { 1 });
        if let Some(of_variable) = sources.get(1) {
            assert!(of_variable.effective && of_variable.known);
            assert!(matches!(&of_variable.origin, Origin::Environment { variable, .. } if variable == RETRIES));
        }
        // Key by key: what the variable does not say, the file does.
        let text = "[functions.precedence]\nretries = 4\nbackoff = \"fixed\"\ndelay = \"60ms\"\njitter = \"none\"\n# end\n";
        folder.write("r.toml", text)?;
        settings::reload()?;
        let fixed = Backoff::fixed(Duration::from_millis(60)).jitter(Jitter::None);
        assert_eq!(shown().map(|policy| policy.backoff), Some(fixed));
        let (made, took) = attempts().await;
        assert_eq!(made, expected);
        assert!(took >= Duration::from_millis(60) * (expected - 1), "{took:?}");
        // What the file says no more, the attribute does; but for the variable.
        folder.write("r.toml", "# nothing\n")?;
        settings::reload()?;
        let expected = if has_variable { 2 } else { 3 };
        assert_eq!(attempts().await.0, expected);
        assert_eq!(shown().map(|policy| policy.retries + 1), Some(expected));
        Ok(())
    })
}

#[test]
fn each_format_says_the_same() -> Outcome {
    if !is_child() {
        in_child("each_format_says_the_same", &[])?;
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let folder = Folder::new("formats")?;
    for (name, text, wrong) in [
        (
            "r.toml",
            "[functions.precedence]\nretries = 6\n# end\n",
            "# wrong\n[functions.precedence]\nretries = \"0123\"\n",
        ),
        (
            "r.yaml",
            "functions:\n  precedence:\n    retries: 6\n# end\n",
            "# wrong\nfunctions:\n  precedence: { retries: 0123 }\n",
        ),
        (
            "r.json",
            "{\"functions\": {\"precedence\": {\"retries\": 6}}}",
            "{ \"functions\": {\n\"precedence\": {\n\"retries\": \"0123\"}}}",
        ),
    ] {
        let path = folder.write(name, text)?;
        settings::load(&path)?;
        runtime.block_on(async { assert_eq!(attempts().await.0, 7, "{name}") });
        folder.write(name, wrong)?;
        let error = settings::reload().expect_err(name);
        assert_eq!(error.line(), Some(3), "{error}");
        assert!(error.to_string().contains("got a string"), "{error}");
        runtime.block_on(async { assert_eq!(attempts().await.0, 7, "{name}") });
        settings::load(folder.write("nothing.toml", "# nothing\n")?)?;
        runtime.block_on(async { assert_eq!(attempts().await.0, 3, "{name}") });
    }
    Ok(())
}

#[test]
fn a_variable_that_nothing_uses_is_told_once_and_without_its_value() -> Outcome {
    const UNUSED: &str = "REDIS_RESILIENT__FUNCTIONS__PRECEDENCE__RETRYS";
    if !is_child() {
        let test = "a_variable_that_nothing_uses_is_told_once_and_without_its_value";
        in_child(test, &[(UNUSED, "c4n4ry"), (RETRIES, "1")])?;
        return Ok(());
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = Arc::clone(&told);
    observe(move |event: &Event<'_>| {
        if let Event::SettingUnused(event) = event {
            let mut told = tells.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(event.warning.to_owned());
        }
    });
    let folder = Folder::new("unused")?;
    let path = folder.write("r.toml", "# nothing\n")?;
    let loaded = settings::load(&path)?;
    for _ in 0..3 {
        settings::reload()?;
    }
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(told, loaded.warnings);
    let [warning] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(
        warning.contains(UNUSED) && warning.contains("did you mean `retries`?"),
        "{warning}"
    );
    assert!(!warning.contains("c4n4ry"));
    // The console shows it too.
    let report = Registry::global().settings().ok_or("it is registered")?;
    assert_eq!(report.warnings, told);
    assert_eq!(report.values.len(), 1);
    assert_eq!(report.values[0].origin, RETRIES);
    assert!(!format!("{report:?}").contains("c4n4ry"));
    Ok(())
}

#[test]
fn after_a_reload_all_is_as_in_a_process_that_has_just_started() -> Outcome {
    let test = "after_a_reload_all_is_as_in_a_process_that_has_just_started";
    if !is_child() {
        let in_force = |first: &str| -> Result<String, Box<dyn Error>> {
            let printed = in_child(test, &[("RR_FIRST", first), (RETRIES, "1")])?;
            let lines = printed.lines().filter(|line| line.contains("IN FORCE"));
            Ok(lines.collect())
        };
        let fresh = in_force("")?;
        assert!(fresh.contains("IN FORCE"));
        for first in [
            "[functions.precedence]\nretries = 9\ntimeout = \"3s\"\nfactor = 4.0\n",
            "[breakers.b]\nreset_timeout = \"9s\"\n[functions.precedence]\ndelay = \"9ms\"\nretries = 3\n# end\n# end\n",
        ] {
            assert_eq!(in_force(first)?, fresh, "{first}");
        }
        return Ok(());
    }
    let folder = Folder::new("fresh")?;
    let first = std::env::var("RR_FIRST").unwrap_or_default();
    if !first.is_empty() {
        settings::load(folder.write("r.toml", &first)?)?;
    }
    let path = folder.write(
        "r.toml",
        "# second\n[functions.precedence]\ndelay = \"9ms\"\nretries = 3\n",
    )?;
    settings::load(path)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let made = runtime.block_on(async { attempts().await.0 });
    let functions = Registry::global().functions();
    let policy = functions.iter().find(|one| one.name == "precedence");
    let sources: Vec<_> = settings::sources()
        .into_iter()
        .map(|source| {
            (
                source.part,
                source.name,
                source.key,
                source.value,
                source.effective,
            )
        })
        .collect();
    println!(
        "IN FORCE {made} {:?} {sources:?}",
        policy.map(|one| one.policy)
    );
    Ok(())
}
