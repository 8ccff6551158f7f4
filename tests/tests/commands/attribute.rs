//! The attribute's table against the connection's: what a body shows is repeated where a connection would repeat it, and where not, a reason
//! stands here.

#[allow(dead_code, reason = "the attribute's own; parts of it are used here")]
#[path = "../../../macros/src/plan/commands/methods.rs"]
mod methods;
#[allow(dead_code, reason = "the attribute's own; parts of it are used here")]
#[path = "../../../macros/src/plan/commands/names.rs"]
mod names;
#[path = "../../../macros/src/plan/commands/second_words.rs"]
mod second_words;

use redis_resilient::connection::command_table;
use redis_resilient_tests::commands::samples::SAMPLES;
use redis_resilient_tests::commands::words;

use super::Effect;

/// What the attribute repeats and the connection does not.
fn may_be_laxer(name: &str) -> bool {
    // A module's: the connection takes nothing for granted of what is not the server's own.
    name.contains('.') || name == "FT._LIST"
}

/// What the connection repeats and the attribute does not: only the whole command says that it may.
const STRICTER: &[(&str, &str)] = &[
    (
        "GEORADIUS",
        "whether its destination is its source is known when it is sent",
    ),
    (
        "GEORADIUSBYMEMBER",
        "whether its destination is its source is known when it is sent",
    ),
    (
        "SORT",
        "whether its destination is among what it reads is known when it is sent",
    ),
    (
        "FUNCTION",
        "what is loaded in place of what is known when it is sent",
    ),
];

fn attribute_repeats(words: &[&str]) -> bool {
    let Some((name, arguments)) = words.split_first() else {
        return false;
    };
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| vec![(*argument).to_owned()])
        .collect();
    names::may_be_repeated(&name.to_uppercase(), &arguments)
}

fn connection_repeats(words: &[&str]) -> bool {
    let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
    Effect::named(&command_table::effect(&words)) <= Effect::Repeatable
}

#[track_caller]
fn compare(words: &[&str]) {
    let (attribute, connection) = (attribute_repeats(words), connection_repeats(words));
    let is_stricter = || STRICTER.iter().any(|(name, _)| words.first() == Some(name));
    match (attribute, connection) {
        (true, false) => assert!(
            may_be_laxer(words[0]),
            "{words:?}: the attribute repeats it"
        ),
        (false, true) => assert!(is_stricter(), "{words:?}: the connection repeats it"),
        _ => {}
    }
}

#[test]
fn the_attribute_s_table_is_the_connection_s() {
    for (name, effect) in command_table::table() {
        // Where the arguments decide, there are samples.
        if effect.is_some() {
            compare(&name.split('|').collect::<Vec<_>>());
        }
    }
    for name in names::REPEATABLE {
        compare(&[name]);
    }
    for (name, seconds) in second_words::REPEATABLE {
        for second in *seconds {
            let words = [*name, *second];
            let words = if second.is_empty() {
                &words[..1]
            } else {
                &words[..]
            };
            compare(words);
        }
    }
}

#[test]
fn what_the_arguments_decide_is_decided_alike() {
    for sample in SAMPLES {
        compare(&words(sample.line));
    }
    for line in [
        "EXPIRE k 59",
        "EXPIRE k 60",
        "PEXPIRE k 59999",
        "PEXPIRE k 60000",
        "HEXPIRE h 59 FIELDS 1 f",
        "HPEXPIRE h 60000 FIELDS 1 f",
        "EXPIRE k -1",
        "GETEX k EX 59",
        "GETEX k EX 60",
        "GETEX k PX 60000",
        "GETEX k EXAT 4102444800",
        "HGETEX h PXAT 4102444800000 FIELDS 1 f",
        "LTRIM l 0 -1",
        "LTRIM l -5 -1",
        "LTRIM l -5 5",
        "LTRIM l 1 5",
        "SINTERSTORE s s s2",
        "SET k v EX 1",
        "COMMAND",
        "SLOWLOG RESET",
    ] {
        compare(&words(line));
    }
}

#[test]
fn typed_commands_that_are_never_repeated_are_not_repeated_by_the_connection() {
    for method in &methods::METHODS {
        if matches!(method.rule, methods::Rule::Always) {
            let words: Vec<_> = method.command.split(' ').collect();
            assert!(!connection_repeats(&words), "{method:?}");
        }
    }
}

#[test]
fn each_reason_is_needed() {
    let decided_otherwise = |name: &str| {
        let mut samples = SAMPLES.iter().map(|sample| words(sample.line));
        samples.any(|words| {
            words.first() == Some(&name) && !attribute_repeats(&words) && connection_repeats(&words)
        })
    };
    for (name, reason) in STRICTER {
        assert!(decided_otherwise(name), "{name}: {reason}");
    }
}
