use std::thread;

use super::*;
use crate::Class::{
    Ambiguous, Misconfigured, NotIdempotent, NotRedis, Permanent, Rejected, Unavailable,
    Unreachable, WriteRefused,
};
use crate::settings::Settings;

fn told(name: &'static str) -> Told {
    Told {
        name,
        policy: Settings::new(name).numbers(),
        breaker: None,
    }
}

fn named(name: &str) -> Vec<FunctionSnapshot> {
    all().into_iter().filter(|one| one.name == name).collect()
}

#[test]
fn each_class_comes_back_as_it_was_put_in() {
    for class in [
        Unreachable,
        Unavailable,
        WriteRefused,
        Ambiguous,
        NotIdempotent,
        Permanent,
        Misconfigured,
        Rejected,
        NotRedis,
    ] {
        let function = Function::new();
        assert_eq!(function.last_failure(), None);
        function.failed(class, Follows::Error);
        assert_eq!(function.last_failure().map(|(_, class)| class), Some(class));
        // A new one has to be in the list above, and in that of `class_of`.
        match class {
            Unreachable | Unavailable | WriteRefused | Ambiguous | NotIdempotent | Permanent
            | Misconfigured | Rejected | NotRedis => {}
        }
    }
}

#[test]
fn many_threads_put_it_into_the_list_once() {
    static FUNCTION: Function = Function::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    FUNCTION.enter_list(told("function::at once"));
                    FUNCTION.failed(Unreachable, Follows::Retry);
                    FUNCTION.failed(Ambiguous, Follows::Fallback);
                }
            });
        }
    });
    let listed = named("function::at once");
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0].failed_attempts, 1_600);
    assert_eq!((listed[0].retries, listed[0].failed), (800, 0));
}

#[test]
fn two_with_one_name_are_two_and_those_without_a_place_are_one() {
    static ONE: Function = Function::new();
    static OTHER: Function = Function::new();
    OTHER.enter_list(told("function::twice"));
    ONE.enter_list(told("function::twice"));
    ONE.failed(Unreachable, Follows::Error);
    let listed = named("function::twice");
    let failed: Vec<_> = listed.iter().map(|function| function.failed).collect();
    assert_eq!(failed, [0, 1], "by when they were first listed");

    let by_name = || Function::by_name("function::computed");
    assert!(ptr::eq(by_name(), by_name()));
}

#[test]
fn the_worst_case_is_all_attempts_and_the_longest_pauses_or_the_deadline() {
    use crate::{Backoff, Jitter};
    use std::time::Duration;
    let millis = Duration::from_millis;
    let mut policy = Settings::new("function::worst").numbers();
    (policy.retries, policy.timeout, policy.deadline) = (3, Some(millis(1_000)), None);
    policy.backoff = Backoff::exponential(millis(50)).max_delay(millis(80));
    assert_eq!(policy.worst_case(), Some(millis(4_000 + 50 + 80 + 80)));
    policy.backoff = Backoff::fixed(millis(100))
        .jitter(Jitter::Proportional(50))
        .max_delay(millis(120));
    assert_eq!(policy.worst_case(), Some(millis(4_000 + 3 * 120)));
    policy.backoff = Backoff::none();
    assert_eq!(policy.worst_case(), Some(millis(4_000)));
    policy.deadline = Some(millis(2_500));
    assert_eq!(policy.worst_case(), Some(millis(2_500)));
    policy.timeout = None;
    assert_eq!(policy.worst_case(), Some(millis(2_500)));
    policy.deadline = None;
    assert_eq!(policy.worst_case(), None, "there is no end to it");
}
