//! Compiles a package, and looks at what came of it and what it took.

use crate::Result;
use crate::package::Package;
use std::fs;
use std::process::Command;
use std::time::Instant;

fn cargo(package: &Package, arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--quiet", "--target-dir"])
        .arg(&package.target)
        .current_dir(&package.directory)
        .output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo {arguments:?} in {}:\n{text}", package.name).into());
    }
    Ok(())
}

/// Bytes of code in the optimised program.
pub(crate) fn text_size(package: &Package) -> Result<f64> {
    cargo(package, &["build", "--release"])?;
    let program = package.target.join("release").join(package.name);
    let output = Command::new("size")
        .args(["-A", "-d"])
        .arg(program)
        .output()
        .map_err(|error| format!("`size` (of binutils): {error}"))?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find(|line| line.starts_with(".text"));
    let bytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(bytes.ok_or("no .text")?.parse()?)
}

/// The median of so many runs in which nothing but the package itself is checked.
pub(crate) fn check_seconds(package: &Package, runs: usize) -> Result<f64> {
    cargo(package, &["check"])?;
    let main = package.directory.join("src/main.rs");
    let text = fs::read_to_string(&main)?;
    let mut seconds = Vec::new();
    for run in 0..runs {
        fs::write(&main, format!("{text}\n// {run}\n"))?;
        let before = spent();
        cargo(package, &["check"])?;
        seconds.push(spent() - before);
    }
    seconds.sort_by(f64::total_cmp);
    seconds
        .get(runs / 2)
        .copied()
        .ok_or_else(|| "no runs".into())
}

/// Name and size of the future of each async kind.
pub(crate) fn future_sizes(package: &Package) -> Result<Vec<(String, f64)>> {
    let output = Command::new(package.target.join("release").join(package.name)).output()?;
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, size)| Ok((name.to_owned(), size.parse()?)))
        .collect()
}

/// Seconds of processor time of the programs that were run, which others on the machine do not add to; where that is not told, seconds by the
/// clock.
fn spent() -> f64 {
    /// Ticks in a second, on every Linux there is.
    const TICKS: f64 = 100.0;
    thread_local!(static START: Instant = Instant::now());
    let of_children = || {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // Behind the program's name, which may hold anything, the third field is next.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(13);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        Some((user + system) / TICKS)
    };
    of_children().unwrap_or_else(|| START.with(|start| start.elapsed().as_secs_f64()))
}
