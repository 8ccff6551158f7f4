//! The commands that a body visibly sends, and that must not be executed twice.
//!
//! Which type a method belongs to cannot be seen in tokens. So a name that is redis-rs's alone counts wherever it is called with as many
//! arguments as redis-rs wants; one that other types have too (`append`, `del`, `publish`) only where somebody waits for what it gives, for
//! a command whose result is dropped is never sent, but in a pipeline. To see too much costs the retry of an ambiguous failure, to see
//! too little executes a command twice: in doubt it counts.

mod methods;
mod names;
mod second_words;
#[cfg(test)]
mod tests;

use crate::item::{Shape, Target};
use methods::Rule;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Token};

/// What `Commands::incr(connection, "n", 1)` and its like begin with.
const TYPES: [&str; 10] = [
    "AsyncCommands",
    "AsyncTypedCommands",
    "ClusterPipeline",
    "Cmd",
    "Commands",
    "JsonAsyncCommands",
    "JsonCommands",
    "Pipeline",
    "Script",
    "TypedCommands",
];

/// The names of the commands in the body that must not be repeated, each once, the first one first.
pub(super) fn non_idempotent(target: &Target) -> Vec<String> {
    let body = match &target.shape {
        Shape::Async(body) | Shape::Sync(body) => body,
        Shape::AsyncTrait(frame) => &frame.body,
    };
    in_body(body.clone())
}

fn in_body(body: TokenStream) -> Vec<String> {
    let mut found = Found {
        body: body.clone(),
        names: Vec::new(),
    };
    found.look(body);
    found.names
}

struct Found {
    body: TokenStream,
    names: Vec<String>,
}

impl Found {
    /// All of the body. Seldom asked for: most bodies have no command that it matters to.
    fn words(&self) -> Vec<String> {
        words(self.body.clone())
    }

    /// Is there a pipeline, whose commands may stand as statements?
    fn pipes(&self) -> bool {
        let mut words = self.words().into_iter();
        words.any(|word| word.contains("pipe") || word.contains("Pipe"))
    }

    fn look(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.look(group.stream()),
                TokenTree::Ident(word) => {
                    let (before, after) = tokens.split_at(at);
                    if let Some(name) = self.command(before, word, after.get(1..).unwrap_or(&[])) {
                        self.add(name);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn forbids(&self, rule: &Rule, arguments: &[Vec<String>]) -> bool {
        match *rule {
            Rule::Always => true,
            Rule::With(at, words) => self.is_unknown(arguments.get(at)) || self.say(words),
            Rule::Without(at, words) => self.is_unknown(arguments.get(at)) || !self.say(words),
            Rule::IntoItself => names::is_into_itself(arguments),
            Rule::UnlessFromAnEnd => !names::keeps_an_end(arguments),
            Rule::Deadline(unit_ms, options) => {
                names::is_short(arguments.get(1), unit_ms)
                    || options.is_some_and(|at| {
                        self.is_unknown(arguments.get(at)) || self.say(methods::CONDITIONS)
                    })
            }
            Rule::Expiry(at) => {
                let options = arguments.get(at);
                self.is_unknown(options) || options.is_some_and(|words| names::expires_soon(words))
            }
        }
    }

    fn say(&self, words: &[&str]) -> bool {
        let mut body = self.words().into_iter();
        body.any(|word| words.contains(&word.as_str()))
    }

    /// Are these options made elsewhere?
    fn is_unknown(&self, options: Option<&Vec<String>>) -> bool {
        let Some([.., name]) = options.map(Vec::as_slice) else {
            return false;
        };
        let is_variable = |name: &str| name.starts_with(|c: char| c.is_lowercase() || c == '_');
        let is_made_here = self.words().windows(3).any(|words| match words {
            [keyword, second, third] => {
                keyword == "let" && (second == name || second == "mut" && third == name)
            }
            _ => false,
        });
        options.is_some_and(|words| words.iter().all(|word| is_variable(word)) && words.len() <= 2)
            && !is_made_here
    }

    fn add(&mut self, name: String) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// The command that this word sends, if it must not be repeated.
    fn command(&self, before: &[TokenTree], word: &Ident, after: &[TokenTree]) -> Option<String> {
        let after = behind_generics(after);
        let (TokenTree::Group(arguments), after) = after.split_first()? else {
            return None;
        };
        if arguments.delimiter() != Delimiter::Parenthesis {
            return None;
        }
        if word == "cmd" {
            return self.named(&text(arguments)?, Chain::of(after));
        }
        if word == "new" && is_path_of(before, "Cmd") {
            let mut chain = Chain::of(after);
            let name = (!chain.arguments.is_empty()).then(|| chain.arguments.remove(0))?;
            return self.named(&text(&name)?, chain);
        }
        let method = methods::find(&word.to_string())?;
        let is_method = is_mark(before.last(), '.');
        let is_path = TYPES.iter().any(|name| is_path_of(before, name)) || is_qualified(before);
        if !(is_method || is_path) {
            return None;
        }
        let arguments = Arguments::of(arguments);
        if is_method && !arguments.are(method.arguments) {
            return None;
        }
        let is_sent = !method.is_common || is_path || self.pipes() || is_used(before, after);
        (is_sent && self.forbids(&method.rule, &arguments.last(method.arguments)))
            .then(|| method.command.to_owned())
    }

    /// A command that is written by its name.
    fn named(&self, name: &str, chain: Chain) -> Option<String> {
        let name = name.to_ascii_uppercase();
        let arguments = chain.arguments.into_iter();
        let mut arguments: Vec<_> = arguments.map(|group| words(group.stream())).collect();
        if !chain.is_whole {
            arguments.push(self.words());
        }
        (!names::may_be_repeated(&name, &arguments)).then_some(name)
    }
}

/// The arguments of a call, each as its tokens.
struct Arguments(Option<Vec<Expr>>);

impl Arguments {
    fn of(group: &Group) -> Self {
        let parsed = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(group.stream());
        Self(parsed.ok().map(|list| list.into_iter().collect()))
    }

    /// What cannot be read may be as many as you like.
    fn are(&self, many: usize) -> bool {
        self.0.as_ref().is_none_or(|list| list.len() == many)
    }

    /// The words of so many: without the connection, where that is the first of them.
    fn last(&self, many: usize) -> Vec<Vec<String>> {
        let list = self.0.as_deref().unwrap_or_default();
        let list = list.iter().skip(list.len().saturating_sub(many));
        list.map(|expression| words(expression.to_token_stream()))
            .collect()
    }
}

/// The words of an expression, without what only borrows.
fn words(tokens: TokenStream) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut sign = "";
    for token in tokens {
        let before = std::mem::take(&mut sign);
        match token {
            TokenTree::Group(group) => {
                let inside = self::words(group.stream());
                // To be told from the command of that name: `SetOptions::default().get(true)`.
                if inside.first().is_none_or(|word| word != "true") {
                    words.pop_if(|last| last == "get");
                }
                words.extend(inside);
            }
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Literal(literal) => {
                words.push(match syn::parse_str(&literal.to_string()) {
                    Ok(Lit::Str(text)) => text.value(),
                    Ok(Lit::ByteStr(text)) => String::from_utf8_lossy(&text.value()).into_owned(),
                    _ => format!("{before}{literal}"),
                });
            }
            TokenTree::Punct(mark) if mark.as_char() == '-' => sign = "-",
            TokenTree::Punct(_) => {}
        }
    }
    words
}

/// The text that a call is given first.
fn text(arguments: &Group) -> Option<String> {
    let first = arguments.stream().into_iter().next()?;
    match syn::parse2(TokenStream::from(first)).ok()? {
        Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// The rest of a chain of calls, up to the next command of a pipeline.
struct Chain {
    /// What `.arg(…)` is given.
    arguments: Vec<Group>,
    /// Does it end with the command being sent? Else more may be added to it elsewhere.
    is_whole: bool,
}

impl Chain {
    fn of(mut tokens: &[TokenTree]) -> Self {
        let mut chain = Self {
            arguments: Vec::new(),
            is_whole: false,
        };
        while let [TokenTree::Punct(dot), TokenTree::Ident(word), rest @ ..] = tokens
            && dot.as_char() == '.'
        {
            let name = word.to_string();
            chain.is_whole |=
                name == "cmd" || name.starts_with("query") || name.starts_with("exec");
            tokens = behind_generics(rest);
            if chain.is_whole {
                break;
            }
            if let [TokenTree::Group(group), rest @ ..] = tokens {
                if word == "arg" {
                    chain.arguments.push(group.clone());
                }
                tokens = rest;
            }
        }
        chain
    }
}

/// Behind `::<…>`, if that comes next.
fn behind_generics(tokens: &[TokenTree]) -> &[TokenTree] {
    let [one, other, rest @ ..] = tokens else {
        return tokens;
    };
    if !is_mark(Some(one), ':') || !is_mark(Some(other), ':') || !is_mark(rest.first(), '<') {
        return tokens;
    }
    let mut open = 0_u32;
    let mut after_minus = false;
    for (at, token) in rest.iter().enumerate() {
        if is_mark(Some(token), '<') {
            open += 1;
        } else if is_mark(Some(token), '>') && !after_minus {
            open -= 1;
        }
        after_minus = is_mark(Some(token), '-');
        if open == 0 {
            return rest.get(at + 1..).unwrap_or(&[]);
        }
    }
    tokens
}

/// Does anybody look at what this call, between what is before and behind it, gives?
fn is_used(before: &[TokenTree], mut after: &[TokenTree]) -> bool {
    loop {
        match after {
            [TokenTree::Punct(dot), TokenTree::Ident(word), rest @ ..] if dot.as_char() == '.' => {
                if word == "await" {
                    return true;
                }
                after = behind_generics(rest);
                if let [TokenTree::Group(_), rest @ ..] = after {
                    after = rest;
                }
            }
            [TokenTree::Punct(end), ..] if end.as_char() == ';' => break,
            _ => return true,
        }
    }
    let statement = before.iter().rev().take_while(|token| match token {
        TokenTree::Punct(mark) => mark.as_char() != ';',
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
    });
    let mut statement = statement;
    statement.any(|token| match token {
        TokenTree::Ident(word) => word == "let" || word == "return" || word == "break",
        TokenTree::Punct(mark) => mark.as_char() == '=',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    })
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

/// Does the path so far end with `name::`?
fn is_path_of(before: &[TokenTree], name: &str) -> bool {
    matches!(before, [.., TokenTree::Ident(word), one, other]
        if word == name && is_mark(Some(one), ':') && is_mark(Some(other), ':'))
}

/// Does it end with `>::`, as `<C as Commands>::` does?
fn is_qualified(before: &[TokenTree]) -> bool {
    matches!(before, [.., end, one, other]
        if is_mark(Some(end), '>') && is_mark(Some(one), ':') && is_mark(Some(other), ':'))
}
