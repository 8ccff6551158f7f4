//! What becomes of a shape, as its test or the compiler's text shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Works,
    /// Errors of the macro.
    Ours(Vec<String>),
    /// Errors of the compiler, by their codes; those without are lints and the like.
    Compiler {
        codes: BTreeSet<String>,
        texts: Vec<String>,
        /// Whether it says what a trait of ours tells it to say.
        in_our_words: bool,
    },
}

impl Outcome {
    pub(crate) fn cell(&self) -> String {
        match self {
            Outcome::Works => "works".to_owned(),
            Outcome::Ours(texts) => format!("our error: {}", listed(texts)),
            Outcome::Compiler {
                codes,
                texts,
                in_our_words,
            } => {
                let codes: Vec<_> = codes
                    .iter()
                    .map(|code| {
                        format!("[`{code}`](https://doc.rust-lang.org/error_codes/{code}.html)")
                    })
                    .collect();
                let codes = match codes.as_slice() {
                    [] => "rustc's error".to_owned(),
                    codes => format!("rustc's {}", codes.join(", ")),
                };
                let words = if *in_our_words { ", in our words" } else { "" };
                format!("{codes}{words}: {}", listed(texts))
            }
        }
    }
}

/// For a cell, each only once.
fn listed(texts: &[String]) -> String {
    let mut cell = String::new();
    for (index, text) in texts.iter().enumerate() {
        if texts[..index].contains(text) {
            continue;
        }
        if index > 0 {
            cell.push_str("<br>");
        }
        cell.push_str(&text.replace('|', "\\|"));
    }
    cell
}

/// Where the words of our errors stand.
pub(crate) struct Sources(String);

impl Sources {
    pub(crate) fn read(directories: &[PathBuf]) -> std::io::Result<Self> {
        let mut text = String::new();
        let mut waiting = directories.to_vec();
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(directory)? {
                let path = entry?.path();
                // What tests expect is no proof of what is said.
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name == "tests" || name.ends_with("tests.rs") {
                    continue;
                }
                if path.is_dir() {
                    waiting.push(path);
                } else if path.extension().is_some_and(|found| found == "rs") {
                    // Comments use common words too.
                    let source = fs::read_to_string(path)?;
                    let code = source
                        .lines()
                        .filter(|line| !line.trim_start().starts_with("//"));
                    text.extend(code.flat_map(|line| [line, "\n"]));
                }
            }
        }
        Ok(Sources(joined(&text)))
    }

    /// Are these our words? What stands in quotes may be the user's, and a single word is anybody's.
    fn have(&self, message: &str) -> bool {
        let mut unquoted = message
            .split('`')
            .step_by(2)
            .flat_map(|part| part.split('"').step_by(2));
        let telling = |part: &str| part.len() > 12 || part.starts_with([';', ':']);
        unquoted.any(|part| part.len() >= 8 && telling(part) && self.0.contains(part))
    }

    /// What the compiler says; all of its errors have to be of one kind.
    #[track_caller]
    pub(crate) fn outcome(&self, text: &str) -> Outcome {
        let errors: Vec<(Option<&str>, &str)> = text.lines().filter_map(error).collect();
        assert!(!errors.is_empty(), "no error in {text}");
        let all = |is: &dyn Fn(Option<&str>, &str) -> bool| {
            let so = errors
                .iter()
                .filter(|(code, message)| is(*code, message))
                .count();
            assert!(
                so == 0 || so == errors.len(),
                "two kinds of errors in {text}"
            );
            so > 0
        };
        let have_code = all(&|code, _| code.is_some());
        let in_our_words = all(&|_, message| self.have(message));
        let texts = errors
            .iter()
            .map(|(_, message)| (*message).to_owned())
            .collect();
        if in_our_words && !have_code {
            return Outcome::Ours(texts);
        }
        Outcome::Compiler {
            codes: errors
                .iter()
                .filter_map(|(code, _)| code.map(str::to_owned))
                .collect(),
            texts,
            in_our_words,
        }
    }
}

/// Literals that go on in the next line, in one.
fn joined(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let mut joined = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        joined.push_str(line.trim_start());
    }
    joined
}

/// The code and the message of a line that begins an error.
fn error(line: &str) -> Option<(Option<&str>, &str)> {
    let rest = line.strip_prefix("error")?;
    match rest.strip_prefix('[') {
        Some(rest) => {
            let (code, message) = rest.split_once("]: ")?;
            Some((Some(code), message))
        }
        None => Some((None, rest.strip_prefix(": ")?)),
    }
}

#[test]
fn whose_error_it_is() {
    let sources = Sources(joined(
        "\"`#[a]` goes on \\\n    a function, not on a {found}\", \"unknown {name}; write `{}`\"",
    ));
    let ours = |texts: &[&str]| Outcome::Ours(texts.iter().map(|&text| text.to_owned()).collect());
    let one = "`#[a]` goes on a function, not on a `struct`";
    let two = "unknown key \"x\"; write `y`";
    assert_eq!(
        sources.outcome(&format!(
            "error: {one}\n --> a.rs:1:1\n\nerror: {two}\nerror: {one}\n"
        )),
        ours(&[one, two, one])
    );
    assert_eq!(
        ours(&[one, two, one]).cell(),
        format!("our error: {one}<br>{two}")
    );
    let compiler = |code: &[&str], text: &str, in_our_words| Outcome::Compiler {
        codes: code.iter().map(|&code| code.to_owned()).collect(),
        texts: vec![text.to_owned()],
        in_our_words,
    };
    for (text, outcome) in [
        (
            "error: unused variable: `a`",
            compiler(&[], "unused variable: `a`", false),
        ),
        (
            "error[E0382]: use of `a`",
            compiler(&["E0382"], "use of `a`", false),
        ),
        (
            &format!("error[E0277]: {one}"),
            compiler(&["E0277"], one, true),
        ),
    ] {
        assert_eq!(sources.outcome(text), outcome, "{text}");
    }
}
