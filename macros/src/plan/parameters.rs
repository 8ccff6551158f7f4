//! The parameters of the function: what an attempt does with them, and how a fallback gets them.

mod hedged;

use crate::args::Args;
use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::suggest;
use crate::types;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Pat, ReceiverKind, ReturnType, Signature, Type, TypeReference};

pub(crate) struct Parameters {
    function: Ident,
    receiver: Option<Receiver>,
    others: Vec<Parameter>,
}

struct Receiver {
    name: Ident,
    mutable_reference: bool,
}

struct Parameter {
    /// `None` for a pattern.
    name: Option<Ident>,
    pattern: TokenStream,
    span: Span,
    declared_mut: bool,
    ty: Type,
    cfgs: Vec<Attribute>,
}

/// What an attempt does to a parameter before the body.
pub(crate) enum Rebind {
    /// `let conn = &mut *conn;` so that the body may move it.
    Reborrow {
        cfgs: Vec<Attribute>,
        name: Ident,
        /// Whether it may be used outside of the body, so that one unused there is no mistake.
        shared: bool,
    },
    Clone {
        cfgs: Vec<Attribute>,
        name: Ident,
        mutable: bool,
        /// Of the name in `clone(…)`.
        span: Span,
    },
}

impl Parameters {
    pub(crate) fn of(target: &Target) -> Self {
        let before = match &target.shape {
            Shape::AsyncTrait(frame) => Some(&frame.before),
            Shape::Async(_) | Shape::Sync(_) => None,
        };
        let renamed = before.is_some();
        let mut receiver = None;
        let mut others = Vec::new();
        for input in &target.signature.inputs {
            match input {
                FnArg::Receiver(found) => {
                    let name = if renamed { "__self" } else { "self" };
                    receiver = Some(Receiver {
                        name: Ident::new(name, found.self_token.span),
                        mutable_reference: match &found.kind {
                            ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
                            ReceiverKind::Typed(_, ty) => mutable_reference(ty).is_some(),
                            _ => false,
                        },
                    });
                }
                FnArg::Typed(found) => others.push(Parameter::of(found, before)),
            }
        }
        Parameters {
            function: target.signature.ident.clone(),
            receiver,
            others,
        }
    }

    /// Those with a name that are there in any case, and their types.
    pub(super) fn typed(&self) -> impl Iterator<Item = (&Ident, &Type)> {
        let others = self.others.iter().filter(|other| other.cfgs.is_empty());
        others.filter_map(|parameter| Some((parameter.name.as_ref()?, &parameter.ty)))
    }

    /// Those that are taken by value, with a type of this kind, and are not there to be given another value.
    pub(super) fn owned(
        &self,
        is_owned: impl Fn(&Type) -> bool,
    ) -> impl Iterator<Item = (&Ident, &Type)> {
        let others = self.others.iter();
        let others = others.filter(move |other| !other.declared_mut && is_owned(&other.ty));
        others.filter_map(|parameter| Some((parameter.name.as_ref()?, &parameter.ty)))
    }

    fn find(&self, name: &Ident) -> Option<&Parameter> {
        self.others
            .iter()
            .find(|parameter| parameter.name.as_ref() == Some(name))
    }

    pub(super) fn check_clones(&self, args: &Args, errors: &mut Errors) {
        let clones = args.clone.as_ref().map_or(&[][..], |clone| &clone.value);
        let names: Vec<String> = self
            .others
            .iter()
            .filter_map(|parameter| parameter.name.as_ref())
            .map(Ident::to_string)
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (index, name) in clones.iter().enumerate() {
            if clones.iter().take(index).any(|earlier| earlier == name) {
                errors.at(
                    name.span(),
                    format!("`{name}` is named twice: keep one of them"),
                );
            } else if name == "self" {
                errors.at(
                    name.span(),
                    "`self` cannot be replaced by a clone: clone it in the body, where it is moved",
                );
            } else {
                match self.find(name) {
                    Some(found) if mutable_reference(&found.ty).is_some() => errors.at(
                        name.span(),
                        format!("`{name}` is a `&mut` reference, each attempt borrows it anew: leave it out"),
                    ),
                    Some(_) => {}
                    None if self.others.iter().any(|other| contains(other.pattern.clone(), name)) => errors.at(
                        name.span(),
                        format!(
                            "`{name}` is part of a pattern, only a whole parameter can be cloned: \
                             name the parameter, and destructure it in the body"
                        ),
                    ),
                    None if names.is_empty() => errors.at(
                        name.span(),
                        format!("`{name}` is not a parameter of `{}`, which has none to clone", self.function),
                    ),
                    None => errors.at(
                        name.span(),
                        format!(
                            "`{name}` is not a parameter of `{}`{}",
                            self.function,
                            suggest::hint(&name.to_string(), &names)
                        ),
                    ),
                }
            }
        }
    }

    /// A fallback that is called with the arguments needs a name for each.
    pub(super) fn check_names(&self, errors: &mut Errors) {
        for parameter in &self.others {
            if parameter.name.is_none() {
                errors.at(
                    parameter.span,
                    "this parameter has no name to pass to the fallback: name it and destructure it in the body, \
                     or write the call: `fallback = fetch_db(id)`",
                );
            } else if let Some(cfg) = parameter.cfgs.first() {
                errors.over(
                    cfg,
                    "a parameter that is not always there cannot be handed to the fallback: \
                     write the call: `fallback = fetch_db(id)`",
                );
            }
        }
    }

    pub(super) fn prelude(
        &self,
        clones: &[Ident],
        signature: &Signature,
        shared: bool,
    ) -> Vec<Rebind> {
        self.others
            .iter()
            .filter_map(|parameter| {
                let name = parameter.name.clone()?;
                let cfgs = parameter.cfgs.clone();
                if let Some(clone) = clones.iter().find(|clone| **clone == name) {
                    return Some(Rebind::Clone {
                        cfgs,
                        name,
                        mutable: parameter.declared_mut,
                        span: clone.span(),
                    });
                }
                let reference = mutable_reference(&parameter.ty)?;
                // A `mut` one is there to be pointed elsewhere; one that is returned has to be shared by all attempts.
                (!parameter.declared_mut && !may_be_returned(reference, signature))
                    .then_some(Rebind::Reborrow { cfgs, name, shared })
            })
            .collect()
    }

    /// The arguments for a fallback shown at `span`.
    pub(super) fn arguments(
        &self,
        with_receiver: bool,
        clones: &[Ident],
        span: Span,
    ) -> Vec<TokenStream> {
        let here = |name: &Ident| {
            let mut name = name.clone();
            name.set_span(name.span().located_at(span));
            name
        };
        let mixed = span.resolved_at(Span::mixed_site());
        let reborrowed = |name: Ident| quote_spanned!(mixed=> &mut *#name);
        let receiver = self
            .receiver
            .iter()
            .filter(|_| with_receiver)
            .map(|receiver| {
                let name = here(&receiver.name);
                if receiver.mutable_reference {
                    reborrowed(name)
                } else {
                    quote!(#name)
                }
            });
        let others = self.others.iter().filter_map(|parameter| {
            let name = here(parameter.name.as_ref()?);
            Some(if clones.contains(&name) {
                quote_spanned!(mixed=> ::core::clone::Clone::clone(&#name))
            } else if mutable_reference(&parameter.ty).is_some() {
                reborrowed(name)
            } else {
                name.into_token_stream()
            })
        });
        receiver.chain(others).collect()
    }
}

impl Parameter {
    /// `before` is what `#[async_trait]` does with the parameters first of all.
    fn of(found: &syn::PatType, before: Option<&TokenStream>) -> Self {
        let (name, declared_mut) = match &*found.pat {
            Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
                (Some(pattern.ident.clone()), pattern.mutability.is_some())
            }
            _ => (None, false),
        };
        // `#[async_trait]` puts such a name in the place of a pattern, and takes it apart; a `mut` it moves to there as well.
        let is_pattern =
            |name: &Ident| before.is_some() && name.unraw().to_string().starts_with("__arg");
        let is_mut = |name: &Ident| before.is_some_and(|before| is_declared_mut(before, name));
        Parameter {
            declared_mut: declared_mut || name.as_ref().is_some_and(is_mut),
            name: name.filter(|name| !is_pattern(name)),
            pattern: found.pat.to_token_stream(),
            span: found.pat.span(),
            ty: (*found.ty).clone(),
            cfgs: found
                .attrs
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .cloned()
                .collect(),
        }
    }
}

fn contains(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == *name,
        TokenTree::Group(group) => contains(group.stream(), name),
        _ => false,
    })
}

/// Does it say `mut name`?
fn is_declared_mut(tokens: &TokenStream, name: &Ident) -> bool {
    let mut is_behind_mut = false;
    tokens.clone().into_iter().any(|token| {
        let is_here = matches!(&token, TokenTree::Ident(word) if is_behind_mut && word == name);
        is_behind_mut = matches!(&token, TokenTree::Ident(word) if word == "mut");
        is_here
    })
}

fn mutable_reference(ty: &Type) -> Option<&TypeReference> {
    match ty {
        Type::Reference(reference) if reference.mutability.is_some() => Some(reference),
        Type::Group(group) => mutable_reference(&group.elem),
        Type::Paren(paren) => mutable_reference(&paren.elem),
        _ => None,
    }
}

fn may_be_returned(reference: &TypeReference, signature: &Signature) -> bool {
    let ReturnType::Type(_, output) = &signature.output else {
        return false;
    };
    let elided_from_here = reference.lifetime.is_none() && signature.receiver().is_none();
    (reference.lifetime.is_some() || elided_from_here) && types::borrows(output)
}
