//! The environment reads times as the attribute does. One is a symbolic link to the other; where a checkout or a package has made two files of it,
//! they still have to be the same.

#![allow(clippy::duplicate_mod, reason = "that is the point")]

#[path = "../../macros/src/args/duration.rs"]
mod attribute;
#[path = "../../connection/src/connector/environment/duration.rs"]
mod environment;

const NUMBERS: [&str; 16] = [
    "",
    "0",
    "1",
    "500",
    "1.5",
    ".5",
    "1.",
    "1_000",
    "0.0000000001",
    "1.2.3",
    "-1",
    "584",
    "999999999999999999999",
    "5124095",
    "1e3",
    "hunter2",
];
const UNITS: [&str; 20] = [
    "",
    "ns",
    "us",
    "µs",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "S",
    "sec",
    "seconds",
    "msec",
    "min",
    "hrs",
    "days",
    " s",
    "fortnights",
    "m30s",
    "h ",
];

#[test]
fn the_environment_reads_times_as_the_attribute_does() {
    let mut read = 0;
    for number in NUMBERS {
        for unit in UNITS {
            let text = format!("{number}{unit}");
            let time = environment::parse(&text);
            assert_eq!(time, attribute::parse(&text), "{text:?}");
            read += usize::from(time.is_ok());
        }
    }
    assert!(read > 40, "{read}");
}
