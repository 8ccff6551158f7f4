//! The `key`: a format string over the parameters, as a [`Template`].
//!
//! Two argument lists must not give one text. A value is written with the character that follows it escaped, so that its end can be seen; what
//! would make that impossible is an error here.

pub(crate) mod coverage;
mod handles;
pub(crate) mod parts;
mod placeholder;
mod places;
pub(crate) mod variables;

pub(crate) use self::placeholder::Placeholder;
use self::places::Places;
use crate::errors::Errors;
use syn::LitStr;

/// The key, read.
#[derive(Default)]
pub(crate) struct Template {
    pub(crate) parts: Vec<Part>,
}

pub(crate) enum Part {
    Text(String),
    Value(Placeholder),
}

impl Template {
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(placeholder) => Some(placeholder),
            Part::Text(_) => None,
        })
    }

    /// Each placeholder with the first character of what follows it.
    #[cfg(test)]
    pub(crate) fn show(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => format!("[{text}]"),
                Part::Value(value) => {
                    format!("<{}{}>", value.text(), ["", "?"][usize::from(value.debug)])
                }
            })
            .collect()
    }
}

/// `None` if it cannot be read to its end; there may be errors nevertheless.
pub(crate) fn parse(literal: &LitStr, errors: &mut Errors) -> Option<Template> {
    let text = literal.value();
    let places = Places::of(literal);
    if text.is_empty() {
        errors.at(
            literal.span(),
            "the key is empty: write a text with the parameters in braces, `key = \"user:{id}\"`",
        );
        return None;
    }
    let mut reader = Reader {
        text: &text,
        at: 0,
        places,
        parts: Vec::new(),
        plain: String::new(),
        is_good: true,
    };
    reader.read(errors);
    reader.end_text();
    let template = Template {
        parts: reader.parts,
    };
    check_ends(&template, errors);
    reader.is_good.then_some(template)
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    places: Places,
    parts: Vec<Part>,
    /// The text since the last placeholder.
    plain: String,
    is_good: bool,
}

impl Reader<'_> {
    fn read(&mut self, errors: &mut Errors) {
        while let Some(next) = self.rest().chars().next() {
            let is_double = self.rest().chars().nth(1) == Some(next);
            match next {
                '{' | '}' if is_double => {
                    self.plain.push(next);
                    self.at += 2;
                }
                '{' => {
                    if !self.placeholder(errors) {
                        return;
                    }
                }
                '}' => {
                    self.wrong(
                        self.at..self.at + 1,
                        "this `}` closes nothing: write `}}` for the character itself",
                        errors,
                    );
                    self.at += 1;
                }
                other => {
                    self.plain.push(other);
                    self.at += other.len_utf8();
                }
            }
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Can the key be read on?
    fn placeholder(&mut self, errors: &mut Errors) -> bool {
        let start = self.at;
        let inner = self.rest().get(1..).unwrap_or_default().to_owned();
        let end = inner.find(['{', '}']);
        let Some(end) = end.filter(|end| inner.get(*end..).is_some_and(|at| at.starts_with('}')))
        else {
            let name: String = inner
                .trim_start()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let name = if name.is_empty() { "id" } else { &name };
            let until = end.unwrap_or(inner.len());
            self.wrong(
                start..start + 1 + until,
                &format!("this `{{` is not closed: write `{{{name}}}`, or `{{{{` for the character itself"),
                errors,
            );
            return false;
        };
        let content = inner.get(..end).unwrap_or_default();
        let after = start + end + 2;
        let span = self.places.span(start..after);
        match Placeholder::parse(content, span) {
            Ok(placeholder) => {
                self.end_text();
                self.parts.push(Part::Value(placeholder));
            }
            Err(message) => self.wrong(start..after, &message, errors),
        }
        self.at = after;
        true
    }

    fn wrong(&mut self, range: std::ops::Range<usize>, message: &str, errors: &mut Errors) {
        self.is_good = false;
        errors.at(self.places.span(range), message);
    }

    fn end_text(&mut self) {
        if !self.plain.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.plain)));
        }
    }
}

/// Can the end of each value be seen?
fn check_ends(template: &Template, errors: &mut Errors) {
    for pair in template.parts.windows(2) {
        match pair {
            [Part::Value(first), Part::Value(second)] => errors.at(
                second.span,
                format!(
                    "nothing stands between `{first}` and `{second}`: `1` and `23` would have the key of `12` and `3`; \
                     write `{first}:{second}`"
                ),
            ),
            [Part::Value(value), Part::Text(text)] if text.starts_with('%') => errors.at(
                value.span,
                format!(
                    "a `%` behind `{value}` would not show where the value ends, for values are escaped with it: write another character"
                ),
            ),
            _ => {}
        }
    }
}

/// `user:{id}:{lang}`, as a key that could be written for a function of that name.
pub(crate) fn suggested(function: &str, names: &[String]) -> String {
    let mut key = function
        .trim_start_matches("get_")
        .trim_start_matches("load_")
        .trim_start_matches("fetch_")
        .trim_start_matches("find_")
        .to_owned();
    for name in names {
        key.extend([":{", name, "}"]);
    }
    key
}
