//! Where something is in a string literal, if the compiler tells.

use proc_macro2::{Literal, Span};
use std::ops::Range;
use syn::LitStr;

pub(super) struct Places {
    literal: Literal,
    /// Where the text begins in the source; `None` if escapes shift what follows, or bytes and characters differ.
    start: Option<usize>,
}

impl Places {
    pub(super) fn of(literal: &LitStr) -> Self {
        let token = literal.token();
        let source = token.to_string();
        let start = source.find('"').map(|quote| quote + 1);
        let is_raw = source.starts_with('r');
        Places {
            literal: token,
            start: start.filter(|_| source.is_ascii() && (is_raw || !source.contains('\\'))),
        }
    }

    /// In bytes of the text. All of the literal, where only nightly compilers could tell more.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.start
            .and_then(|start| self.literal.subspan(start + range.start..start + range.end))
            .unwrap_or_else(|| self.literal.span())
    }
}
