//! What several databases say of themselves to those who read the registry.

use std::time::Duration;

use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::registry::{
    DatabaseReport, DatabasesReport, RegisteredDatabases, SwitchReport,
};

use super::Switching;

impl RegisteredDatabases for Switching {
    fn report(&self) -> DatabasesReport {
        let now_ms = now_ms();
        let known = self.known();
        let name = |database: usize| &*self.places[database].name;
        let databases = self.places.iter().enumerate().map(|(number, place)| {
            let mut description = String::new();
            let settings = &place.manager.settings;
            settings.tell(|events| events.connector().as_ref().clone_into(&mut description));
            let mut report = DatabaseReport::new(&*place.name, description, place.weight);
            report.present = known.choice.present() == number;
            report.healthy = known.choice.is_well(number);
            report.unchanged_for = Duration::from_millis(known.choice.unchanged_ms(number, now_ms));
            report.last_error.clone_from(&known.errors[number]);
            report
        });
        let mut report = DatabasesReport::new(&*self.name, databases.collect());
        report.switches = self.stamp().switches();
        report.by_hand = known.choice.is_by_hand();
        report.last_switch = known.last.as_ref().map(|(last, at_ms)| {
            let ago = Duration::from_millis(now_ms.saturating_sub(*at_ms));
            SwitchReport::new(name(last.from), name(last.to), last.reason, ago)
        });
        report
    }
}
