//! What is written of the metrics: the table, the dashboard and the alerts name those that there are. With `UPDATE_METRICS=1` the table is written anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use redis_resilient::telemetry::{Instrument, Metric, metrics};
use redis_resilient_testkit::RealPrometheus;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn alerts() -> PathBuf {
    root().join("telemetry/alerts/redis-resilient.yml")
}

fn table() -> String {
    let mut table =
        "| OpenTelemetry | Prometheus | kind | labels | what it says |\n|---|---|---|---|---|\n"
            .to_owned();
    for metric in metrics() {
        let kind = match metric.instrument {
            Instrument::Counter => "counter",
            Instrument::Gauge => "gauge",
            _ => "histogram",
        };
        let (name, prometheus) = (metric.name, metric.prometheus_name());
        let labels = metric.labels.join(", ");
        let _ = writeln!(
            table,
            "| `{name}` | `{prometheus}` | {kind} | {labels} | {} |",
            metric.help
        );
    }
    table
}

#[test]
fn the_table_in_the_documentation_is_the_description() {
    const BEGIN: &str = "<!-- made from telemetry/src/describe.rs -->\n";
    const END: &str = "<!-- end -->";
    let file = root().join("docs/metrics.md");
    let text = fs::read_to_string(&file).expect("it can be read");
    let (before, rest) = text.split_once(BEGIN).expect("it has a beginning");
    let (there, after) = rest.split_once(END).expect("it has an end");
    let table = table();
    if env::var_os("UPDATE_METRICS").is_some() {
        fs::write(&file, format!("{before}{BEGIN}{table}{END}{after}")).expect("it can be written");
    } else {
        assert_eq!(there, table, "run with UPDATE_METRICS=1 if this is meant");
    }
}

/// All names of metrics in a text, without what Prometheus adds to those of histograms.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.filter(|word| word.starts_with("resilient_"));
    names
        .map(|name| name.trim_end_matches("_bucket").to_owned())
        .collect()
}

#[test]
fn dashboard_and_alerts_name_metrics_that_there_are_and_none_is_forgotten() {
    let known: BTreeSet<_> = metrics().iter().map(Metric::prometheus_name).collect();
    let dashboard = root().join("telemetry/grafana/redis-resilient.json");
    let dashboard = fs::read_to_string(dashboard).expect("it can be read");
    let parsed: serde_json::Value = serde_json::from_str(&dashboard).expect("it is JSON");
    assert_eq!(parsed["uid"], "redis-resilient");
    assert_eq!(named(&dashboard), known);
    let alerts = fs::read_to_string(alerts()).expect("it can be read");
    let unknown: Vec<_> = named(&alerts).difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn promtool_accepts_the_alerts_and_each_says_what_to_do() {
    let said = RealPrometheus::check_rules(&alerts()).expect("they are accepted");
    assert!(said.contains("SUCCESS"), "{said}");
    let text = fs::read_to_string(alerts()).expect("it can be read");
    let count = |what: &str| text.matches(what).count();
    assert_eq!(count("- alert: "), count("          action: "));
    assert!(count("- alert: ") > 5);
}
