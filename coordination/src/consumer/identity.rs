//! Under which name a consumer reads: another one each time that one is started.

use super::super::token;

/// What the names of all consumers of this crate begin with, by which those that are gone are found.
pub(super) const PREFIX: &str = "rr:";

/// `rr:label:random`, or without a label the process's number.
///
/// # Errors
/// If the system has no random numbers.
pub(super) fn name(label: Option<&str>) -> redis::RedisResult<String> {
    let token = token::fresh().map_err(token::missing)?;
    let process = || std::process::id().to_string();
    let label = label.map_or_else(process, str::to_owned);
    Ok(format!("{PREFIX}{label}:{token:032x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_with_the_same_label_are_told_apart() {
        let name = || name(Some("billing-7")).expect("a random source");
        let (one, other) = (name(), name());
        assert_ne!(one, other);
        assert!(one.starts_with("rr:billing-7:"), "{one}");
    }
}
