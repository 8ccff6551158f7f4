//! The key of an entry: the literal text of a template, and values written so that no two lists of arguments give the same key.

use std::fmt::{self, Write};
use std::ptr;

use redis_resilient_runtime::Breaker;

use crate::settings::Settings;

/// A key under way.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub struct Key(pub(crate) String);

#[allow(missing_docs, reason = "for expansions")]
impl Key {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let mut key = String::with_capacity(48);
        key.push_str(settings.prefix);
        if settings.version > 0 {
            separate(&mut key);
            // A string takes all that is written to it.
            let _ = write!(key, "v{}", settings.version);
        }
        separate(&mut key);
        Self(key)
    }

    /// One that tells the calls of one function apart, and is not sent to Redis.
    #[must_use]
    pub fn within() -> Self {
        Self(String::with_capacity(48))
    }

    /// Begins with what tells apart calls whose arguments are the same: a type.
    #[must_use]
    pub fn of_type(mut self, name: &str) -> Self {
        self.0.push_str(name);
        self.0.push('\0');
        self
    }

    /// The same by the Redis that the call is about: the first that was found, which its breaker stands for.
    #[must_use]
    pub fn of_redis<const N: usize>(mut self, found: [Option<&'static Breaker>; N]) -> Self {
        if let Some(breaker) = found.into_iter().flatten().next() {
            let _ = write!(self.0, "{:x}", ptr::from_ref(breaker).addr());
        }
        self.0.push('\0');
        self
    }

    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    /// A value, in which `separator`, the character that follows it in the template or may follow it in another, does not stay as it is; nor does `%`.
    /// `None`: it is written as it is.
    #[must_use]
    pub fn value(mut self, value: &dyn fmt::Display, separator: Option<char>) -> Self {
        let _ = write!(escaped(&mut self.0, separator), "{value}");
        self
    }

    #[must_use]
    pub fn debug(mut self, value: &dyn fmt::Debug, separator: Option<char>) -> Self {
        let _ = write!(escaped(&mut self.0, separator), "{value:?}");
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn separate(key: &mut String) {
    if !key.is_empty() {
        key.push(':');
    }
}

const fn escaped(key: &mut String, separator: Option<char>) -> Escaped<'_> {
    Escaped { key, separator }
}

/// Writes a value so that its end can be found again.
struct Escaped<'a> {
    key: &'a mut String,
    /// `None`: all of the key is this value.
    separator: Option<char>,
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some(separator) = self.separator else {
            self.key.push_str(text);
            return Ok(());
        };
        for part in text.split_inclusive(['%', separator]) {
            match part.chars().next_back() {
                Some(last) if last == '%' || last == separator => {
                    self.key.push_str(&part[..part.len() - last.len_utf8()]);
                    // `%` is `%25`: with so many digits none of the others begins like that.
                    match u32::from(last) {
                        code if last.is_ascii() => write!(self.key, "%{code:02X}")?,
                        code => write!(self.key, "%{code:08X}")?,
                    }
                }
                _ => self.key.push_str(part),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new("tests::user", "")
    }

    fn key(a: &str, b: &str) -> String {
        Key::new(&settings())
            .text("user:")
            .value(&a, Some(':'))
            .text(":")
            .value(&b, None)
            .0
    }

    #[test]
    fn begins_with_prefix_and_version() {
        let bare = settings();
        let prefixed = Settings::new("tests::user", "shop");
        let of = |settings: &Settings| Key::new(settings).text("user:").value(&7, None).0;
        assert_eq!(of(&bare), "user:7");
        assert_eq!(of(&prefixed), "shop:user:7");
        assert_eq!(of(&prefixed.version(2)), "shop:v2:user:7");
        assert_eq!(of(&bare.version(2)), "v2:user:7");
    }

    #[test]
    fn two_lists_of_arguments_never_give_one_key() {
        assert_eq!(key("a:b", "c"), "user:a%3Ab:c");
        assert_eq!(key("a", "b:c"), "user:a:b:c");
        let texts = [
            "", "a", ":", "%", "%3A", "%25", "a:", ":a", "%3", "::", "é", "%:",
        ];
        let mut keys = std::collections::BTreeMap::new();
        for a in texts {
            for b in texts {
                if let Some(other) = keys.insert(key(a, b), (a, b)) {
                    panic!("{other:?} and {:?} have one key", (a, b));
                }
            }
        }
    }

    #[test]
    fn whatever_stands_between_the_values_two_lists_are_two_keys() {
        // The code of some begins as that of `%` does, and their digits may be in a value.
        for separator in [':', '0', '2', '5', '\0', '/', 'é', '─', '\u{250aa}'] {
            let of = |a: &str, b: &str| {
                let key = Key::new(&settings()).value(&a, Some(separator));
                key.text(&separator.to_string()).value(&b, None).0
            };
            let digits = format!("%{:02X}", u32::from(separator));
            let rest = digits.get(3..).unwrap_or_default();
            let texts = [
                String::new(),
                "a".to_owned(),
                "%".to_owned(),
                separator.to_string(),
                format!("%{rest}"),
                format!("%25{rest}"),
                format!("%00{rest}"),
                digits.clone(),
                format!("{separator}{rest}"),
            ];
            let mut keys = std::collections::BTreeMap::new();
            for (a, b) in texts.iter().flat_map(|a| texts.iter().map(move |b| (a, b))) {
                if let Some(other) = keys.insert(of(a, b), (a, b)) {
                    let is_same = other == (a, b);
                    assert!(
                        is_same,
                        "{other:?} and {:?} have one key by {separator:?}",
                        (a, b)
                    );
                }
            }
        }
    }

    #[test]
    fn types_and_redis_tell_equal_arguments_apart() {
        static ONE: Breaker = Breaker::new("tests::key one");
        static TWO: Breaker = Breaker::new("tests::key two");
        let of = |redis| Key::within().of_redis([None, redis]).value(&7, None).0;
        assert_eq!(of(Some(&ONE)), of(Some(&ONE)));
        assert_ne!(of(Some(&ONE)), of(Some(&TWO)));
        assert_ne!(of(Some(&ONE)), of(None));
        let of = |ty| Key::within().of_type(ty).value(&"b", None).0;
        assert_ne!(of("a"), of("ab"));
    }

    #[test]
    fn values_are_written_as_they_are_shown() {
        let key = Key::new(&settings())
            .value(&-7, Some('-'))
            .text("-")
            .debug(&Some("x"), None);
        assert_eq!(key.0, "%2D7-Some(\"x\")");
    }
}
