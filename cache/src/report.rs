//! What a cache says of itself to those who read the registry.

use redis_resilient_connection::__seam::connector;
use redis_resilient_runtime::registry::{CacheReport, CacheSettings, RegisteredCache};

use crate::codec::Codec;
use crate::state::State;

impl<T, C> RegisteredCache for State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    fn report(&self) -> CacheReport {
        let counts = &self.way.counts;
        let description = connector::description(&self.way.connector);
        let mut report = CacheReport::new(self.settings.name, description);
        report.near_hits = counts.near();
        report.redis_hits = counts.redis();
        report.stale_hits = counts.stale();
        (report.loads, report.failed_loads) = counts.loads();
        report.loading = self.flights.len() as u64;
        report.near_entries = self.near.as_ref().map(|near| near.entries());
        report.copies = self.copies.as_ref().map(crate::copies::Copies::entries);
        report.pending_invalidations = self.pending.len() as u64;
        report
    }

    fn tune(&self, said: &CacheSettings) {
        self.goes_by(said);
    }
}
