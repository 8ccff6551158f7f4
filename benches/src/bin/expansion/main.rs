//! What the attribute costs the compiler and the program: text per function, `cargo check` per function, sizes of futures. Prints one table.
//!
//! Two packages are written below the target directory, of the same functions, with the attribute and without it. `-- async` takes only
//! those whose name begins like that.

mod kinds;
mod measure;
mod package;

use kinds::{KINDS, Kind};
use measure::{check_seconds, future_sizes, text_size};
use package::Package;
use std::process::ExitCode;

/// What is spent once, on the runtime, is in both. So is what is there once in each of the compiler's sixteen units of code, such as what drops a
/// value of redis-rs: with sixty functions only some of them have it.
const FEW: usize = 180;
const MANY: usize = 300;
const CHECKS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let kinds: Vec<Kind> = KINDS
        .into_iter()
        .filter(|kind| kind.name.starts_with(&wanted))
        .collect();
    if kinds.is_empty() {
        return Err(format!("no kind of function begins with `{wanted}`").into());
    }
    let plain = Package::new("plain", false)?;
    let resilient = Package::new("resilient", true)?;
    let mut text = [0.0; 2];
    let mut check = [0.0; 2];
    for (package, (text, check)) in [&plain, &resilient]
        .into_iter()
        .zip(text.iter_mut().zip(&mut check))
    {
        package.write(&kinds, FEW)?;
        let few = text_size(package)?;
        package.write(&kinds, MANY)?;
        *text = (text_size(package)? - few) / count(MANY - FEW);
        *check = check_seconds(package, CHECKS)? * 1000.0 / count(MANY);
    }
    println!(
        "| per function, of {MANY} | plain | `#[redis_resilient]` | over the plain one | aim |"
    );
    println!("|---|---:|---:|---:|---:|");
    let [plain_text, resilient_text] = text;
    println!(
        "| release text, bytes | {plain_text:.0} | {resilient_text:.0} | {:+.0} | +1024 |",
        resilient_text - plain_text
    );
    let [plain_check, resilient_check] = check;
    println!(
        "| `cargo check`, ms of processor time | {plain_check:.2} | {resilient_check:.2} | {:+.2} | +3 |",
        resilient_check - plain_check
    );
    let sizes = future_sizes(&plain)?
        .into_iter()
        .zip(future_sizes(&resilient)?);
    for ((name, plain), (_, resilient)) in sizes {
        let ratio = resilient / plain;
        println!("| future of {name}, bytes | {plain} | {resilient} | × {ratio:.2} | × 1.6 |");
    }
    Ok(())
}

fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
