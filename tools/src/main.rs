//! `cargo redis-resilient`: what helps those who use and operate redis-resilient, on the command line.
//!
//! `top URL` shows the console of a running service in a terminal, for those who are on ssh.

mod ask;
mod line;
mod order;
mod sample;
mod screen;
mod table;
mod target;
mod top;
mod units;

use std::process::ExitCode;

use crate::order::{HELP, Order};

fn main() -> ExitCode {
    let order = match Order::read(std::env::args_os().skip(1)) {
        Ok(order) => order,
        Err(mistake) => {
            eprintln!("error: {mistake}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let done = match order {
        Order::Help => {
            print!("{HELP}");
            Ok(())
        }
        Order::Version => {
            println!("cargo-redis-resilient {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Order::Top { url, once } => screen::top(&url, once),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
