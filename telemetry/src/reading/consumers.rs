//! What consumers of streams say of themselves, while they run.

use redis_resilient_runtime::registry::ConsumerReport;

use super::series::{Points, float};
use crate::describe;
use crate::names::{Names, OTHER};

/// All of them are there for each group, whatever its consumers have been so far.
const STATES: [&str; 3] = ["reading", "standing_by", "failing"];

pub(super) fn read(names: &mut Names, points: &mut Points, consumers: &[ConsumerReport]) {
    let keys: Vec<String> = consumers.iter().map(key).collect();
    names.read(keys.iter().zip(consumers).map(|(key, consumer)| {
        let in_trouble = consumer.failing_for.is_some() || consumer.dead_letters > 0;
        (key.as_str(), in_trouble)
    }));
    for (key, consumer) in keys.iter().zip(consumers) {
        let labels = if names.label(key) == OTHER {
            [OTHER, OTHER]
        } else {
            [consumer.stream.as_str(), consumer.group.as_str()]
        };
        points.highest(describe::CONSUMER_LAG, &labels, lag(consumer));
        points.level(describe::CONSUMER_IN_WORK, &labels, float(consumer.in_work));
        let [stream, group] = labels;
        for state in STATES {
            let is_in_it = f64::from(u8::from(state == self::state(consumer)));
            points.level(describe::CONSUMERS, &[stream, group, state], is_in_it);
        }
        for (metric, count) in [
            (describe::ENTRIES_HANDLED, consumer.handled),
            (describe::ENTRIES_TAKEN_OVER, consumer.taken_over),
            // These are counted as they are told, and go on when the consumer has ended.
            (describe::CONSUMER_FAILED, 0),
            (describe::ENTRIES_FAILED, 0),
            (describe::ENTRIES_DEAD, 0),
            (describe::ENTRIES_LOST, 0),
        ] {
            points.sum(metric, &labels, count);
        }
    }
}

fn key(consumer: &ConsumerReport) -> String {
    format!("{} {}", consumer.stream, consumer.group)
}

fn state(consumer: &ConsumerReport) -> &'static str {
    if consumer.standing_by {
        "standing_by"
    } else if consumer.failing_for.is_some() {
        "failing"
    } else {
        "reading"
    }
}

/// What it was when it was last looked at, by one that looks. Not a number: nobody does, and the last number would stay for ever.
fn lag(consumer: &ConsumerReport) -> f64 {
    match consumer.lag {
        Some(lag) if state(consumer) == "reading" => float(lag),
        _ => f64::NAN,
    }
}
