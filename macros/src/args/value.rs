//! The right side of `option = value`.

use super::option::Known;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use std::fmt::Display;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{Error, Expr, Ident, Lit, LitStr, Result, Token, UnOp};

pub(crate) struct Value {
    pub(crate) known: Known,
    pub(crate) tokens: TokenStream,
    pub(crate) expression: Expr,
}

/// What a value is at first sight.
pub(crate) enum Kind<'a> {
    /// Digits as in `syn`, without underscores; a fraction or exponent may be in it.
    Number {
        text: String,
        suffix: String,
        whole: bool,
    },
    Text(&'a LitStr),
    Bool(bool),
    OtherLiteral,
    Expression,
}

impl Value {
    /// Reads `= value` up to the comma that ends it.
    pub(crate) fn read(input: ParseStream<'_>, key: &Ident, known: Known) -> Result<Self> {
        let (name, example) = (known.name, known.example);
        if input.is_empty() || input.peek(Token![,]) {
            return Err(Error::new(
                key.span(),
                format!("`{name}` needs a value: write `{example}`"),
            ));
        }
        if !input.peek(Token![=]) {
            return Err(input.error(format!("expected `=` after `{name}`: write `{example}`")));
        }
        let equals: Token![=] = input.parse()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(Error::new_spanned(
                equals,
                format!("expected a value for `{name}` after this `=`: write `{example}`"),
            ));
        }
        let ahead = input.fork();
        match ahead.parse::<Expr>() {
            Ok(expression) if ahead.is_empty() || ahead.peek(Token![,]) => {
                input.advance_to(&ahead);
                let tokens = expression.to_token_stream();
                Ok(Value {
                    known,
                    tokens,
                    expression,
                })
            }
            Ok(_) => Err(ahead.error(format!("expected `,` after the value of `{name}`"))),
            Err(error) => {
                let tokens = up_to_comma(input);
                Err(Error::new_spanned(
                    tokens,
                    format!("this is not a value for `{name}` ({error}): write `{example}`"),
                ))
            }
        }
    }

    pub(crate) fn error(&self, message: impl Display) -> Error {
        Error::new_spanned(&self.tokens, message)
    }

    /// "expected …" with the example of this option.
    pub(crate) fn expected(&self, what: impl Display) -> Error {
        let example = self.known.example;
        self.error(format!("expected {what}: write `{example}`"))
    }

    pub(crate) fn kind(&self) -> Kind<'_> {
        kind(&self.expression, false)
    }
}

fn kind(expression: &Expr, negative: bool) -> Kind<'_> {
    let number = |digits: &str, suffix: &str, whole| Kind::Number {
        text: if negative {
            format!("-{digits}")
        } else {
            digits.to_owned()
        },
        suffix: suffix.to_owned(),
        whole,
    };
    match expression {
        // `macro_rules` wraps what it pastes into an invisible group.
        Expr::Group(group) => kind(&group.expr, negative),
        Expr::Paren(paren) => kind(&paren.expr, negative),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => kind(&unary.expr, true),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(lit) => number(lit.base10_digits(), lit.suffix(), true),
            Lit::Float(lit) => number(lit.base10_digits(), lit.suffix(), false),
            Lit::Str(lit) => Kind::Text(lit),
            Lit::Bool(lit) => Kind::Bool(lit.value),
            _ => Kind::OtherLiteral,
        },
        _ => Kind::Expression,
    }
}

/// Whatever comes next, up to the comma of this level.
pub(crate) fn up_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(token) => tokens.extend([token]),
            Err(_) => break,
        }
    }
    tokens
}
