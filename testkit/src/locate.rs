//! Finds a server program on this machine.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{StartError, fetch};

/// A server program and what is needed to run it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
    library_path: Option<OsString>,
    major_version: u32,
}

impl Program {
    /// The command that starts the program.
    pub(crate) fn command(&self) -> Command {
        command(&self.path, self.library_path.as_ref())
    }

    /// Whether the server knows the option `enable-debug-command`, new in Redis 7.
    pub(crate) fn knows_enable_debug_command(&self) -> bool {
        self.major_version >= 7
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn probe(path: PathBuf, library_path: Option<OsString>) -> Result<Self, StartError> {
        let not_runnable = |reason: String| StartError::NotRunnable {
            program: path.clone(),
            reason,
        };
        let output = command(&path, library_path.as_ref())
            .arg("--version")
            .output()
            .map_err(|error| not_runnable(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(not_runnable(format!("`--version` failed: {said}")));
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let major_version = major_version(&said)
            .ok_or_else(|| not_runnable(format!("`--version` says {:?}", said.trim())))?;
        Ok(Self {
            path,
            library_path,
            major_version,
        })
    }
}

fn command(path: &Path, library_path: Option<&OsString>) -> Command {
    let mut command = Command::new(path);
    if let Some(library_path) = library_path {
        command.env("LD_LIBRARY_PATH", library_path);
    }
    command
}

/// Reads `Redis server v=7.0.15 sha=…` and the like.
fn major_version(said: &str) -> Option<u32> {
    let (_, version) = said.split_once("v=")?;
    version.split('.').next()?.parse().ok()
}

/// The server program to use, fetched if this machine has none.
pub(crate) fn program() -> Result<Program, StartError> {
    static FOUND: OnceLock<Program> = OnceLock::new();
    if let Some(program) = FOUND.get() {
        return Ok(program.clone());
    }
    let program = match installed()? {
        Some(program) => program,
        None => fetched()?,
    };
    Ok(FOUND.get_or_init(|| program).clone())
}

/// The server program this machine has, if any; fetches nothing.
///
/// A `REDIS_SERVER_BIN` that does not run is an error and not passed over: whoever set it wants
/// that very server.
pub(crate) fn installed() -> Result<Option<Program>, StartError> {
    if let Some(path) = env::var_os("REDIS_SERVER_BIN").filter(|path| !path.is_empty()) {
        return Program::probe(path.into(), None).map(Some);
    }
    for name in ["redis-server", "valkey-server"] {
        if let Some(path) = on_search_path(name)
            && let Ok(program) = Program::probe(path, None)
        {
            return Ok(Some(program));
        }
    }
    Ok(target_dir().and_then(|target| unpacked_in(&target.join("redis"))))
}

fn fetched() -> Result<Program, StartError> {
    // Once is enough also where it fails: each try may take as long as the network's timeouts.
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let not_installed = |reason: String| StartError::NotInstalled { reason };
    let target =
        target_dir().ok_or_else(|| not_installed("there is no cargo target directory".into()))?;
    let into = target.join("redis");
    DONE.get_or_init(|| fetch::into_dir(&into, |dir| unpacked_in(dir).is_some()))
        .clone()
        .map_err(not_installed)?;
    unpacked_in(&into).ok_or_else(|| not_installed("the fetched server does not run".into()))
}

/// The program in a directory filled by [`fetch::into_dir`].
fn unpacked_in(dir: &Path) -> Option<Program> {
    let path = dir.join("usr/bin/redis-server");
    if !path.exists() {
        return None;
    }
    let libraries = env::join_paths(library_dirs(dir)).ok()?;
    Program::probe(path, Some(libraries)).ok()
}

/// The directories below `dir` where a Debian package puts its shared libraries.
fn library_dirs(dir: &Path) -> Vec<PathBuf> {
    ["lib", "usr/lib"]
        .iter()
        .filter_map(|lib| fs::read_dir(dir.join(lib)).ok())
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn on_search_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

/// The target directory of the cargo build that this process belongs to.
fn target_dir() -> Option<PathBuf> {
    if let Some(dir) = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
        return Some(dir.into());
    }
    let holds_tag = |dir: &&Path| dir.join("CACHEDIR.TAG").is_file();
    if let Ok(program) = env::current_exe()
        && let Some(dir) = program.ancestors().skip(1).find(holds_tag)
    {
        return Some(dir.to_owned());
    }
    [
        env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        env::current_dir().ok(),
    ]
    .into_iter()
    .flatten()
    .find_map(|start| {
        start
            .ancestors()
            .map(|dir| dir.join("target"))
            .find(|target| target.is_dir())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_both_servers() {
        let redis = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1";
        let valkey = "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1";
        assert_eq!(major_version(redis), Some(7));
        assert_eq!(major_version(valkey), Some(8));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn finds_the_target_directory_of_this_test() {
        let target = target_dir().unwrap();
        assert!(env::current_exe().unwrap().starts_with(target));
    }

    #[test]
    fn a_program_that_is_not_a_server_is_not_runnable() {
        let error = Program::probe("/bin/true".into(), None).unwrap_err();
        assert!(matches!(error, StartError::NotRunnable { .. }), "{error}");
        assert!(error.to_string().contains("/bin/true"), "{error}");
    }
}
