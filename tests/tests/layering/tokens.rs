//! Rust's tokens, as far as imports need them: comments are left out, and of strings nothing but their text.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or a keyword; a number too.
    Name(String),
    Text(String),
    /// `::`
    Colons,
    Mark(char),
}

pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let (mut found, mut i) = (Vec::new(), 0);
    while i < chars.len() {
        let c = chars[i];
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if c == '"' {
            let mut text = String::new();
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                if chars[i] == '\\' {
                    i += 1;
                }
                text.push(at(i));
                i += 1;
            }
            i += 1;
            found.push(Token::Text(text));
        } else if c == '\'' {
            if at(i + 1) == '\\' {
                i += 3;
                while i < chars.len() && chars[i] != '\'' {
                    i += 1;
                }
                i += 1;
            } else if at(i + 2) == '\'' {
                i += 3;
            } else {
                // A lifetime.
                i += 1;
            }
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            let name: String = chars[start..i].iter().collect();
            let hashes = (i..chars.len()).take_while(|i| at(*i) == '#').count();
            if matches!(name.as_str(), "r" | "br" | "cr") && at(i + hashes) == '"' {
                i += hashes + 1;
                let is_end = |i: usize| at(i) == '"' && (1..=hashes).all(|n| at(i + n) == '#');
                while i < chars.len() && !is_end(i) {
                    i += 1;
                }
                i += hashes + 1;
                found.push(Token::Text(String::new()));
            } else if !(matches!(name.as_str(), "b" | "c") && matches!(at(i), '"' | '\'')) {
                found.push(Token::Name(name));
            }
        } else if c == ':' && at(i + 1) == ':' {
            i += 2;
            found.push(Token::Colons);
        } else {
            i += 1;
            if !c.is_whitespace() {
                found.push(Token::Mark(c));
            }
        }
    }
    found
}

#[test]
fn comments_strings_and_characters_hide_what_is_in_them() {
    let source = r##"a // crate::b
        /* crate::c /* d */ e */ "crate::f \" g" 'h' '\'' '{' &'i j b"k" r#"l " m"# b'n' x::y"##;
    let names: Vec<_> = tokens(source)
        .into_iter()
        .filter_map(|token| match token {
            Token::Name(name) => Some(name),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["a", "i", "j", "x", "y"]);
}
