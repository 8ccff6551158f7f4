//! Code of the user as he would have written it, as far as its tokens tell.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

const LONGEST: usize = 60;

/// In backticks, or a description of what is too long for a sentence.
pub(super) fn code(tokens: impl ToTokens) -> String {
    let text = compact(tokens.into_token_stream());
    if text.chars().count() > LONGEST || text.contains(['`', '\n']) {
        return "what an expression gives".to_owned();
    }
    format!("`{text}`")
}

fn compact(tokens: TokenStream) -> String {
    let mut text = String::new();
    let mut previous = Previous::default();
    for token in tokens {
        if previous.wants_space_before(&token) {
            text.push(' ');
        }
        previous = previous.followed_by(&token);
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace if group.stream().is_empty() => ("{", "}"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.extend([open, &compact(group.stream()), close]);
            }
            other => text.push_str(&other.to_string()),
        }
    }
    text
}

/// What stands before a token, as far as the space between them depends on it.
#[derive(Default)]
struct Previous {
    kind: Kind,
    /// Angle brackets that are open, of `::<…>`.
    generics: u32,
    /// In the parameters of a closure.
    parameters: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// Nothing, or what belongs to the next token: `.`, `::`, `&`.
    #[default]
    Start,
    Word,
    Group,
    /// The first half of a mark of two.
    Joint,
    Mark,
    Colons,
}

impl Previous {
    fn wants_space_before(&self, token: &TokenTree) -> bool {
        match (self.kind, token) {
            (Kind::Start | Kind::Joint | Kind::Colons, _) => false,
            (_, TokenTree::Punct(mark)) => match mark.as_char() {
                ',' | ';' | '.' | '?' | ':' => false,
                '!' => mark.spacing() == Spacing::Joint,
                '<' | '>' => self.generics == 0,
                '|' => !self.parameters,
                _ => true,
            },
            (Kind::Word | Kind::Group, TokenTree::Group(group)) => {
                group.delimiter() == Delimiter::Brace
            }
            _ => true,
        }
    }

    fn followed_by(&self, token: &TokenTree) -> Self {
        let Previous {
            kind: before,
            mut generics,
            mut parameters,
        } = *self;
        let operand = matches!(before, Kind::Word | Kind::Group);
        let kind = match token {
            TokenTree::Ident(word) if is_followed_by_operand(&word.to_string()) => Kind::Mark,
            TokenTree::Ident(_) | TokenTree::Literal(_) => Kind::Word,
            TokenTree::Group(_) => Kind::Group,
            TokenTree::Punct(mark) => match (mark.as_char(), mark.spacing()) {
                ('.' | '\'', _) | ('!' | '#', Spacing::Alone) => Kind::Start,
                // The end of `..=`.
                ('=', _) if before == Kind::Start => Kind::Start,
                ('&' | '*' | '-', _) if !operand && before != Kind::Joint => Kind::Start,
                (':', _) if before == Kind::Joint => Kind::Colons,
                ('|', Spacing::Alone) if parameters || !operand => {
                    parameters = !parameters;
                    if parameters { Kind::Start } else { Kind::Mark }
                }
                ('<', _) if !operand || generics > 0 => {
                    generics += 1;
                    Kind::Start
                }
                ('>', _) if generics > 0 => {
                    generics -= 1;
                    Kind::Word
                }
                (_, Spacing::Joint) => Kind::Joint,
                (_, Spacing::Alone) => Kind::Mark,
            },
        };
        Previous {
            kind,
            generics,
            parameters,
        }
    }
}

fn is_followed_by_operand(word: &str) -> bool {
    matches!(
        word,
        "as" | "else" | "if" | "in" | "match" | "move" | "mut" | "return"
    )
}
