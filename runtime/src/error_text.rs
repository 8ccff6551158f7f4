//! What an error says, for people who read events: one line of limited length, with all that its sources add, and without what servers
//! and clients repeat of arguments, replies and passwords. Pure.

mod redact;

use std::error::Error;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use redis::{RedisError, ServerError};

use crate::chain;
use crate::class::tagged::ClassMark;

/// In characters.
const MAX_CHARS: usize = 300;
/// What is looked at of one link, in bytes: a parse error of redis-rs has the whole reply in it.
const MAX_LINK: usize = 4096;
/// So few links add something.
const MAX_LINKS: usize = 8;
/// By so many bytes the text of a link is found again in that of one around it.
const MARK: usize = 48;

/// What `error` and its sources say.
pub fn error_text(error: &(dyn Error + 'static)) -> String {
    // It is the application's code that runs here, in a call that would otherwise not run it.
    let text = catch_unwind(AssertUnwindSafe(|| text_of_chain(error)));
    text.unwrap_or_else(|_| "the error panics when it is displayed".to_owned())
}

/// The text of a link, and what may be shown of it.
struct Link {
    raw: String,
    shown: String,
}

fn text_of_chain(error: &(dyn Error + 'static)) -> String {
    let mut links: Vec<(String, bool)> = Vec::new();
    chain::find_map(error, &mut |link: &(dyn Error + 'static)| {
        if link.is::<ClassMark>() {
            return None;
        }
        let raw = one_line(&limited(link));
        match links.iter_mut().find(|(seen, _)| *seen == raw) {
            Some((_, is_reply)) => *is_reply |= is_a_reply(link),
            None => links.push((raw, is_a_reply(link))),
        }
        (links.len() == MAX_LINKS).then_some(())
    });
    // From the inside: what is inside of it has been redacted already, and better than by its look.
    let mut inner: Vec<Link> = Vec::new();
    for (raw, is_reply) in links.into_iter().rev() {
        let mut shown = if is_reply {
            redact::redacted_reply(&raw)
        } else {
            raw.clone()
        };
        for link in &inner {
            shown = replaced(&shown, link);
        }
        shown = redact::redacted(&shown);
        inner.push(Link { raw, shown });
    }
    let mut text = String::new();
    for link in inner.iter().rev() {
        if text.is_empty() {
            text.clone_from(&link.shown);
        } else if !text.contains(&link.shown) {
            text.push_str(": ");
            text.push_str(&link.shown);
        }
    }
    shortened(&text)
}

/// An error reply of the server, or several: what is in quotes there may be anything that was sent.
fn is_a_reply(link: &(dyn Error + 'static)) -> bool {
    match link.downcast_ref::<RedisError>() {
        Some(error) => matches!(
            error.kind(),
            redis::ErrorKind::Server(_) | redis::ErrorKind::Extension
        ),
        None => link.is::<ServerError>(),
    }
}

/// `text`, with what may be shown of a link where that one's text is. Of a text that has been cut nothing is left from there on.
fn replaced(text: &str, link: &Link) -> String {
    if link.raw == link.shown || link.raw.is_empty() {
        return text.to_owned();
    }
    if text.contains(&link.raw) {
        return text.replace(&link.raw, &link.shown);
    }
    let mark = beginning(&link.raw, MARK);
    match text.find(mark) {
        Some(at) if link.raw.len() > MARK => format!("{}{}", &text[..at], link.shown),
        _ => text.to_owned(),
    }
}

/// The beginning of what a link says.
fn limited(link: &dyn Error) -> String {
    struct Limited(String);

    impl fmt::Write for Limited {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = MAX_LINK.saturating_sub(self.0.len());
            self.0.push_str(beginning(text, room));
            if text.len() > room {
                return Err(fmt::Error);
            }
            Ok(())
        }
    }

    let mut text = Limited(String::new());
    // It fails where the text is longer, and what there is of it then is enough.
    let _ = write!(text, "{link}");
    text.0
}

/// So many bytes of it, or a few less: no part of a character.
fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// With a space for all that ends a line or controls a terminal, and for several spaces.
fn one_line(text: &str) -> String {
    let is_space = |c: char| c.is_whitespace() || c.is_control() || is_unseen(c);
    let words: Vec<&str> = text
        .split(is_space)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// What changes how the text around it is read, without being seen: U+2066 and the like.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn shortened(text: &str) -> String {
    if text.chars().nth(MAX_CHARS).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MAX_CHARS - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
#[path = "error_text/tests.rs"]
mod tests;
