//! The file of cases: what is the same for all runners.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON object.
pub(crate) type Words = serde_json::Map<String, Value>;

/// What another system's test says: a configuration, events on a virtual clock, and what has to hold after each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) runner: String,
    pub(crate) advice: Advice,
    pub(crate) config: Value,
    pub(crate) steps: Vec<Value>,
    pub(crate) expect: Vec<Words>,
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// `Some(false)`: the expectations are those of a dialect.
    pub(crate) holds_under_recommended: Option<bool>,
    #[serde(rename = "source_kind")]
    _source_kind: String,
    #[serde(rename = "subject")]
    _subject: String,
    #[serde(rename = "note")]
    _note: String,
    #[serde(rename = "ours")]
    _ours: Option<Value>,
    #[serde(rename = "observed")]
    _observed: Option<Value>,
}

/// What is to be made of a case.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Advice {
    Adopt,
    Dialect,
    /// A known defect: what the case expects must not be seen.
    Avoid,
}

/// A case that cannot be read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) id: String,
    pub(crate) problem: String,
}

/// Where the cases are.
pub(crate) fn path() -> PathBuf {
    std::env::var_os("ORACLE_CASES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/oracle/cases.json"),
        PathBuf::from,
    )
}

/// The cases that are there.
pub(crate) fn load(path: &Path) -> Vec<Result<Case, Unread>> {
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let cases: Vec<Value> = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{} is not a list of cases: {error}", path.display()));
    let read = |value: Value| {
        let id = value["id"].as_str().unwrap_or("without id").to_owned();
        serde_json::from_value(value).map_err(|error| Unread {
            id,
            problem: error.to_string(),
        })
    };
    cases.into_iter().map(read).collect()
}

/// `value` in the vocabulary of `T`.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| format!("{error} in {value}"))
}

/// The steps in the vocabulary of `T`.
pub(crate) fn read_steps<T: DeserializeOwned>(case: &Case) -> Result<Vec<T>, String> {
    case.steps.iter().map(read).collect()
}

/// Which step an expectation is about.
pub(crate) fn step_of(case: &Case, expected: &Words) -> Result<usize, String> {
    let at = expected.get("at").and_then(Value::as_u64);
    at.and_then(|at| usize::try_from(at).ok())
        .filter(|at| *at < case.steps.len())
        .ok_or_else(|| format!("no step at {:?}", expected.get("at")))
}

/// The names that errors have, each with those of its ancestors.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Supertypes(HashMap<String, Vec<String>>);

impl Supertypes {
    /// Whether `kind` is one of `names`, or a descendant of one.
    pub(crate) fn is_a(&self, kind: &str, names: &[String]) -> bool {
        let is_listed = |kind: &str| names.iter().any(|name| name == kind);
        is_listed(kind) || self.above(kind).iter().any(|above| is_listed(above))
    }

    pub(crate) fn above(&self, kind: &str) -> &[String] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }
}

/// What the project does instead of what a case shows, be that a defect or another way to the same end: id, step, word, value.
const OURS: &[(&str, u64, &str, &str)] = &[
    // A probe that is never heard of again is replaced, and the new one's success closes the circuit.
    ("GOB-13", 5, "admitted", "true"),
    ("GOB-13", 5, "state", r#""closed""#),
    ("PO-19", 4, "admitted", "true"),
    ("PO-19", 4, "state", r#""closed""#),
    ("SR-05", 5, "admitted", "true"),
    ("SR-05", 5, "state", r#""closed""#),
    ("R4J-46", 5, "admitted", "true"),
    // There is a limit, and 63 is the highest.
    ("HYX-04", 2, "admitted_n", "63"),
    // What was admitted before the circuit opened has no probe's permit to give back, and does not close it.
    ("R4J-44", 9, "admitted", "false"),
    ("R4J-44", 11, "admitted", "false"),
    ("PO-18", 4, "state", r#""half_open""#),
    // 99 of 200 are not half.
    ("FS-29", 2, "state", r#""closed""#),
    // 100 retries are the most there can be.
    ("RT-20", 0, "fn_calls", "101"),
    // A pause that does not fit in the deadline is not begun.
    ("RT-35", 0, "delays_ms", "[700]"),
    // Values that make no sense are refused.
    ("GOB-08", 0, "built", "false"),
    // What is wrong with a fallback, the compiler finds.
    ("FB-11", 0, "rejected", r#""by the compiler""#),
    ("FB-11", 1, "rejected", r#""by the compiler""#),
    ("FB-11", 2, "rejected", r#""by the compiler""#),
    ("FB-11", 3, "rejected", r#""by the compiler""#),
    // A breaker's state is kept in the process, and needs no fallback for when Redis is away.
    ("PYB-18", 0, "state", r#""the configured state""#),
    // A full bulkhead says nothing about Redis.
    ("CP-20", 1, "state", r#""closed""#),
    // Attempts are those of one call.
    ("CP-21", 1, "admitted", "true"),
    // A permit is given back by whatever ends its task.
    ("GOB-14", 0, "slot_returned", "true"),
    // What the defect is a departure from.
    ("RT-46", 0, "delays_ms_each", "[100, 200]"),
];

/// What replaces a case's expectations: by step, the words and their values.
pub(crate) fn ours(id: &str) -> Option<BTreeMap<(u64, &'static str), Value>> {
    let words = OURS.iter().filter(|(case, ..)| *case == id);
    let words: BTreeMap<_, _> = words
        .map(|(_, at, word, value)| {
            let value = serde_json::from_str(value).expect("the table is JSON");
            ((*at, *word), value)
        })
        .collect();
    (!words.is_empty()).then_some(words)
}
