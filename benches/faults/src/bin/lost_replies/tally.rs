//! What came of the calls.

pub(crate) const HEAD: &str = "\
| server | by | commands | replies lost | repeated, rightly | given back, executed once | given back, not executed | executed twice | wrong answers |
|---|---|---|---|---|---|---|---|---|";

/// As many as are printed.
const SHOWN: usize = 20;

/// In characters, of what is printed of one: a server may hold much.
const LONGEST: usize = 400;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) commands: u64,
    /// Calls that lost a reply.
    pub(crate) lost: u64,
    /// Of those, the ones that were told what the first execution said, and left what it left.
    pub(crate) repeated: u64,
    /// Of those, the ones that failed.
    pub(crate) given_back: u64,
    pub(crate) never_executed: u64,
    pub(crate) twice: u64,
    pub(crate) wrong: u64,
    pub(crate) faults: Vec<String>,
}

impl Tally {
    pub(crate) fn twice(&mut self, fault: &str) {
        self.twice += 1;
        self.fault(fault);
    }

    pub(crate) fn wrong(&mut self, fault: &str) {
        self.wrong += 1;
        self.fault(fault);
    }

    fn fault(&mut self, fault: &str) {
        if self.faults.len() < SHOWN {
            self.faults.push(fault.chars().take(LONGEST).collect());
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        self.twice == 0 && self.wrong == 0
    }

    pub(crate) fn row(&self, server: &str, caller: &str) -> String {
        let share = |part: u64| match part.saturating_mul(1000).checked_div(self.lost) {
            Some(mills) => format!("{part} ({}.{} %)", mills / 10, mills % 10),
            None => part.to_string(),
        };
        format!(
            "| {server} | {caller} | {} | {} | {} | {} | {} | {} | {} |",
            self.commands,
            self.lost,
            share(self.repeated),
            share(self.given_back),
            share(self.never_executed),
            self.twice,
            self.wrong
        )
    }
}
