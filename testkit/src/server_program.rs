//! A server program and what it is.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::StartError;

/// Who makes a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Product {
    /// Redis.
    Redis,
    /// Valkey.
    Valkey,
    /// Redict.
    Redict,
    /// Another server whose `--version` reads like theirs.
    Other,
}

/// A server program on this machine, as from [`servers`](crate::servers).
///
/// It is shown by its name and version, as in `Valkey 9.1.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerProgram {
    path: PathBuf,
    library_path: Option<OsString>,
    name: String,
    version: (u32, u32, u32),
}

impl ServerProgram {
    /// The program at that path.
    ///
    /// # Errors
    ///
    /// [`StartError::NotRunnable`] where it does not run, or is no such server.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, StartError> {
        Self::probe(path.into(), None)
    }

    /// The program at that path, which finds its libraries in directories of its own.
    pub(crate) fn probe(path: PathBuf, library_path: Option<OsString>) -> Result<Self, StartError> {
        let not_runnable = |reason: String| StartError::NotRunnable {
            program: path.clone(),
            reason,
        };
        let output = command(&path, library_path.as_deref())
            .arg("--version")
            .output()
            .map_err(|error| not_runnable(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(not_runnable(format!("`--version` failed: {said}")));
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (name, version) = read_version(&said)
            .ok_or_else(|| not_runnable(format!("`--version` says {:?}", said.trim())))?;
        Ok(Self {
            path,
            library_path,
            name,
            version,
        })
    }

    /// Who makes it.
    pub fn product(&self) -> Product {
        match self.name.as_str() {
            "Redis" => Product::Redis,
            "Valkey" => Product::Valkey,
            "Redict" => Product::Redict,
            _ => Product::Other,
        }
    }

    /// Its version, as in `(7, 0, 15)`.
    pub fn version(&self) -> (u32, u32, u32) {
        self.version
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The `LD_LIBRARY_PATH` it needs, if any.
    pub fn library_path(&self) -> Option<&OsStr> {
        self.library_path.as_deref()
    }

    /// The command that starts the program.
    pub(crate) fn command(&self) -> Command {
        command(&self.path, self.library_path())
    }

    /// Whether the server knows the option `enable-debug-command`, new in Redis 7.
    pub(crate) fn knows_enable_debug_command(&self) -> bool {
        self.version >= (7, 0, 0)
    }

    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version
    }
}

impl fmt::Display for ServerProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.version;
        f.pad(&format!("{} {major}.{minor}.{patch}", self.name))
    }
}

fn command(path: &Path, library_path: Option<&OsStr>) -> Command {
    let mut command = Command::new(path);
    if let Some(library_path) = library_path {
        command.env("LD_LIBRARY_PATH", library_path);
    }
    command
}

/// Reads `Redis server v=7.0.15 sha=…` and the like.
fn read_version(said: &str) -> Option<(String, (u32, u32, u32))> {
    let (before, after) = said.split_once("v=")?;
    let name = before.split_whitespace().next()?.to_owned();
    let mut numbers = after.split_whitespace().next()?.split('.');
    let major = numbers.next()?.parse().ok()?;
    // A release candidate may have other things than numbers behind.
    let mut number = || numbers.next().and_then(|word| word.parse().ok());
    let minor = number().unwrap_or(0);
    Some((name, (major, minor, number().unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_line_of_each_product() {
        let redis = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1";
        let valkey = "Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=1";
        let redict = "Redict server v=7.3.6 sha=00000000:1 malloc=jemalloc-5.3.0 bits=64 build=1";
        assert_eq!(read_version(redis), Some(("Redis".into(), (7, 0, 15))));
        assert_eq!(read_version(valkey), Some(("Valkey".into(), (9, 1, 2))));
        assert_eq!(read_version(redict), Some(("Redict".into(), (7, 3, 6))));
        let candidate = read_version("Valkey server v=9.2.0-rc1 sha=0");
        assert_eq!(candidate, Some(("Valkey".into(), (9, 2, 0))));
        assert_eq!(read_version("something else"), None);
    }

    #[test]
    fn a_program_that_is_not_a_server_is_not_runnable() {
        let error = ServerProgram::at("/bin/true").unwrap_err();
        assert!(matches!(error, StartError::NotRunnable { .. }), "{error}");
        assert!(error.to_string().contains("/bin/true"), "{error}");
    }
}
