//! Files that change under a service: renamed, swapped, cut, wrong; and calls meanwhile.
//!
//! Settings are the process's, so the tests take turns. `RELOADS=10000` says how often the longest one reloads.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult};
use redis_resilient::settings::{self, Origin};
use redis_resilient::{Backoff, Event, Policy, Registry, observe, redis_resilient};

type Outcome = Result<(), Box<dyn Error>>;

static TURN: Mutex<()> = Mutex::new(());

/// A folder of its own.
struct Folder(
    PathBuf,
    #[allow(dead_code, reason = "it is kept")] MutexGuard<'static, ()>,
);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let path = std::env::temp_dir().join(format!("rr-settings-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        // Nothing of the test before it is left.
        let nothing = path.join("nothing.toml");
        fs::write(&nothing, "# nothing\n")?;
        settings::load(&nothing).map_err(std::io::Error::other)?;
        Ok(Self(path, turn))
    }

    fn file(&self, text: &str) -> std::io::Result<PathBuf> {
        let path = self.0.join("resilience.toml");
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn down() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

static FAILS: Policy = Policy::new("settings fails")
    .without_breaker()
    .retries(1)
    .backoff(Backoff::none());

/// How many attempts a call makes that never succeeds.
fn attempts() -> u32 {
    let mut attempts = 0;
    let failed: RedisResult<()> = FAILS.run_blocking(|| {
        attempts += 1;
        Err(down())
    });
    assert!(failed.is_err());
    attempts
}

fn retries(retries: u32) -> String {
    format!("# retries\n[functions.\"settings fails\"]\nretries = {retries}\n# end\n")
}

fn wait_for(attempts_made: u32) {
    let begun = Instant::now();
    while attempts() != attempts_made {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{:?}",
            settings::status()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn wait_until_refused(by: &str) {
    let begun = Instant::now();
    while !settings::status()
        .refused
        .is_some_and(|error| error.to_string().contains(by))
    {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{:?}",
            settings::status()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[derive(Default)]
struct Told {
    refused: Mutex<Vec<String>>,
    applied: AtomicU32,
}

impl Told {
    fn refused(&self) -> MutexGuard<'_, Vec<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[test]
fn a_change_is_in_force_however_the_file_is_written() -> Outcome {
    let folder = Folder::new("written")?;
    assert_eq!(attempts(), 2, "as the code says");
    let path = folder.file(&retries(3))?;
    settings::watch(&path)?;
    assert_eq!(attempts(), 4);
    // In place.
    folder.file(&retries(5))?;
    wait_for(6);
    // As editors do: another file, renamed.
    let other = folder.0.join(".resilience.toml.swp");
    fs::write(&other, retries(7))?;
    fs::rename(&other, &path)?;
    wait_for(8);
    // Away, and back.
    fs::rename(&path, &other)?;
    wait_until_refused("cannot be read");
    assert_eq!(attempts(), 8);
    fs::write(&other, retries(0))?;
    fs::rename(&other, &path)?;
    wait_for(1);
    assert_eq!(settings::status().refused, None);
    // Nothing is left of what is not said any more.
    folder.file("# nothing at all\n")?;
    wait_for(2);
    Ok(())
}

#[cfg(unix)]
#[test]
fn the_swap_of_a_config_map_is_seen_which_never_names_the_file() -> Outcome {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("config-map")?;
    let version = |name: &str, retried: u32| -> std::io::Result<()> {
        let of_version = folder.0.join(name);
        fs::create_dir(&of_version)?;
        fs::write(of_version.join("resilience.toml"), retries(retried))?;
        // A link of its own, renamed over the old one: what kubelet does.
        symlink(name, folder.0.join("..data_tmp"))?;
        fs::rename(folder.0.join("..data_tmp"), folder.0.join("..data"))
    };
    version("..2026_01", 2)?;
    let path = folder.0.join("resilience.toml");
    symlink(Path::new("..data/resilience.toml"), &path)?;
    settings::watch(&path)?;
    assert_eq!(attempts(), 3);
    for (name, retried) in [("..2026_02", 4), ("..2026_03", 6)] {
        version(name, retried)?;
        wait_for(retried + 1);
    }
    fs::remove_dir_all(folder.0.join("..2026_01"))?;
    assert_eq!(attempts(), 7);
    Ok(())
}

#[test]
fn a_file_that_is_cut_at_any_byte_changes_nothing_and_is_told_once() -> Outcome {
    let folder = Folder::new("cut")?;
    let told = Arc::new(Told::default());
    let text =
        "[functions.\"settings fails\"]\nretries = 12\ndelay = \"1ms\"\nmax_delay = \"2ms\"\n";
    let path = folder.file(text)?;
    settings::load(&path)?;
    let listens = Arc::clone(&told);
    observe(move |event: &Event<'_>| match event {
        Event::SettingsRefused(event) => listens.refused().push(event.error.to_owned()),
        Event::SettingsApplied(_) => {
            listens.applied.fetch_add(1, Ordering::Relaxed);
        }
        _ => {}
    });
    settings::load(&path)?;
    let before = settings::sources();
    let applied = settings::status().applied;
    for end in 0..text.len() - 1 {
        fs::write(&path, &text[..end])?;
        settings::reload().expect_err("it is cut");
        assert_eq!(settings::sources(), before, "cut at {end}");
    }
    assert_eq!((attempts(), settings::status().applied), (13, applied));
    let refused = || told.refused().len();
    // One of an empty file, one of a cut one: not one for each look.
    assert_eq!(refused(), 2);
    fs::write(&path, text)?;
    settings::reload()?;
    assert!(settings::status().refused.is_none());
    fs::remove_file(&path)?;
    for _ in 0..3 {
        settings::reload().expect_err("it is not there");
    }
    assert_eq!((refused(), attempts()), (3, 13));
    assert!(told.applied.load(Ordering::Relaxed) > 0);
    Ok(())
}

/// Row O20: a file that is missing, empty or cut is no reason to go by defaults.
#[test]
fn a_watched_file_that_is_gone_empty_or_cut_changes_nothing_and_is_told_once() -> Outcome {
    let folder = Folder::new("gone")?;
    let text = retries(8);
    let path = folder.file(&text)?;
    settings::watch(&path)?;
    let told = Arc::new(Told::default());
    let listens = Arc::clone(&told);
    let of_this = path.display().to_string();
    observe(move |event: &Event<'_>| match event {
        Event::SettingsRefused(event) if event.path == of_this => {
            listens.refused().push(event.error.to_owned());
        }
        Event::SettingsApplied(event) if event.path == of_this => {
            listens.applied.fetch_add(1, Ordering::Relaxed);
        }
        _ => {}
    });
    let other = folder.0.join("elsewhere");
    fs::write(&path, "")?;
    wait_until_refused("is empty");
    fs::write(&path, &text[..20])?;
    wait_until_refused("beginning of the file in force");
    fs::rename(&path, &other)?;
    wait_until_refused("cannot be read");
    // Whatever else goes on in the folder.
    for turn in 0..20 {
        fs::write(folder.0.join("neighbour"), turn.to_string())?;
        settings::reload().expect_err("it is not there");
    }
    assert_eq!(attempts(), 9);
    let refused = told.refused().clone();
    // A write is perhaps seen half-way: then the file is empty once more.
    let by = |part: &str| refused.iter().filter(|error| error.contains(part)).count();
    assert_eq!(by("beginning of the file in force"), 1, "{refused:?}");
    assert_eq!(by("cannot be read"), 1, "{refused:?}");
    assert!((1..=2).contains(&by("is empty")), "{refused:?}");
    fs::write(&other, &text)?;
    fs::rename(&other, &path)?;
    let begun = Instant::now();
    while settings::status().refused.is_some() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(attempts(), 9);
    assert_eq!(
        told.applied.load(Ordering::Relaxed),
        0,
        "nothing else was in force"
    );
    Ok(())
}

#[test]
fn a_mistake_says_where_and_changes_nothing_of_what_is_right_beside_it() -> Outcome {
    let folder = Folder::new("mistake")?;
    let path = folder.file(&retries(4))?;
    settings::load(&path)?;
    folder.file("[functions.\"settings fails\"]\nretries = 9\n[functions.b]\ntimout = \"1s\"\n")?;
    let error = settings::reload().expect_err("no such key");
    assert_eq!(error.line(), Some(4));
    let text = error.to_string();
    assert!(
        text.contains("resilience.toml:4:1: ") && text.contains("did you mean `timeout`?"),
        "{text}"
    );
    assert_eq!(attempts(), 5);
    Ok(())
}

#[redis_resilient(breaker = false, retries = 0)]
fn called_by_its_path() -> RedisResult<u32> {
    Err(down())
}

#[test]
fn a_function_that_is_named_without_its_path_is_told_once_it_is_known() -> Outcome {
    let folder = Folder::new("short")?;
    let path = folder.file("[functions.called_by_its_path]\nretries = 2\n")?;
    settings::load(&path)?;
    let warnings = || Registry::global().settings().map(|report| report.warnings);
    assert_eq!(warnings(), Some(Vec::new()), "it may be right");
    called_by_its_path().expect_err("Redis is away");
    let path = concat!(module_path!(), "::called_by_its_path");
    let told = format!("no function `called_by_its_path` is known; did you mean `{path}`?");
    assert_eq!(warnings(), Some(vec![told]));
    Ok(())
}

#[redis_resilient(breaker = false, retries = 0, timeout = "50ms")]
async fn waits() -> RedisResult<u32> {
    tokio::time::sleep(Duration::from_millis(150)).await;
    Ok(1)
}

#[tokio::test]
async fn times_of_an_annotated_function_can_be_said_before_it_is_known() -> Outcome {
    let folder = Folder::new("times")?;
    let name = concat!(module_path!(), "::waits");
    let path = folder.file(&format!("[functions.\"{name}\"]\ntimeout = \"60s\"\n"))?;
    settings::load(&path)?;
    assert!(!settings::sources()[0].known);
    assert_eq!(waits().await?, 1);
    folder.file("# as the attribute says\n")?;
    settings::reload()?;
    assert!(waits().await.is_err());
    folder.file(&format!(
        "# again\n[functions.\"{name}\"]\ntimeout = \"1h\"\nretries = 2\ndeadline = \"40ms\"\n"
    ))?;
    let error = settings::reload().expect_err("shorter than the timeout");
    assert_eq!(error.line(), Some(2));
    // It is known by now, and what is nearly its name is told.
    folder.file(&format!("# typo\n[functions.\"{name}s\"]\nretries = 2\n"))?;
    let loaded = settings::reload()?;
    assert!(
        loaded
            .warnings
            .iter()
            .any(|warning| warning.contains(&format!("did you mean `{name}`?"))),
        "{loaded:?}"
    );
    assert!(matches!(
        &settings::sources()[0].origin,
        Origin::File {
            line: 3,
            column: 11,
            ..
        }
    ));
    Ok(())
}

#[test]
fn what_is_in_force_is_shown_of_a_function() -> Outcome {
    let folder = Folder::new("shown")?;
    let path = folder.file(&retries(6))?;
    settings::load(&path)?;
    assert_eq!(attempts(), 7);
    let functions = Registry::global().functions();
    let shown = functions
        .iter()
        .find(|function| function.name == "settings fails");
    assert_eq!(shown.map(|function| function.policy.retries), Some(6));
    Ok(())
}

#[test]
fn no_call_is_lost_however_often_settings_change() -> Outcome {
    static LOADED: Policy = Policy::new("settings loaded")
        .without_breaker()
        .retries(4)
        .backoff(Backoff::none());
    let reloads = std::env::var("RELOADS")
        .ok()
        .and_then(|reloads| reloads.parse().ok())
        .unwrap_or(10_000);
    let folder = Folder::new("load")?;
    // Either is enough for a call whose third attempt succeeds; the two together, or defaults in between, are not what is said.
    let texts = [2, 3].map(|retries| format!("# {retries}\n[functions.\"settings loaded\"]\nretries = {retries}\nbackoff = \"none\"\n"));
    let path = folder.file(&texts[0])?;
    settings::load(&path)?;
    let over = AtomicBool::new(false);
    let calls = AtomicU32::new(0);
    std::thread::scope(|scope| -> Outcome {
        let callers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let mut attempts = 0;
                        let answer = LOADED.run_blocking(|| {
                            attempts += 1;
                            if attempts < 3 {
                                Err(down())
                            } else {
                                Ok(attempts)
                            }
                        });
                        assert_eq!(answer.ok(), Some(3));
                        // One that never succeeds makes as many as one of the two says.
                        let mut attempts = 0;
                        let failed: RedisResult<u32> = LOADED.run_blocking(|| {
                            attempts += 1;
                            Err(down())
                        });
                        assert!(failed.is_err() && (3..=4).contains(&attempts), "{attempts}");
                        calls.fetch_add(2, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let reloaded = (0..reloads).try_for_each(|turn: usize| -> Outcome {
            let other = folder.0.join("next");
            fs::write(&other, &texts[turn % 2])?;
            fs::rename(&other, &path)?;
            settings::reload()?;
            Ok(())
        });
        over.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.join().map_err(|_| "a call was lost")?;
        }
        reloaded
    })?;
    println!("{reloads} reloads, {} calls", calls.load(Ordering::Relaxed));
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_made_and_one_that_is_there_stays() -> Outcome {
    let folder = Folder::new("made")?;
    let path = folder.0.join("resilience.toml");
    settings::watch_or_create(&path, &retries(2))?;
    assert_eq!((fs::read_to_string(&path)?, attempts()), (retries(2), 3));
    settings::watch_or_create(&path, &retries(4))?;
    assert_eq!((fs::read_to_string(&path)?, attempts()), (retries(2), 3));
    let nowhere = folder.0.join("nowhere/resilience.toml");
    let error = settings::watch_or_create(&nowhere, &retries(4)).expect_err("no folder");
    let error = error.to_string();
    assert!(
        error.contains("nowhere/resilience.toml") && error.contains("cannot be made"),
        "{error}"
    );
    Ok(())
}

/// How many threads of this process look at files of settings.
#[cfg(target_os = "linux")]
fn watchers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("this process");
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
    tasks
        .filter_map(|task| name(task.ok()?))
        .filter(|name| name.starts_with("redis-resilient"))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_looks_at_a_file_that_is_not_watched_any_more() -> Outcome {
    let folder = Folder::new("unwatched")?;
    let path = folder.file(&retries(2))?;
    settings::watch(&path)?;
    settings::unwatch();
    folder.file(&retries(5))?;
    let begun = Instant::now();
    while watchers() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "somebody looks");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(attempts(), 3, "what was in force stays so");
    settings::reload()?;
    assert_eq!(attempts(), 6);
    Ok(())
}
