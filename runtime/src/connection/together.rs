//! What it means to execute several commands once more that are sent together.
//!
//! Pure.

use super::command::{self, Args, Effect, is};

/// The effect of all together, in a pipeline or a transaction: that of the worst. What only holds them together counts for nothing.
pub(super) fn effect<'a, A: Args<'a>>(commands: impl Iterator<Item = A>) -> Effect {
    command::worst(
        commands
            .filter(|command| !holds_together(command.clone()))
            .map(command::effect),
    )
}

fn holds_together<'a>(command: impl Args<'a>) -> bool {
    let mut args = command;
    let name = args.next().unwrap_or_default();
    args.next().is_none()
        && ["MULTI", "EXEC", "ASKING"]
            .iter()
            .any(|known| is(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_what_its_commands_are() {
        let of = |lines: &[&'static str]| {
            effect(
                lines
                    .iter()
                    .map(|line| line.split_ascii_whitespace().map(str::as_bytes)),
            )
        };
        assert_eq!(of(&["MULTI", "GET k", "EXEC"]), Effect::Read);
        assert_eq!(of(&["ASKING", "GET k"]), Effect::Read);
        assert_eq!(of(&["MULTI", "INCR k", "EXEC"]), Effect::Once);
        assert_eq!(of(&["GET k", "INCR k"]), Effect::Once);
    }
}
