//! Smaller runs of the program, which judges itself.

use std::process::Command;

fn run(caller: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_lost_replies"))
        .args(["--commands", "2500", "--by", caller])
        .output()
        .expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
}

#[test]
fn over_a_connection_nothing_is_executed_twice_and_nobody_is_told_that_somebody_else_was_first() {
    run("connection");
}

#[test]
fn the_same_holds_in_synchronous_code() {
    run("blocking");
}

#[test]
fn over_a_connection_that_knows_nothing_of_commands_it_holds_for_what_the_body_shows() {
    run("manager");
}
