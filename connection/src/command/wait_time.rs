//! How long a command that waits in the server may take.
//!
//! Pure.

use std::time::Duration;

use crate::command::{Args, is, waits};

/// For how long a command waits in the server, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitTime {
    /// It does not: the server answers as soon as it can.
    Nothing,
    AtMost(Duration),
    Endless,
}

impl WaitTime {
    pub(crate) fn of<'a>(command: impl Args<'a>) -> Self {
        if !waits(command.clone()) {
            return Self::Nothing;
        }
        said(command).map_or(Self::Endless, Self::AtMost)
    }

    /// Of several that are sent together: they wait one after the other.
    pub(crate) fn of_all<'a, A: Args<'a>>(commands: impl Iterator<Item = A>) -> Self {
        commands
            .map(Self::of)
            .fold(Self::Nothing, |sum, next| match (sum, next) {
                (Self::Endless, _) | (_, Self::Endless) => Self::Endless,
                (sum, Self::Nothing) => sum,
                (Self::Nothing, next) => next,
                (Self::AtMost(sum), Self::AtMost(next)) => Self::AtMost(sum.saturating_add(next)),
            })
    }

    /// How long the answer may take, of a server that answers in this time. `None`: as long as it likes.
    pub(crate) fn limit(self, answer: Duration) -> Option<Duration> {
        match self {
            Self::Nothing => Some(answer),
            Self::AtMost(wait) => Some(wait.saturating_add(answer)),
            Self::Endless => None,
        }
    }
}

/// `None`: without an end.
fn said<'a>(command: impl Args<'a>) -> Option<Duration> {
    let mut args = command;
    let name = args.next()?;
    let is_in = |names: &[&str]| names.iter().any(|known| is(name, known));
    if is_in(&["XREAD", "XREADGROUP"]) {
        let after = args.skip_while(|arg| !is(arg, "BLOCK")).nth(1)?;
        return millis(after);
    }
    if is(name, "WAIT") {
        return millis(args.nth(1)?);
    }
    if is(name, "WAITAOF") {
        return millis(args.nth(2)?);
    }
    if is_in(&["BLMPOP", "BZMPOP"]) {
        return seconds(args.next()?);
    }
    // BLPOP, BRPOP, BZPOPMIN, BZPOPMAX, BLMOVE, BRPOPLPUSH: behind all keys.
    seconds(args.last()?)
}

fn millis(arg: &[u8]) -> Option<Duration> {
    let millis: u64 = std::str::from_utf8(arg).ok()?.parse().ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}

fn seconds(arg: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(arg).ok()?.parse().ok()?;
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    (!time.is_zero()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> impl Args<'_> {
        line.split_ascii_whitespace().map(str::as_bytes)
    }

    #[test]
    fn each_command_says_it_in_its_own_place() {
        use WaitTime::{Endless, Nothing};
        let ms = |millis| WaitTime::AtMost(Duration::from_millis(millis));
        for (line, expected) in [
            ("BLPOP a b 2", ms(2000)),
            ("brpop a 0.25", ms(250)),
            ("BLPOP a 0", Endless),
            ("BLPOP a soon", Endless),
            ("BLPOP a -1", Endless),
            ("BLPOP a inf", Endless),
            ("BLMOVE a b LEFT RIGHT 3", ms(3000)),
            ("BRPOPLPUSH a b 1", ms(1000)),
            ("BLMPOP 1.5 1 a LEFT", ms(1500)),
            ("BZMPOP 2 1 a MIN", ms(2000)),
            ("BZPOPMIN a 1", ms(1000)),
            ("XREAD COUNT 1 BLOCK 700 STREAMS s 0", ms(700)),
            ("XREAD BLOCK 0 STREAMS s 0", Endless),
            ("XREAD STREAMS s 0", Nothing),
            ("XREADGROUP GROUP g c BLOCK 5 STREAMS s >", ms(5)),
            ("WAIT 1 300", ms(300)),
            ("WAIT 1 0", Endless),
            ("WAITAOF 1 0 400", ms(400)),
            ("WAIT", Endless),
            ("GET k", Nothing),
            ("", Nothing),
        ] {
            assert_eq!(WaitTime::of(words(line)), expected, "{line}");
        }
    }

    #[test]
    fn those_together_wait_one_after_the_other() {
        let of_all =
            |lines: &[&'static str]| WaitTime::of_all(lines.iter().map(|line| words(line)));
        let sum = WaitTime::AtMost(Duration::from_millis(1500));
        assert_eq!(of_all(&["GET k"]), WaitTime::Nothing);
        assert_eq!(of_all(&["BLPOP a 1", "GET k", "WAIT 1 500"]), sum);
        assert_eq!(of_all(&["BLPOP a 1", "BLPOP a 0"]), WaitTime::Endless);
    }

    #[test]
    fn an_answer_has_its_own_time_beside_that() {
        let answer = Duration::from_millis(500);
        assert_eq!(WaitTime::Nothing.limit(answer), Some(answer));
        assert_eq!(WaitTime::AtMost(answer).limit(answer), Some(2 * answer));
        assert_eq!(WaitTime::Endless.limit(answer), None);
    }
}
