//! What the body of the function can see of its call: parameters, the names in their patterns, and what its generics stand for.

use crate::item::{Shape, Target};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Block, FnArg, GenericParam, Local, Pat, ReceiverKind, Stmt, Type};

pub(crate) struct Variables {
    pub(crate) receiver: Option<Receiver>,
    pub(crate) all: Vec<Variable>,
    /// Patterns whose names cannot be found out.
    pub(crate) unnamed: Vec<Unnamed>,
}

pub(crate) struct Receiver {
    pub(crate) name: Ident,
    pub(crate) mutable: bool,
    pub(crate) passing: Passing,
}

/// How something comes into the function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    Value,
    Reference,
    MutableReference,
}

pub(crate) struct Variable {
    pub(crate) name: Ident,
    pub(crate) role: Role,
    pub(crate) cfgs: Vec<Attribute>,
}

pub(crate) enum Role {
    Parameter {
        ty: Type,
        mutable: bool,
    },
    /// A name in the pattern of the parameter at this place.
    Binding {
        ty: Type,
        parameter: usize,
    },
    /// `const N: usize`
    Const,
    /// `T`
    Type,
}

pub(crate) struct Unnamed {
    pub(crate) span: Span,
    pub(crate) ty: Type,
}

impl Variable {
    /// As it is written in a key.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    /// The type of the parameter that it is, or is part of.
    pub(crate) fn ty(&self) -> Option<&Type> {
        match &self.role {
            Role::Parameter { ty, .. } | Role::Binding { ty, .. } => Some(ty),
            Role::Const | Role::Type => None,
        }
    }
}

impl Variables {
    pub(crate) fn of(target: &Target) -> Self {
        let renamed = matches!(target.shape, Shape::AsyncTrait(_));
        let taken_apart = match &target.shape {
            Shape::AsyncTrait(frame) => taken_apart(&frame.before),
            Shape::Async(_) | Shape::Sync(_) => Vec::new(),
        };
        let mut found = Variables {
            receiver: None,
            all: Vec::new(),
            unnamed: Vec::new(),
        };
        for (place, input) in target.signature.inputs.iter().enumerate() {
            match input {
                FnArg::Receiver(receiver) => {
                    found.receiver = Some(Receiver::of(receiver, renamed));
                }
                FnArg::Typed(typed) => found.parameter(place, typed, &taken_apart),
            }
        }
        for generic in &target.signature.generics.params {
            let (name, role) = match generic {
                GenericParam::Const(generic) => (&generic.ident, Role::Const),
                GenericParam::Type(generic) => (&generic.ident, Role::Type),
                GenericParam::Lifetime(_) => continue,
            };
            found.all.push(Variable {
                name: name.clone(),
                role,
                cfgs: Vec::new(),
            });
        }
        found
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Variable> {
        let name = name.strip_prefix("r#").unwrap_or(name);
        self.all.iter().find(|variable| variable.text() == name)
    }

    /// The first of them, or `self`, that this code names, and where.
    pub(crate) fn found_in(&self, code: impl ToTokens) -> Option<(String, Span)> {
        let tokens = code.to_token_stream();
        let names = self.all.iter().map(|variable| variable.name.to_string());
        names
            .chain(["self".to_owned()])
            .find_map(|name| place_of(tokens.clone(), &name).map(|span| (name, span)))
    }

    fn parameter(&mut self, place: usize, typed: &syn::PatType, taken_apart: &[Local]) {
        let ty = (*typed.ty).clone();
        let cfgs: Vec<Attribute> = typed
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .cloned()
            .collect();
        let mut pattern = &*typed.pat;
        if let Pat::Ident(name) = pattern
            && name.subpat.is_none()
            && name.by_ref.is_none()
        {
            let argument = name.ident.to_string();
            let local = taken_apart.iter().find(|local| {
                argument.starts_with("__arg") && mentions(local.to_token_stream(), &argument)
            });
            let Some(local) = local else {
                let mutable = name.mutability.is_some();
                self.all.push(Variable {
                    name: name.ident.clone(),
                    role: Role::Parameter { ty, mutable },
                    cfgs,
                });
                return;
            };
            pattern = &local.pat;
        }
        let mut names = Vec::new();
        if !bindings(pattern, &mut names) {
            self.unnamed.push(Unnamed {
                span: pattern.span(),
                ty,
            });
            return;
        }
        self.all.extend(names.into_iter().map(|name| Variable {
            name,
            role: Role::Binding {
                ty: ty.clone(),
                parameter: place,
            },
            cfgs: cfgs.clone(),
        }));
    }
}

impl Receiver {
    fn of(found: &syn::Receiver, renamed: bool) -> Self {
        let name = if renamed { "__self" } else { "self" };
        Receiver {
            name: Ident::new(name, found.self_token.span),
            mutable: found.mutability.is_some(),
            passing: match &found.kind {
                ReceiverKind::Reference(_, _, Some(_)) => Passing::MutableReference,
                ReceiverKind::Reference(..) => Passing::Reference,
                ReceiverKind::Typed(_, ty) => Passing::of(ty),
                _ => Passing::Value,
            },
        }
    }
}

impl Passing {
    pub(crate) fn of(ty: &Type) -> Self {
        match ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                Passing::MutableReference
            }
            Type::Reference(_) => Passing::Reference,
            Type::Group(group) => Passing::of(&group.elem),
            Type::Paren(paren) => Passing::of(&paren.elem),
            Type::Path(path) if is_pinned_mutable(path) => Passing::MutableReference,
            _ => Passing::Value,
        }
    }
}

/// `#[async_trait]` puts a name in the place of a pattern, and takes it apart before the body: `let (a, b) = { … __arg1 };`.
fn taken_apart(before: &TokenStream) -> Vec<Local> {
    let mut statements = before.clone();
    // It ends in the middle of one.
    statements.extend(quote::quote!({};));
    let statements = Block::parse_within.parse2(statements).unwrap_or_default();
    statements
        .into_iter()
        .filter_map(|statement| match statement {
            Stmt::Local(local) => Some(local),
            _ => None,
        })
        .collect()
}

/// `Pin<&mut Self>`
fn is_pinned_mutable(path: &syn::TypePath) -> bool {
    path.path.segments.last().is_some_and(|last| {
        last.ident == "Pin"
            && matches!(
                first_two(last.arguments.to_token_stream()),
                Some((TokenTree::Punct(and), TokenTree::Ident(word))) if and.as_char() == '&' && word == "mut"
            )
    })
}

/// Behind the `<`.
fn first_two(arguments: TokenStream) -> Option<(TokenTree, TokenTree)> {
    let mut tokens = arguments.into_iter().skip(1);
    Some((tokens.next()?, tokens.next()?))
}

/// All names that a pattern gives; `false` if there may be others.
fn bindings(pattern: &Pat, names: &mut Vec<Ident>) -> bool {
    match pattern {
        Pat::Ident(found) => {
            let name = found.ident.unraw().to_string();
            // By its name a constant or a unit struct, which gives no name.
            if found.subpat.is_some() || !name.starts_with(char::is_uppercase) {
                names.push(found.ident.clone());
            }
            found
                .subpat
                .as_ref()
                .is_none_or(|(_, pattern)| bindings(pattern, names))
        }
        Pat::Wild(_) | Pat::Rest(_) | Pat::Path(_) | Pat::Lit(_) | Pat::Range(_) => true,
        Pat::Paren(inner) => bindings(&inner.pat, names),
        Pat::Reference(inner) => bindings(&inner.pat, names),
        Pat::Type(inner) => bindings(&inner.pat, names),
        Pat::Tuple(tuple) => all_bindings(&tuple.elems, names),
        Pat::TupleStruct(tuple) => all_bindings(&tuple.elems, names),
        Pat::Slice(slice) => all_bindings(&slice.elems, names),
        Pat::Struct(made) => all_bindings(made.fields.iter().map(|field| &*field.pat), names),
        // Each of its cases gives the same names.
        Pat::Or(cases) => cases.cases.first().is_none_or(|case| bindings(case, names)),
        _ => false,
    }
}

fn all_bindings<'a>(patterns: impl IntoIterator<Item = &'a Pat>, names: &mut Vec<Ident>) -> bool {
    patterns.into_iter().all(|pattern| bindings(pattern, names))
}

/// Does this word stand anywhere in it?
pub(crate) fn mentions(tokens: TokenStream, name: &str) -> bool {
    place_of(tokens, name).is_some()
}

/// Where this word stands first.
fn place_of(tokens: TokenStream, name: &str) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) => (word == name).then(|| word.span()),
        TokenTree::Group(group) => place_of(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}
