//! What stands between the braces.

use proc_macro2::{Ident, Span};
use std::fmt;

/// `{order.id:?}`
pub(crate) struct Placeholder {
    /// The parameter.
    pub(crate) root: String,
    /// What is looked at in it: names and indices.
    pub(crate) fields: Vec<String>,
    pub(crate) debug: bool,
    pub(crate) span: Span,
}

impl Placeholder {
    /// Of what is between the braces; else what is wrong with it.
    pub(super) fn parse(content: &str, span: Span) -> Result<Self, String> {
        let (path, format) = match split_format(content) {
            (path, Some(format)) => (path.trim(), format.trim_end()),
            (path, None) => (path.trim(), ""),
        };
        if path.is_empty() || path.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!(
                "`{{{content}}}` names no parameter: a key has no arguments by position; write the name, `{{id}}`"
            ));
        }
        let mut names = path.split('.').map(str::trim);
        let root = names.next().unwrap_or_default().to_owned();
        let fields: Vec<String> = names.map(str::to_owned).collect();
        if !is_name(&root) || !fields.iter().all(|field| is_name(field) || is_index(field)) {
            return Err(not_a_field(path));
        }
        let debug = match format {
            "" => false,
            "?" => true,
            _ => return Err(format_is_wrong(path, format)),
        };
        Ok(Placeholder {
            root,
            fields,
            debug,
            span,
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = self.root.clone();
        for field in &self.fields {
            text.push('.');
            text.push_str(field);
        }
        text
    }
}

/// In braces.
impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.debug { ":?" } else { "" };
        write!(f, "{{{}{format}}}", self.text())
    }
}

/// At the first colon that is not one of two.
fn split_format(content: &str) -> (&str, Option<&str>) {
    match content.find(':') {
        Some(at)
            if !content
                .get(at + 1..)
                .is_some_and(|after| after.starts_with(':')) =>
        {
            let (path, format) = content.split_at(at);
            (path, format.get(1..))
        }
        _ => (content, None),
    }
}

fn is_name(text: &str) -> bool {
    let plain = text.strip_prefix("r#").unwrap_or(text);
    let is_word = plain.chars().all(|c| c.is_alphanumeric() || c == '_')
        && plain.starts_with(|c: char| c.is_alphabetic() || c == '_');
    // What is no identifier would not be one in the expansion either.
    is_word && plain != "_" && (text == "self" || syn::parse_str::<Ident>(text).is_ok())
}

fn is_index(text: &str) -> bool {
    !text.is_empty() && text.len() < 4 && text.chars().all(|c| c.is_ascii_digit())
}

fn not_a_field(path: &str) -> String {
    let advice = if path.contains('(') {
        "; give the function a parameter with what this returns"
    } else {
        ""
    };
    format!(
        "`{{{path}}}` is more than a key can hold: a placeholder is a parameter or a field of it, `{{id}}` or `{{order.id}}`{advice}"
    )
}

fn format_is_wrong(path: &str, format: &str) -> String {
    if format.contains('.') {
        return format!(
            "`{{{path}:{format}}}` loses digits, and different values would have one key: write `{{{path}}}`"
        );
    }
    let written = if format.ends_with('?') { ":?" } else { "" };
    format!(
        "`{{{path}:{format}}}` is dressed for the eye, which a key does not need: write `{{{path}{written}}}`{}",
        if written.is_empty() {
            format!(", or `{{{path}:?}}` for the text of `Debug`")
        } else {
            String::new()
        }
    )
}
