//! Fetches the distribution's own server package, without root, on Debian and Ubuntu.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use rustix::fs::{FlockOperation, flock};

/// Unpacks the server package into `dir`, unless it `is_complete` by the time it is our turn.
///
/// Any number of threads and processes may call this at once: one fetches, the others wait.
pub(crate) fn into_dir(dir: &Path, is_complete: impl Fn(&Path) -> bool) -> Result<(), String> {
    let parent = dir.parent().ok_or("there is no directory to fetch into")?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let lock = File::create(parent.join(format!("{name}.lock")))
        .map_err(|error| format!("cannot write to {}: {error}", parent.display()))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
    if is_complete(dir) {
        return Ok(());
    }
    // Not `eprintln`, which the test harness keeps to itself.
    let _ = writeln!(
        io::stderr(),
        "redis-resilient-testkit: no redis-server on this machine, fetching the distribution's \
         package into {}",
        dir.display()
    );
    let staging = Staging::new(parent.join(format!("{name}.{}", process::id())))?;
    let root = staging.unpack()?;
    let describe = |error: io::Error| format!("cannot create {}: {error}", dir.display());
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(describe)?;
    }
    // Whoever looks without the lock sees all of it or nothing.
    fs::rename(root, dir).map_err(describe)
}

/// Where packages are fetched and unpacked; removed when dropped.
struct Staging {
    dir: PathBuf,
}

impl Staging {
    fn new(dir: PathBuf) -> Result<Self, String> {
        // What an earlier process with our number left behind is of no use.
        let _ = fs::remove_dir_all(&dir);
        for sub in ["lists/partial", "cache/archives/partial", "root"] {
            fs::create_dir_all(dir.join(sub))
                .map_err(|error| format!("cannot create {}: {error}", dir.display()))?;
        }
        Ok(Self { dir })
    }

    /// Fetches and unpacks the server and the libraries it needs; returns where they are.
    fn unpack(&self) -> Result<PathBuf, String> {
        self.apt_get(&["update"])?;
        self.apt_get(&["download", "redis-server", "redis-tools"])?;
        let mut libraries = Vec::new();
        for package in self.packages()? {
            let depends = self.run(
                Command::new("dpkg-deb")
                    .arg("--field")
                    .arg(&package)
                    .arg("Depends"),
            )?;
            libraries.extend(missing_libraries(&depends));
        }
        libraries.sort_unstable();
        libraries.dedup();
        if !libraries.is_empty() {
            let mut args = vec!["download"];
            args.extend(libraries.iter().map(String::as_str));
            self.apt_get(&args)?;
        }
        let root = self.dir.join("root");
        for package in self.packages()? {
            self.run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&root))?;
        }
        Ok(root)
    }

    fn packages(&self) -> Result<Vec<PathBuf>, String> {
        let entries = fs::read_dir(&self.dir).map_err(|error| error.to_string())?;
        Ok(entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ext| ext == "deb"))
            .collect())
    }

    /// Runs apt-get on lists and caches of our own, which needs no root.
    fn apt_get(&self, args: &[&str]) -> Result<String, String> {
        let option = |name: &str, sub: &str| format!("{name}={}", self.dir.join(sub).display());
        self.run(
            Command::new("apt-get")
                .arg("-qq")
                .args(["-o", &option("Dir::State::Lists", "lists")])
                .args(["-o", &option("Dir::Cache", "cache")])
                // As root, apt would drop to a user that may not write here.
                .args(["-o", "APT::Sandbox::User="])
                .args(["-o", "Acquire::Retries=2"])
                .args(["-o", "Acquire::http::Timeout=20"])
                .args(["-o", "APT::Update::Error-Mode=any"])
                .args(args),
        )
    }

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
        let said = said
            .lines()
            .rfind(|line| line.starts_with("E:"))
            .or(said.lines().last());
        Err(format!("{program}: {}", said.unwrap_or("failed").trim()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The library packages among the `Depends` field's that are not installed.
fn missing_libraries(depends: &str) -> Vec<String> {
    depends
        .split(',')
        .filter_map(|dependency| dependency.split('|').next()?.split_whitespace().next())
        .map(|name| name.split(':').next().unwrap_or(name).to_owned())
        .filter(|name| name.starts_with("lib") || name.starts_with("lua-"))
        .filter(|name| !is_installed(name))
        .collect()
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_the_libraries_that_are_missing() {
        let depends = "libc6 (>= 2.34), libno-such-thing1 (>= 2.1.1) | libother2, adduser, \
                       lua-no-such:any, libno-such-thing2\n";
        let mut expected = vec!["libno-such-thing1", "lua-no-such", "libno-such-thing2"];
        if !is_installed("libc6") {
            expected.insert(0, "libc6");
        }
        assert_eq!(missing_libraries(depends), expected);
    }

    #[test]
    fn what_is_complete_is_not_fetched_again() {
        let temp = crate::temp_dir::TempDir::new().unwrap();
        into_dir(&temp.path().join("redis"), |_| true).unwrap();
        assert!(!temp.path().join("redis").exists());
    }

    #[test]
    fn a_failing_program_is_named_with_its_last_word() {
        let temp = crate::temp_dir::TempDir::new().unwrap();
        let staging = Staging::new(temp.path().join("staging")).unwrap();
        let error = staging
            .run(Command::new("sh").args(["-c", "echo E: no such package >&2; exit 1"]))
            .unwrap_err();
        assert_eq!(error, "sh: E: no such package");
    }
}
