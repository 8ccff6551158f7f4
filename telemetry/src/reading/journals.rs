//! What journals say of themselves.

use redis_resilient_runtime::registry::ListedJournal;

use super::series::{Points, float};
use crate::describe;
use crate::names::Names;

pub(super) fn read(names: &mut Names, points: &mut Points, journals: &[ListedJournal]) {
    names.read(journals.iter().map(|journal| {
        let report = &journal.report;
        let in_trouble = report.waiting + report.dead_letters + report.refused > 0;
        (report.name.as_str(), in_trouble)
    }));
    for journal in journals {
        let report = &journal.report;
        let name = names.label(&report.name);
        let age = report.oldest.unwrap_or_default();
        points.level(describe::JOURNAL_DEPTH, &[name], float(report.waiting));
        points.level(
            describe::JOURNAL_BYTES,
            &[name],
            float(report.waiting_bytes),
        );
        points.highest(describe::JOURNAL_FILL, &[name], report.fill());
        points.highest(describe::JOURNAL_AGE, &[name], age.as_secs_f64());
        let dead = float(report.dead_letters);
        points.level(describe::JOURNAL_DEAD_NOW, &[name], dead);
        points.sum(describe::JOURNAL_QUEUED, &[name], report.queued);
        points.sum(describe::JOURNAL_REFUSED, &[name], report.refused);
        for metric in [
            describe::JOURNAL_DEAD,
            describe::JOURNAL_DROPPED,
            describe::JOURNAL_FAILED,
        ] {
            points.sum(metric, &[name], 0);
        }
    }
}
