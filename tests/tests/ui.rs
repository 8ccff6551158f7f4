//! What the attribute says to code that it cannot work with, and what it lets through without a word.
//!
//! Much of a message is the compiler's own, which changes from one release to the next: the expected texts are those of one release, and
//! only that one is held to them. `TRYBUILD=overwrite cargo test --test ui` writes them anew.

use std::process::Command;

/// The release that the files in `ui/fail` are from.
const TEXTS_ARE_FROM: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler = compiler.map_or_else(
        |error| format!("an unknown compiler ({error})"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    if compiler.starts_with(TEXTS_ARE_FROM) {
        cases.compile_fail("ui/fail/*.rs");
    } else {
        eprintln!("ui/fail is left out: its texts are from {TEXTS_ARE_FROM}x, this is {compiler}");
    }
}
