//! What is told of a journal while the calls are made.

use std::time::Duration;

use crate::load::Aside;

/// How much waits, and how long it still takes where Redis is back. Its speed is that at which writes are executed, per second.
pub(crate) fn aside(waiting: u64, per_second: Option<f64>, eta: Option<Duration>) -> Aside {
    let text = match (waiting, per_second, eta) {
        (0, _, _) => "nothing waits".to_owned(),
        (_, Some(speed), Some(eta)) => format!(
            "{waiting} wait, executed {speed:.0}/s, done in {:.1} s",
            eta.as_secs_f64()
        ),
        _ => format!("{waiting} wait for Redis"),
    };
    Aside {
        name: "backlog",
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told_only_where_it_is_known() {
        let eta = Some(Duration::from_millis(2_500));
        let told = |waiting, speed, eta| aside(waiting, speed, eta).text;
        assert_eq!(told(0, Some(9.0), eta), "nothing waits");
        assert_eq!(told(7, None, None), "7 wait for Redis");
        assert_eq!(
            told(7, Some(2.8), eta),
            "7 wait, executed 3/s, done in 2.5 s"
        );
    }
}
