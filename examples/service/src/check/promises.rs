//! What was promised, and whether it held.

use std::process::ExitCode;

#[derive(Debug, Default)]
pub(super) struct Promises {
    held: usize,
    broken: Vec<String>,
}

impl Promises {
    pub(super) fn held(&mut self, held: bool, what: impl Into<String>) {
        let what = what.into();
        println!("  {}  {what}", if held { "ok    " } else { "BROKEN" });
        if held {
            self.held += 1;
        } else {
            self.broken.push(what);
        }
    }

    pub(super) fn verdict(&self) -> ExitCode {
        println!(
            "{} promises held, {} did not.",
            self.held,
            self.broken.len()
        );
        for broken in &self.broken {
            println!("  BROKEN  {broken}");
        }
        if self.broken.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
