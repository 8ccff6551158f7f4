//! What an editor hands over while somebody is typing.

use super::promise::check;
use super::{FUNCTION, resilient, tokens};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};

const ATTRIBUTES: [&str; 4] = [
    "retries = 3, backoff = \"exp\", delay = \"50ms\", breaker = &a::B, fallback = [|e| Ok(x), self.f, Ok(None)], \
     classify = |e: &E| e.class(), clone(key), name = \"n\", crate = ::x::y",
    "max_delay = \"1.5s\", factor = 2.0, jitter = \"equal\", timeout = self.settings.timeout, deadline = Duration::from_secs(3), \
     fallback = async |_| db(key).await?, fallback_limit = self.primary, limit = &self.pool, idempotent = false",
    "timeout = false, breaker = false, fallback = if a < b { c::<D>() } else { Ok(-1) }, fallback_limit = 1_0u32",
    "budget = false, fallback = <Self as Db<'_>>::fetch, retries = (3 + 4) as u32, clone(a, r#type)",
];

const FUNCTIONS: [&str; 5] = [
    FUNCTION,
    "/// Of the user.\n#[must_use] pub(in a::b) async unsafe extern \"C\" fn get<'a, T: 'a + Send, const N: usize>(
        self: &'a mut Self, #[cfg(unix)] mut key: T, [a, b]: [u8; N], _: impl Fn(&str) -> u8) -> io::Result<Vec<&'a str>>
     where T: Sized, [u8; N]: Default {
        #![allow(unused)]
        let found = match self.conn.get(key).await { Ok(found) if found > 3 => found, other => return other };
        'outer: for x in 0..=3 { if let Some(y) = found else { break 'outer } }
        Ok(vec![found?, \"a\"])
     }",
    "fn sync(&mut self, r#type: &mut C, key: String) -> Result<impl Iterator<Item = u8>, E> { self.conn.get(|x: u8| x + 1)? }",
    "fn get<'life0, 'async_trait>(&'life0 self, __arg1: u8) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = R<u64>> + 'async_trait>> {
        Box::pin(async move {
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<R<u64>> { return __ret; }
            let __self = self;
            let __ret: R<u64> = { __self.get(1).await };
            #[allow(unreachable_code)] __ret
        })
     }",
    "pub trait T: Send { fn get(&self) -> Result<u8, E>; }",
];

/// Each prefix that a lexer can read.
fn prefixes_of_text(whole: &str) -> impl Iterator<Item = TokenStream> {
    whole
        .char_indices()
        .filter_map(|(end, _)| whole.get(..end)?.parse().ok())
}

/// Each prefix in tokens, with the brackets that are open closed: a syntax tree has no others. `rust-analyzer` puts an identifier where
/// something is missing, so `repair` stands at its end.
fn prefixes_of_tokens(whole: &TokenStream, repair: Option<&str>) -> Vec<TokenStream> {
    let repair = repair.map(|name| Ident::new(name, Span::call_site()).into());
    let prefix = |left| {
        let mut cut = Cut {
            left,
            repair: repair.clone(),
            done: false,
        };
        cut.prefix(whole.clone())
    };
    (0..=count(whole)).map(prefix).collect()
}

/// A bracket counts when it opens, and when it closes.
fn count(tokens: &TokenStream) -> usize {
    let of = |token| match token {
        TokenTree::Group(group) => 2 + count(&group.stream()),
        _ => 1,
    };
    tokens.clone().into_iter().map(of).sum()
}

struct Cut {
    left: usize,
    repair: Option<TokenTree>,
    done: bool,
}

impl Cut {
    fn prefix(&mut self, tokens: TokenStream) -> TokenStream {
        let mut prefix = TokenStream::new();
        for token in tokens {
            if !self.next() {
                break;
            }
            prefix.extend([match token {
                TokenTree::Group(group) => {
                    let mut content = self.prefix(group.stream());
                    if !self.next() {
                        content.extend(self.repair.take());
                    }
                    Group::new(group.delimiter(), content).into()
                }
                other => other,
            }]);
        }
        if self.done {
            prefix.extend(self.repair.take());
        }
        prefix
    }

    /// Is there one more?
    fn next(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => self.done = true,
        }
        !self.done
    }
}

#[test]
fn prefixes_are_what_they_say() {
    let found: Vec<String> = prefixes_of_tokens(&tokens("a (b) c"), Some("x"))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        ["x", "a x", "a (x)", "a (b x)", "a (b) x", "a (b) c"]
    );
}

/// Each way in which a text is handed over while it is typed: cut off, and repaired by an editor.
pub(crate) fn each_prefix(text: &str, check: impl Fn(TokenStream)) {
    prefixes_of_text(text).for_each(&check);
    let whole = tokens(text);
    for repair in [None, Some("__ra_fixup")] {
        prefixes_of_tokens(&whole, repair)
            .into_iter()
            .for_each(&check);
    }
}

#[test]
fn every_prefix_of_the_options_is_survived() {
    for (attribute, function) in ATTRIBUTES
        .iter()
        .flat_map(|attribute| FUNCTIONS.map(|function| (attribute, function)))
    {
        let function = tokens(function);
        each_prefix(attribute, |prefix| check(prefix, function.clone()));
    }
}

#[test]
fn every_prefix_of_the_function_is_survived() {
    for (attribute, function) in FUNCTIONS.iter().flat_map(|function| {
        ["", ATTRIBUTES[0], ATTRIBUTES[2]].map(|attribute| (attribute, function))
    }) {
        let attribute = tokens(attribute);
        each_prefix(function, |prefix| check(attribute.clone(), prefix));
    }
}

#[test]
fn a_condition_may_still_be_missing() {
    let function = "fn f() -> Result<u8, E> where { g() }";
    check(TokenStream::new(), tokens(function));
    assert!(super::errors("", function).is_empty());
}

/// Only what is wrong with the signature keeps a function from being expanded: a body is none of the attribute's business.
#[test]
fn a_half_typed_body_is_expanded_around() {
    for body in [
        "conn.",
        "let x =",
        "conn.get(__ra_fixup",
        "if x { conn } else",
        "Ok(1))",
    ]
    .map(|body| format!("{body} ;"))
    {
        let Ok(item) = format!("async fn f(conn: &mut C) -> Result<u8, E> {{ {body} }}").parse()
        else {
            continue;
        };
        let output = resilient(TokenStream::new(), &item).to_string();
        assert!(
            !output.contains("compile_error") && output.contains("__resilient_call"),
            "{output}"
        );
    }
}
