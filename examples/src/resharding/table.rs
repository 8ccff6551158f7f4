//! The printed table.

use std::fmt::Write as _;

use super::journal::{BACK, Journal, Page};
use crate::stats::readable;

const HEADER: &str = "move                            moves    calls  failed   longest  past 5 s      back  doubled  lost";

pub(super) fn of(journal: &Journal) -> String {
    let pages = journal.read();
    let mut text = format!(
        "\nWhat callers have noticed. Back: the longest time after a move until everybody had been served; at most {} s. Of \
         planned moves nothing may fail or be lost.\n\n{HEADER}\n",
        BACK.as_secs()
    );
    for page in &pages {
        let _ = writeln!(text, "{}", row(page));
    }
    for page in &pages {
        for note in &page.notes {
            let _ = writeln!(text, "  {}: {note}", page.kind);
        }
    }
    text
}

fn row(page: &Page) -> String {
    format!(
        "{:<30}{:>7}{:>9}{:>8}{:>10}{:>10}{:>10}{:>9}{:>6}{}",
        page.kind.to_string(),
        page.moves,
        page.calls,
        page.failed,
        readable(Some(page.longest)),
        page.outside,
        readable(Some(page.back)),
        page.doubled,
        page.lost,
        if page.holds() { "" } else { "  BROKEN" }
    )
}
