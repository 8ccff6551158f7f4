//! Instructions per call, counted by valgrind: the same at each run, however busy the machine is.
//!
//! The program runs itself again, under `valgrind --tool=callgrind`, once for a few calls and once for more; what the second
//! takes longer is the calls.

use std::io;
use std::process::Command;

use crate::{Scenario, all};

const FEW: u64 = 1_000;
const MORE: u64 = 5_000;
const CHILD: &str = "--count-instructions-of";

/// To be called first in `main`: where this process is one that is counted, makes its calls and tells so.
#[must_use]
pub fn is_counted() -> bool {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(CHILD) {
        return false;
    }
    let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
    if let (Some(at), Some(calls)) = (number(), number()) {
        let scenario = usize::try_from(at)
            .ok()
            .and_then(|at| all().into_iter().nth(at));
        if let Some(scenario) = scenario {
            (scenario.prepare)();
            (scenario.run)(calls);
        }
    }
    true
}

/// What a call of `scenario` takes.
///
/// # Errors
/// Where valgrind is missing or fails: the text says what to do.
pub fn instructions(scenario: &Scenario) -> Result<f64, String> {
    let at = all()
        .iter()
        .position(|other| other.group == scenario.group && other.name == scenario.name)
        .ok_or("not in the catalogue")?;
    let (few, more) = (collected(at, FEW)?, collected(at, MORE)?);
    Ok((more - few) / f64::from(u32::try_from(MORE - FEW).unwrap_or(u32::MAX)))
}

fn collected(at: usize, calls: u64) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([CHILD, &at.to_string(), &calls.to_string()])
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                "valgrind is not installed: `apt-get install valgrind`, or your system's equivalent"
                    .to_owned()
            }
            _ => format!("valgrind does not start: {error}"),
        })?;
    let log = String::from_utf8_lossy(&output.stderr);
    log.lines()
        .filter_map(|line| line.split_once("Collected :"))
        .find_map(|(_, count)| count.trim().parse().ok())
        .ok_or_else(|| format!("valgrind did not count:\n{log}"))
}
