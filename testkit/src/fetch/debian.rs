//! The distribution's own packages, on Debian and Ubuntu.

use std::{fs, path::PathBuf, process::Command};

use super::Staging;

/// Fetches and unpacks packages and the libraries they need.
pub(super) fn unpack(staging: &Staging, packages: &[&str]) -> Result<(), String> {
    staging.create("lists/partial")?;
    staging.create("cache/archives/partial")?;
    apt_get(staging, &["update"])?;
    apt_get(staging, &[&["download"], packages].concat())?;
    let mut libraries = Vec::new();
    for package in files(staging)? {
        let depends = staging.run(
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
        apt_get(staging, &args)?;
    }
    for package in files(staging)? {
        let mut unpack = Command::new("dpkg-deb");
        staging.run(unpack.arg("-x").arg(package).arg(staging.root()))?;
    }
    Ok(())
}

fn files(staging: &Staging) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(&staging.dir).map_err(|error| error.to_string())?;
    Ok(entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "deb"))
        .collect())
}

/// Runs apt-get on lists and caches of our own, which needs no root.
fn apt_get(staging: &Staging, args: &[&str]) -> Result<String, String> {
    let option = |name: &str, sub: &str| format!("{name}={}", staging.dir.join(sub).display());
    staging.run(
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

/// The library packages among the `Depends` field's that are not installed.
fn missing_libraries(depends: &str) -> Vec<String> {
    depends
        .split(',')
        .filter_map(|dependency| dependency.split('|').next()?.split_whitespace().next())
        .map(|name| name.split(':').next().unwrap_or(name).to_owned())
        .filter(|name| name.starts_with("lib") || name.starts_with("lua-"))
        // Of pages for browsers.
        .filter(|name| !name.starts_with("libjs-"))
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
                       lua-no-such:any, libjs-no-such, libno-such-thing2\n";
        let mut expected = vec!["libno-such-thing1", "lua-no-such", "libno-such-thing2"];
        if !is_installed("libc6") {
            expected.insert(0, "libc6");
        }
        assert_eq!(missing_libraries(depends), expected);
    }
}
