//! What a consumer says of itself to those who read the registry, while it runs.

use redis_resilient_connection::__seam::connector;
use redis_resilient_runtime::__seam::clock;
use redis_resilient_runtime::registry::{ConsumerReport, RegisteredConsumer};

use super::run::Run;

impl RegisteredConsumer for Run {
    fn report(&self) -> ConsumerReport {
        let (link, counters, events) = (&self.link, &self.counters, &self.events);
        let description = connector::description(link.connector());
        let mut report = ConsumerReport::new(events.stream(), link.group(), link.me(), description);
        report.running_for = clock::now().saturating_duration_since(self.begun);
        report.reading = counters.is_reading();
        report.failing_for = events.failing_for();
        report.standing_by = counters.is_standing_by();
        report.in_work = self.hand.count().0 as u64;
        report.lag = counters.lag();
        report.handled = counters.handled.get();
        report.failed = counters.failed.get();
        report.dead_letters = counters.dead.get();
        report.trimmed = counters.trimmed.get();
        report.taken_over = counters.taken_over.get();
        report.last_failure = events.last_failure();
        report
    }
}
