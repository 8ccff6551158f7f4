//! The settings in force, and how they are replaced: all of them, or none.

use std::fs;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis_resilient_runtime::__seam::chaos::{self, OfSettings};
use redis_resilient_runtime::__seam::{emit, overrides};
use redis_resilient_runtime::Registry;
use redis_resilient_runtime::event::{Event, SettingUnused, SettingsApplied, SettingsRefused};

use crate::error::SettingsError;
use crate::known::Known;
use crate::{environment, file, watcher};

/// More is no file of settings.
const MAX_BYTES: u64 = 1 << 20;

/// What was put in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// How many values, of file and environment.
    pub values: usize,
    /// What is no mistake, but may not be meant: variables that nothing uses, names that nothing has but that are similar to one, numbers of a rule
    /// that the breaker does not open by, faults that are not let in.
    pub warnings: Vec<String>,
}

/// How it stands with the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The file; `None`: there has been none.
    pub path: Option<PathBuf>,
    /// How often settings were put in force that were others than before.
    pub applied: u64,
    /// Why the file as it is now is not in force; `None`: it is.
    pub refused: Option<SettingsError>,
}

#[derive(Debug, Default)]
pub(crate) struct InForce {
    pub(crate) status: Status,
    text: String,
    pub(crate) contents: file::Contents,
    pub(crate) variables: environment::Variables,
    /// What was told of those in force.
    pub(crate) warnings: Vec<String>,
    /// Of which file somebody watches changes.
    watch: u64,
    news: Vec<News>,
}

/// What observers are to be told.
#[derive(Debug)]
enum News {
    Applied { values: u64, path: String },
    Refused { path: String, error: String },
    Unused(String),
    Chaos { turn: u64, wanted: Vec<OfSettings> },
}

static IN_FORCE: Mutex<Option<InForce>> = Mutex::new(None);

/// Tells those who read the registry.
pub(crate) struct Reporter;

/// Puts the settings of this file and of the environment in force, and watches the file from now on, until [`unwatch`] or the end of the process.
///
/// A call with another file replaces the one before. Observers are told of each change.
///
/// # Errors
/// If the file cannot be read, is empty or has a mistake, or a variable has one. Nothing changes then, and nothing is watched.
pub fn watch(path: impl AsRef<Path>) -> Result<Loaded, SettingsError> {
    let path = &absolute(path.as_ref());
    // Before it is read: a change from here on is not missed.
    let events = watcher::events_of(path);
    let (mut loaded, watch) = with(|in_force| {
        let loaded = replace(in_force, path, true)?;
        in_force.watch += 1;
        Ok((loaded, in_force.watch))
    })?;
    if let Err(problem) = &events {
        loaded.warnings.push(format!(
            "{}: changes are seen within {:?} only: {problem}",
            path.display(),
            watcher::LOOKS_EVERY
        ));
    }
    // What somebody else's connector does when it is asked for its name is no reason to look no more.
    let looks = move || {
        let looked = catch_unwind(AssertUnwindSafe(|| look_again(watch)));
        looked.unwrap_or(true)
    };
    watcher::start(events.ok(), looks).map_err(|error| {
        SettingsError::in_file(path, None, format!("cannot be watched: {error}"))
    })?;
    Ok(loaded)
}

/// As [`watch`]; a file that is not there is made first, with this text. One that is there stays as it is.
///
/// ```no_run
/// use redis_resilient::settings;
///
/// // What the program was built with, for whoever wants to change it while it runs.
/// settings::watch_or_create("/var/lib/shop/resilience.toml", "[functions.\"coupons::redeem\"]\nretries = 2\n")?;
/// # Ok::<(), settings::SettingsError>(())
/// ```
///
/// # Errors
/// Those of [`watch`], and if the file cannot be made. It is made before its text is looked at.
pub fn watch_or_create(path: impl AsRef<Path>, text: &str) -> Result<Loaded, SettingsError> {
    let path = path.as_ref();
    let created = fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match created {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let problem = format!("is not there and cannot be made: {}", error.kind());
            Err(SettingsError::in_file(&absolute(path), None, problem))
        }
        _ => watch(path),
    }
}

/// Looks at the file no more: what is in force stays so. [`reload`] looks at it all the same; [`watch`] begins anew.
pub fn unwatch() {
    with(|in_force| in_force.watch += 1);
}

/// As [`watch`], without watching the file: for what is read once, or again by [`reload`].
///
/// # Errors
/// Those of [`watch`].
pub fn load(path: impl AsRef<Path>) -> Result<Loaded, SettingsError> {
    with(|in_force| {
        let loaded = replace(in_force, &absolute(path.as_ref()), true)?;
        in_force.watch += 1;
        Ok(loaded)
    })
}

/// Looks at file and environment now, as is done when the file changes: for a signal, or a button.
///
/// # Errors
/// Those of [`watch`], and where the file is the beginning of the one in force; or if there has been no file. Nothing changes then.
pub fn reload() -> Result<Loaded, SettingsError> {
    with(|in_force| {
        if in_force.status.path.is_some() {
            return look(in_force);
        }
        let problem = "there is no file yet: call `watch` or `load` first";
        Err(SettingsError::in_file(
            Path::new("settings"),
            None,
            problem.to_owned(),
        ))
    })
}

/// The file may have changed. `false`: nobody is to look any more.
fn look_again(watch: u64) -> bool {
    with(|in_force| {
        let goes_on = in_force.watch == watch;
        if goes_on {
            // It is told where it is found.
            let _ = look(in_force);
        }
        goes_on
    })
}

/// How it stands with the file.
#[must_use]
pub fn status() -> Status {
    lock()
        .as_ref()
        .map(|all| all.status.clone())
        .unwrap_or_default()
}

/// Observers are told when the lock is free again: they may ask what is in force.
fn with<T>(work: impl FnOnce(&mut InForce) -> T) -> T {
    let mut guard = lock();
    let in_force = guard.get_or_insert_default();
    let done = work(in_force);
    let news = std::mem::take(&mut in_force.news);
    drop(guard);
    for news in news {
        match news {
            News::Applied { values, path } => {
                emit(&Event::SettingsApplied(SettingsApplied::new(values, &path)));
            }
            News::Refused { path, error } => {
                emit(&Event::SettingsRefused(SettingsRefused::new(&path, &error)));
            }
            News::Chaos { turn, wanted } => chaos::settings_want(turn, wanted),
            News::Unused(warning) => emit(&Event::SettingUnused(SettingUnused::new(&warning))),
        }
    }
    done
}

/// So that it is the same file wherever the process goes.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

pub(crate) fn lock() -> MutexGuard<'static, Option<InForce>> {
    IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(in_force: &mut InForce) -> Result<Loaded, SettingsError> {
    let path = in_force.status.path.clone().unwrap_or_default();
    let looked = replace(in_force, &path, false);
    match &looked {
        Ok(_) => in_force.status.refused = None,
        Err(error) => {
            // Once, however often it is looked at.
            if in_force.status.refused.as_ref() != Some(error) {
                in_force.news.push(News::Refused {
                    path: path.display().to_string(),
                    error: error.to_string(),
                });
            }
            in_force.status.refused = Some(error.clone());
        }
    }
    looked
}

/// All that can go wrong comes first.
fn replace(in_force: &mut InForce, path: &Path, is_first: bool) -> Result<Loaded, SettingsError> {
    let text = read(path)?;
    let is_cut = !is_first
        && in_force.text.starts_with(&text)
        && in_force.text.trim_end().len() > text.trim_end().len();
    if is_cut {
        let problem = "it is the beginning of the file in force, and may be cut: to remove the last lines, leave a comment in their place";
        return Err(SettingsError::in_file(path, None, problem.to_owned()));
    }
    let contents = file::parse(path, &text)?;
    let variables = environment::parse(std::env::vars_os())?;
    let warnings = Known::now().warnings(&contents, &variables);
    let values = contents.values.len() + variables.values.len();
    let is_other = is_first
        || contents.said != in_force.contents.said
        || variables.said != in_force.variables.said;
    if is_other {
        overrides::replace(contents.said.parts.clone(), variables.said.parts.clone());
        in_force.status.applied += 1;
        let turn = in_force.status.applied;
        let wanted = contents.said.chaos.clone();
        in_force.news.push(News::Chaos { turn, wanted });
    }
    in_force.status.path = Some(path.to_owned());
    in_force.status.refused = None;
    (in_force.text, in_force.contents, in_force.variables) = (text, contents, variables);
    if is_other {
        let path = path.display().to_string();
        let values = u64::try_from(values).unwrap_or(u64::MAX);
        in_force.news.push(News::Applied { values, path });
    }
    let new = warnings
        .iter()
        .filter(|warning| !in_force.warnings.contains(warning));
    let new: Vec<_> = new.cloned().map(News::Unused).collect();
    in_force.news.extend(new);
    in_force.warnings.clone_from(&warnings);
    Registry::global().register_settings(&Reporter);
    Ok(Loaded { values, warnings })
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let fails = |problem: String| SettingsError::in_file(path, None, problem);
    let unread = |error: io::Error| fails(format!("cannot be read: {}", error.kind()));
    let length = fs::metadata(path).map_err(unread)?.len();
    if length > MAX_BYTES {
        return Err(fails(format!(
            "has {length} bytes, and may have {MAX_BYTES}"
        )));
    }
    let bytes = fs::read(path).map_err(unread)?;
    let text = String::from_utf8(bytes).map_err(|_| fails("is not UTF-8".to_owned()))?;
    let text = text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text);
    if text.trim().is_empty() {
        let problem = "is empty: for no settings at all, leave a comment in it";
        return Err(fails(problem.to_owned()));
    }
    Ok(text)
}
