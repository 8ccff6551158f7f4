//! `promtool test rules`: each alert is silent before, fires while it is bad, and resolves.

use std::collections::BTreeSet;
use std::fs;

use redis_resilient_testkit::RealPrometheus;

use crate::documents::alerts;

#[test]
fn each_alert_fires_and_resolves_on_a_series_of_its_own() {
    let tests = alerts().with_file_name("redis-resilient.tests.yml");
    let said = RealPrometheus::promtool(["test".as_ref(), "rules".as_ref(), tests.as_os_str()])
        .unwrap_or_else(|said| panic!("{said}"));
    assert!(said.contains("SUCCESS"), "{said}");

    let rules = fs::read_to_string(alerts()).expect("it can be read");
    let all: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let tests = fs::read_to_string(tests).expect("it can be read");
    for alert in all {
        let asked = format!("alertname=\"{alert}\"");
        let mut times = tests
            .split("- expr: ")
            .filter(|part| part.contains(&asked))
            .map(|part| part.contains("value: 1"));
        let phases = (times.next(), times.next(), times.next());
        assert_eq!(phases, (Some(false), Some(true), Some(false)), "{alert}");
    }
}

/// What would pass whatever the rules say is no test.
#[test]
fn a_rule_that_never_fires_fails_the_tests() {
    let directory = std::env::temp_dir().join(format!("rules-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("it can be made");
    let rules = fs::read_to_string(alerts()).expect("it can be read");
    let tests = alerts().with_file_name("redis-resilient.tests.yml");
    let copy = directory.join("redis-resilient.tests.yml");
    fs::copy(tests, &copy).expect("it can be copied");
    let broken = rules.replace("resilient_journal_oldest_age_seconds", "misspelt");
    fs::write(directory.join("redis-resilient.yml"), broken).expect("it can be written");
    let said = RealPrometheus::promtool(["test".as_ref(), "rules".as_ref(), copy.as_os_str()]);
    fs::remove_dir_all(&directory).expect("it can be removed");
    let said = said.expect_err("one alert does not fire");
    assert!(said.contains("JournalWaits"), "{said}");
}
