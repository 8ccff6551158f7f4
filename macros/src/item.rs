//! The annotated tokens, as a [`Target`].
//!
//! Attributes, signature and braces are parsed; the body stays as it is, whatever syntax it uses.

mod async_trait;

pub(crate) use self::async_trait::Frame;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::{AttrStyle, Attribute, Error, Result, Signature, Token, Visibility};

/// A function and its body.
pub(crate) struct Target {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// Of the braces around the body.
    pub(crate) braces: Span,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    Async(TokenStream),
    Sync(TokenStream),
    /// What `#[async_trait]` makes of an `async fn`.
    AsyncTrait(Box<Frame>),
}

/// Which attribute is on the function, for messages about it.
pub(crate) struct Kind {
    pub(crate) attribute: &'static str,
    /// What it does with the body.
    pub(crate) needs: &'static str,
    /// Where it goes.
    pub(crate) advice: &'static str,
}

pub(crate) const RESILIENT: Kind = Kind {
    attribute: "#[redis_resilient]",
    needs: "a body to run again",
    advice: "; put it on the function that talks to Redis",
};

pub(crate) const CACHED: Kind = Kind {
    attribute: "#[redis_cached]",
    needs: "a body to load with",
    advice: "; put it on the function that loads the value",
};

pub(crate) fn parse(tokens: TokenStream, kind: &Kind) -> Result<Target> {
    (|input: ParseStream<'_>| target(input, kind)).parse2(tokens)
}

fn target(input: ParseStream<'_>, attribute: &Kind) -> Result<Target> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    let start = input.fork();
    let signature: Signature = match input.parse() {
        Ok(signature) => signature,
        Err(error) => return Err(not_a_function(&start, attribute).unwrap_or(error)),
    };
    if input.peek(Token![;]) {
        return Err(Error::new(
            signature.ident.span(),
            format!(
                "`{}` needs {}, `{}` has none: put the attribute on the method in the `impl`",
                attribute.attribute, attribute.needs, signature.ident
            ),
        ));
    }
    let content;
    let braces = syn::braced!(content in input);
    // A block inside of a function cannot carry inner attributes.
    attributes.extend(
        content
            .call(Attribute::parse_inner)?
            .into_iter()
            .map(|inner| Attribute {
                style: AttrStyle::Outer,
                ..inner
            }),
    );
    let body: TokenStream = content.parse()?;
    let shape = if signature.asyncness.is_some() {
        Shape::Async(body)
    } else {
        match async_trait::frame(&body) {
            Some(frame) => Shape::AsyncTrait(Box::new(frame)),
            None => Shape::Sync(body),
        }
    };
    Ok(Target {
        attributes,
        visibility,
        signature,
        braces: braces.span.join(),
        shape,
    })
}

/// The message for everything that is not meant to be a function.
fn not_a_function(input: ParseStream<'_>, attribute: &Kind) -> Option<Error> {
    let mut cursor = input.cursor();
    while let Some((token, next)) = cursor.token_tree() {
        match token {
            TokenTree::Ident(word) if word == "fn" => return None,
            TokenTree::Ident(word) => {
                if let Some(found) = kind(&word, next.token_tree().map(|(token, _)| token).as_ref())
                {
                    return Some(misplaced(&word, found, attribute));
                }
            }
            TokenTree::Literal(_) => {}
            TokenTree::Group(_) | TokenTree::Punct(_) => break,
        }
        cursor = next;
    }
    Some(Error::new(
        Span::call_site(),
        format!("`{}` goes on a function", attribute.attribute),
    ))
}

fn kind(word: &Ident, next: Option<&TokenTree>) -> Option<&'static str> {
    let followed_by = |words: &[&str]| match next {
        Some(TokenTree::Ident(next)) => words.iter().any(|word| next == word),
        _ => false,
    };
    Some(match word.to_string().as_str() {
        "struct" => "`struct`",
        "enum" => "`enum`",
        "union" => "`union`",
        "impl" => "`impl`",
        "trait" => "`trait`",
        "mod" => "`mod`",
        "type" => "`type`",
        "static" => "`static`",
        "use" => "`use`",
        "let" => "`let`",
        "macro_rules" => "macro",
        "const" if !followed_by(&["fn", "async", "unsafe", "extern"]) => "`const`",
        "extern" if followed_by(&["crate"]) => "`extern crate`",
        _ => return None,
    })
}

fn misplaced(word: &Ident, found: &str, attribute: &Kind) -> Error {
    let advice = match found {
        "`impl`" | "`trait`" => "; put it on each method that needs it",
        "`mod`" => "; put it on each function that needs it",
        _ => attribute.advice,
    };
    let article = if found.starts_with("`e") || found.starts_with("`i") {
        "an"
    } else {
        "a"
    };
    Error::new(
        word.span(),
        format!(
            "`{}` goes on a function, this is {article} {found}{advice}",
            attribute.attribute
        ),
    )
}
