//! What connectors with several databases say of these.

use redis_resilient_runtime::registry::DatabasesReport;

use super::series::Points;
use crate::describe;
use crate::names::Names;

pub(super) fn read(names: &mut Names, points: &mut Points, all: &[DatabasesReport]) {
    names.read(all.iter().map(|report| {
        let in_trouble = report.databases.iter().any(|database| !database.healthy);
        (report.connector.as_str(), in_trouble)
    }));
    for report in all {
        let name = names.label(&report.connector);
        points.sum(describe::DATABASE_SWITCHES, &[name], report.switches);
        for database in &report.databases {
            let labels = [name, &*database.name];
            let level = |is_so| f64::from(u8::from(is_so));
            points.highest(describe::DATABASE_PRESENT, &labels, level(database.present));
            points.highest(describe::DATABASE_HEALTHY, &labels, level(database.healthy));
        }
    }
}
