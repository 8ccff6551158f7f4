//! What one file imports, and the modules that it declares. Test code and the bodies of `macro_rules!` are left out.

use super::tokens::{Token, tokens};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// `mod name;`, and the `#[path]` of it.
    pub(crate) children: Vec<(String, Option<String>)>,
    pub(crate) imports: Vec<Import>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The modules within the file, in which it stands.
    pub(crate) within: Vec<String>,
    pub(crate) path: Vec<String>,
    pub(crate) is_use: bool,
    pub(crate) is_public: bool,
}

pub(crate) fn read(text: &str) -> Source {
    let tokens = tokens(text);
    let mut source = Source::default();
    // The modules that are open, and how many braces are open in them.
    let mut within: Vec<(String, usize)> = Vec::new();
    let (mut path, mut is_public, mut depth, mut i) = (None, false, 0_usize, 0);
    while i < tokens.len() {
        let names = || {
            within
                .iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>()
        };
        match &tokens[i] {
            Token::Mark('#') => {
                let end = closing(&tokens, i + 1);
                let attribute = &tokens[i..end];
                i = end;
                if is_for_tests(attribute) {
                    i = after_item(&tokens, i);
                } else if is_name(attribute.get(2), "path") {
                    path = attribute.iter().find_map(|token| match token {
                        Token::Text(text) => Some(text.clone()),
                        _ => None,
                    });
                }
                continue;
            }
            Token::Name(name) if name == "macro_rules" => i = after_item(&tokens, i),
            Token::Name(name) if name == "pub" => {
                is_public = true;
                i += 1;
                if tokens.get(i) == Some(&Token::Mark('(')) {
                    i = closing(&tokens, i);
                }
                continue;
            }
            Token::Name(name) if name == "mod" => {
                if let (Some(Token::Name(child)), Some(next)) =
                    (tokens.get(i + 1), tokens.get(i + 2))
                {
                    if *next == Token::Mark('{') {
                        depth += 1;
                        within.push((child.clone(), depth));
                    } else {
                        source.children.push((child.clone(), path.take()));
                    }
                    i += 3;
                } else {
                    i += 1;
                }
            }
            Token::Name(name) if name == "use" => {
                let end = (i..tokens.len()).find(|i| tokens[*i] == Token::Mark(';'));
                let end = end.unwrap_or(tokens.len());
                for path in tree(&tokens[i + 1..end], &[]) {
                    source.imports.push(Import {
                        within: names(),
                        path,
                        is_use: true,
                        is_public,
                    });
                }
                i = end + 1;
            }
            Token::Name(name)
                if matches!(name.as_str(), "crate" | "super" | "self")
                    && tokens.get(i + 1) == Some(&Token::Colons) =>
            {
                let mut path = vec![name.clone()];
                i += 1;
                while let (Some(Token::Colons), Some(Token::Name(next))) =
                    (tokens.get(i), tokens.get(i + 1))
                {
                    path.push(next.clone());
                    i += 2;
                }
                source.imports.push(Import {
                    within: names(),
                    path,
                    is_use: false,
                    is_public: false,
                });
            }
            Token::Mark('{') => (depth, i) = (depth + 1, i + 1),
            Token::Mark('}') => {
                if within.last().is_some_and(|(_, open)| *open == depth) {
                    within.pop();
                }
                (depth, i) = (depth.saturating_sub(1), i + 1);
            }
            _ => i += 1,
        }
        is_public = false;
    }
    source
}

fn is_name(token: Option<&Token>, name: &str) -> bool {
    matches!(token, Some(Token::Name(found)) if found == name)
}

/// `#[cfg(test)]` and `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &[Token]) -> bool {
    let is = |index: usize, name| is_name(attribute.get(index), name);
    is(2, "cfg") && (is(4, "test") || is(4, "all") && is(6, "test"))
}

/// After the bracket that closes the one here.
fn closing(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// After the item that begins here.
fn after_item(tokens: &[Token], from: usize) -> usize {
    let mut i = from;
    while let Some(token) = tokens.get(i) {
        match token {
            Token::Mark(';') => return i + 1,
            Token::Mark('{') => {
                let end = closing(tokens, i);
                // `use a::{b};`
                return if tokens.get(end) == Some(&Token::Mark(';')) {
                    end + 1
                } else {
                    end
                };
            }
            Token::Mark('(' | '[') => i = closing(tokens, i),
            _ => i += 1,
        }
    }
    i
}

/// The paths of a tree of imports.
fn tree(tokens: &[Token], prefix: &[String]) -> Vec<Vec<String>> {
    let (mut path, mut i) = (prefix.to_vec(), 0);
    while let Some(token) = tokens.get(i) {
        match token {
            Token::Name(name) if name == "as" => break,
            Token::Name(name) if name == "self" && !path.is_empty() => {}
            Token::Name(name) => path.push(name.clone()),
            Token::Mark('{') => {
                let inside = &tokens[i + 1..closing(tokens, i) - 1];
                return branches(inside)
                    .into_iter()
                    .flat_map(|branch| tree(branch, &path))
                    .collect();
            }
            _ => {}
        }
        i += 1;
    }
    if path.is_empty() {
        Vec::new()
    } else {
        vec![path]
    }
}

fn branches(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') => depth -= 1,
            Token::Mark(',') if depth == 0 => {
                found.push(&tokens[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    found.push(&tokens[start..]);
    found
        .into_iter()
        .filter(|branch| !branch.is_empty())
        .collect()
}

#[test]
fn reads_trees_and_paths_and_leaves_out_tests_and_macros() {
    let source = read(
        r#"
        pub(crate) mod child;
        #[path = "elsewhere.rs"] mod moved;
        #[cfg(test)] mod tests;
        pub use self::child::{One as Two, deep::{self, *}};
        #[cfg(test)] use crate::only_in_tests::{A, B};
        mod inline { use super::super::above::X; }
        fn code() { crate::rooms::call("crate::text"); } // crate::comment
        macro_rules! m { () => { crate::in_macro::x() } }
        #[cfg(all(test, feature = "x"))]
        mod more_tests { use crate::hidden::Y; }
        "#,
    );
    assert_eq!(
        source.children,
        [
            ("child".to_owned(), None),
            ("moved".to_owned(), Some("elsewhere.rs".to_owned()))
        ]
    );
    let paths: Vec<_> = source
        .imports
        .iter()
        .map(|import| {
            (
                import.within.join("::"),
                import.path.join("::"),
                import.is_public,
            )
        })
        .collect();
    let expected = [
        ("", "self::child::One", true),
        ("", "self::child::deep", true),
        ("", "self::child::deep", true),
        ("inline", "super::super::above::X", false),
        ("", "crate::rooms::call", false),
    ];
    let expected =
        expected.map(|(within, path, public)| (within.to_owned(), path.to_owned(), public));
    assert_eq!(paths, expected);
}
