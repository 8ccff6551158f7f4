//! Takes out of a text what may be a secret, or the application's data. Pure.
//!
//! What servers repeat was tried out on Redis 7.0 and 8.2 and Valkey 9.1, what redis-rs repeats was read in its releases 1.1 and 1.8.

/// In the place of what was taken out.
const GONE: &str = "…";

/// What follows one of these to the end is arguments of a command, or a reply. The first is the servers' "unknown command", the next two are redis-rs's.
const REPEATS: [&str; 6] = [
    "with args beginning with:",
    "(value was ",
    "(response was ",
    "shebang: ",
    "shebang option: ",
    "REPLCONF option: ",
];

/// What follows one of these is an argument in quotes, also where it is not known that a server says it.
const QUOTES: [&str; 3] = ["modifier '", "HELLO option '", "selector starting at '"];

/// Any text: of an error, or around one.
pub(super) fn redacted(text: &str) -> String {
    let text = without_parsed(text);
    let (before, reply) = text.split_at(begin_of_reply(&text));
    let text = format!("{before}{}", redacted_reply(reply));
    let text = without_repeats(&text);
    let text = without_quoted(&text, |before| {
        QUOTES.iter().any(|quote| before.ends_with(quote))
    });
    without_passwords(&without_userinfo(&with_plain_codes(&text)))
}

/// The text of an error reply: what is in quotes may be anything that was sent, but for the few that are words of the server's own.
pub(super) fn redacted_reply(text: &str) -> String {
    let text = without_repeats(text);
    without_quoted(&text, |before| !before.ends_with("unknown command '"))
}

/// Where an error reply begins in a text, as redis-rs writes it: `ResponseError: …`, or `"NOGROUP": …`; the text's end where there is none.
fn begin_of_reply(text: &str) -> usize {
    const KINDS: [&str; 5] = [
        "ResponseError: ",
        "NoPerm: ",
        "ExecAbort: ",
        "NoScript: ",
        "ReadOnly: ",
    ];
    let known = KINDS.iter().filter_map(|kind| text.find(kind));
    let codes = quoted_codes(text).map(|(begin, _)| begin);
    known.chain(codes).min().unwrap_or(text.len())
}

/// Where codes begin and end that redis-rs has put in quotes: `"NOGROUP": …`. With their quotes.
fn quoted_codes(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.match_indices("\": ").filter_map(|(end, _)| {
        let begin = text[..end].rfind('"')?;
        let code = &text[begin + 1..end];
        let is_code = !code.is_empty() && code.chars().all(|c| c.is_ascii_uppercase());
        is_code.then_some((begin, end + 1))
    })
}

/// As the server writes them.
fn with_plain_codes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for (begin, end) in quoted_codes(text) {
        plain.push_str(&text[from..begin]);
        plain.push_str(&text[begin + 1..end - 1]);
        from = end;
    }
    plain.push_str(&text[from..]);
    plain
}

fn without_repeats(text: &str) -> String {
    let ends = REPEATS
        .iter()
        .filter_map(|begin| text.find(begin).map(|at| at + begin.len()));
    match ends.min() {
        Some(end) if !text[end..].trim().is_empty() => {
            format!("{} {GONE}", text[..end].trim_end())
        }
        _ => text.to_owned(),
    }
}

/// Without the reply that redis-rs could not read: it stands in brackets at the end, but where redis-rs itself has mixed up the two, and what
/// the application's own types say of it is theirs.
fn without_parsed(text: &str) -> String {
    const BEGIN: &str = "Incompatible type - ";
    const OWN_WORDS: [&str; 7] = [
        "Parse error at ",
        "Invalid UTF-8",
        "Cannot convert from UTF-8",
        "Value contains interior nul",
        "Conversion to ",
        "Vector of length ",
        "Vector with length ",
    ];
    let Some(at) = text.find(BEGIN) else {
        return text.to_owned();
    };
    let said = at + BEGIN.len();
    let rest = &text[said..];
    if OWN_WORDS.iter().any(|words| rest.starts_with(words)) {
        return text.to_owned();
    }
    // The words in double quotes.
    let quoted = rest
        .strip_prefix('"')
        .and_then(|rest| rest.find('"'))
        .map(|length| said + length + 2);
    match quoted {
        Some(end) if text[end..].is_empty() => text.to_owned(),
        Some(end) => format!("{} {GONE}", &text[..end]),
        None => format!("{}{GONE}", &text[..said]),
    }
}

/// Without what is in single quotes that begin where `is_secret` says so of the text up to them, with them. It may have quotes in it: all
/// is taken up to the last one.
fn without_quoted(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let mut from = 0;
    while let Some(at) = text[from..].find('\'').map(|at| from + at) {
        let inside = at + 1;
        let opens = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        if !opens {
            from = inside;
            continue;
        }
        let Some(length) = text[inside..].find('\'') else {
            // It was cut.
            return if is_secret(&text[..inside]) {
                format!("{}{GONE}", &text[..inside])
            } else {
                text.to_owned()
            };
        };
        let quoted = &text[inside..inside + length];
        let after = &text[inside + length + 1..];
        if is_secret(&text[..inside]) && !is_own_word(quoted, after) {
            let end = text.rfind('\'').unwrap_or(inside);
            return format!("{}{GONE}{}", &text[..inside], &text[end.max(inside)..]);
        }
        from = inside + length + 1;
    }
    text.to_owned()
}

/// A word that the server has not from a client: a command of its table, or a setting.
fn is_own_word(quoted: &str, after: &str) -> bool {
    quoted == "maxmemory" || after.starts_with(" command")
}

/// Without the user and the password of a URL.
fn without_userinfo(text: &str) -> String {
    const SCHEME: &str = "://";
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SCHEME) {
        let (before, after) = rest.split_at(at + SCHEME.len());
        shown.push_str(before);
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | ']');
        let end = after.find(ends).unwrap_or(after.len());
        let host = after[..end].rfind('@').map_or(0, |at| at + 1);
        rest = &after[host..];
    }
    shown.push_str(rest);
    shown
}

/// What a secret stands behind. With true, also with nothing but a space between.
const NAMES: [(&str, bool); 9] = [
    ("password", true),
    ("passwd", true),
    ("requirepass", true),
    ("masterauth", true),
    ("primaryauth", true),
    ("passphrase", true),
    ("secret", false),
    ("token", false),
    ("pwd", false),
];

/// Words that follow "password" in texts of servers and clients, and are none.
const NO_SECRETS: [&str; 59] = [
    "and",
    "are",
    "authentication",
    "authenticator",
    "but",
    "by",
    "called",
    "can",
    "cannot",
    "changed",
    "check",
    "configured",
    "configuration",
    "could",
    "did",
    "does",
    "expired",
    "failed",
    "file",
    "for",
    "from",
    "has",
    "hash",
    "hashes",
    "have",
    "if",
    "in",
    "incorrect",
    "invalid",
    "is",
    "may",
    "missing",
    "mismatch",
    "must",
    "needed",
    "no",
    "not",
    "of",
    "on",
    "or",
    "pair",
    "protected",
    "provided",
    "required",
    "rejected",
    "set",
    "should",
    "that",
    "the",
    "to",
    "used",
    "was",
    "were",
    "when",
    "which",
    "with",
    "would",
    "wrong",
    "you",
];

fn without_passwords(text: &str) -> String {
    // Of the same length: only ASCII is changed.
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    while let Some((end, with_space)) = next_name(&lower, from) {
        shown.push_str(&text[from..end]);
        from = end;
        let Some(secret) = secret_behind(&text[end..], with_space) else {
            continue;
        };
        shown.push_str(&text[end..end + secret.0]);
        shown.push_str(GONE);
        from = end + secret.1;
    }
    shown.push_str(&text[from..]);
    shown
}

/// Where the next name of a secret ends.
fn next_name(lower: &str, from: usize) -> Option<(usize, bool)> {
    let found = NAMES.iter().filter_map(|(name, with_space)| {
        let at = lower[from..].find(name)?;
        Some((from + at + name.len(), *with_space))
    });
    found.min()
}

/// Where the secret begins and ends, in what follows its name.
fn secret_behind(text: &str, with_space: bool) -> Option<(usize, usize)> {
    let gap = |c: char| c.is_whitespace() || matches!(c, '=' | ':' | '"' | '\'' | '`' | '(');
    let begin = text.find(|c: char| !gap(c))?;
    let between = &text[..begin];
    let assigned = between.contains(['=', ':']);
    if begin == 0 || !(assigned || with_space) {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '`' | ')' | '&');
    let length = text[begin..].find(ends).unwrap_or(text.len() - begin);
    let word = text[begin..begin + length].trim_end_matches('.');
    let is_none = word.is_empty()
        || !assigned && NO_SECRETS.contains(&word.to_ascii_lowercase().as_str())
        || word == GONE;
    (!is_none).then_some((begin, begin + length))
}
