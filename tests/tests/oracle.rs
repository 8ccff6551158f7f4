//! What the tests of other systems say about breakers, retries and backoff, put to this one.
//!
//! The cases are distilled from other systems' own tests: each names its source. They are in `data/oracle/cases.json`, or in the file that
//! the variable `ORACLE_CASES` names. A case that needs what is not offered here is counted as such, by the need's name: the list is
//! `oracle/offered.rs`. A word that this runner does not know is a failure.
//!
//! No test harness, for the last line has to be seen whatever is captured.

#[path = "oracle/backoff.rs"]
mod backoff;
#[path = "oracle/breaker.rs"]
mod breaker;
#[path = "oracle/budget.rs"]
mod budget;
#[path = "oracle/build.rs"]
mod build;
#[path = "oracle/cases.rs"]
mod cases;
#[path = "oracle/circuit.rs"]
mod circuit;
#[path = "oracle/concurrent.rs"]
mod concurrent;
#[path = "oracle/offered.rs"]
mod offered;
#[path = "oracle/pipeline.rs"]
mod pipeline;
#[path = "oracle/prose.rs"]
mod prose;
#[path = "oracle/ran.rs"]
mod ran;
#[path = "oracle/random.rs"]
mod random;
#[path = "oracle/report.rs"]
mod report;
#[path = "oracle/retry.rs"]
mod retry;
#[path = "oracle/rules.rs"]
mod rules;
#[path = "oracle/verdict.rs"]
mod verdict;
#[path = "oracle/watched.rs"]
mod watched;
#[path = "oracle/words.rs"]
mod words;

use std::process::ExitCode;

use cases::Case;
use report::Report;
use verdict::{Findings, Verdict};

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("oracle: test");
        return ExitCode::SUCCESS;
    }
    assert!(
        random::is_held_still(),
        "the engine has its randomness from elsewhere now: tests/oracle/random.rs has to follow"
    );
    // The cases make bodies and setters panic, and mean it.
    let hook = std::panic::take_hook();
    let path = cases::path();
    let cases = cases::load(&path);
    println!("oracle: {} cases from {}", cases.len(), path.display());
    let mut report = Report::default();
    for case in cases {
        match case {
            Ok(case) => settle(&case, &mut report),
            Err(unread) => {
                let verdict = Verdict::Failed(vec![unread.problem]);
                report.add(&unread.id, None, "", verdict);
            }
        }
    }
    std::panic::set_hook(hook);
    if report.print() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn settle(case: &Case, report: &mut Report) {
    // A clock of its own for each, that moves when it is told to.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    std::panic::set_hook(Box::new(|_| {}));
    let ran = std::panic::catch_unwind(|| runtime.block_on(run(case)));
    let verdict = match ran {
        Ok(Ok(findings)) => {
            report.note(&case.id, &findings.notes);
            findings.verdict(case)
        }
        Ok(Err(problem)) => Verdict::Failed(vec![problem]),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref().map(|text: &&str| (*text).to_owned()));
            Verdict::Failed(vec![format!("panics: {}", text.unwrap_or_default())])
        }
    };
    report.add(&case.id, Some(case.advice), &case.source, verdict);
}

async fn run(case: &Case) -> Result<Findings, String> {
    match case.runner.as_str() {
        "breaker" => breaker::run(case).await,
        "retry" => retry::run(case).await,
        "backoff" => backoff::run(case),
        "jitter" | "jitter_bounds" => backoff::run_jitter(case),
        "stop" => rules::run_stop(case).await,
        "classify" => rules::run_classify(case),
        "config" => build::run(case),
        "predicate" => rules::run_predicate(case),
        "budget" => budget::run(case).await,
        "throttle" | "clamp" => rules::read_only(case),
        "concurrent" => concurrent::run(case).await,
        "doc" | "events" | "kind" => prose::run(case).await,
        other => Err(format!("unknown runner `{other}`")),
    }
}
