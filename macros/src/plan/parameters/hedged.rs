//! What two attempts beside each other cannot both have.

use super::{Parameter, Parameters};
use crate::errors::Errors;
use crate::item::Target;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ReceiverKind;

impl Parameters {
    /// Both attempts borrow the parameters, so neither can change one.
    pub(in super::super) fn check_hedged(
        &self,
        clones: &[Ident],
        target: &Target,
        errors: &mut Errors,
    ) {
        if let Some(receiver) = target.signature.receiver() {
            let is_changed = match &receiver.kind {
                ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
                ReceiverKind::Typed(_, ty) => is_mutable_reference(ty.to_token_stream()),
                _ => false,
            };
            if is_changed || receiver.mutability.is_some() {
                errors.over(
                    receiver,
                    "a hedge runs beside the first attempt, and both cannot change `self`: take `&self`, \
                     and get a connection in the body, `self.redis.get().await?` of a `Connector` or a clone",
                );
            }
        }
        for parameter in &self.others {
            let is_cloned = parameter
                .name
                .as_ref()
                .is_some_and(|name| clones.contains(name));
            if let Some(message) = parameter.changed_by_both(is_cloned) {
                errors.at(parameter.span, message);
            }
        }
    }
}

impl Parameter {
    /// What to say about one that both attempts would change.
    fn changed_by_both(&self, is_cloned: bool) -> Option<String> {
        let name = self.name.as_ref();
        if is_mutable_reference(self.ty.to_token_stream()) {
            let shown = name.map_or_else(|| "this".to_owned(), |name| format!("`{name}`"));
            return Some(format!(
                "a hedge runs beside the first attempt, and both cannot have {shown}, which holds a `&mut`: \
                 take a `&Connector` and get a connection in the body, `redis.get().await?`; \
                 or take the connection by value, and name it in `clone(…)`, so that each attempt has its own"
            ));
        }
        match name {
            _ if is_cloned => None,
            Some(name) => self.declared_mut.then(|| {
                format!(
                    "a hedge runs beside the first attempt, and both cannot change `{name}`: \
                     write `clone({name})` in the attribute, so that each has its own"
                )
            }),
            None => has_mut(self.pattern.clone()).then(|| {
                "a hedge runs beside the first attempt, and both cannot change a part of this: \
                 name the parameter, write `clone(…)` with that name in the attribute, and destructure it in the body"
                    .to_owned()
            }),
        }
    }
}

/// Is there a `&mut` in the type?
fn is_mutable_reference(ty: TokenStream) -> bool {
    let mut is_behind_star = false;
    ty.into_iter().any(|token| match token {
        // `*mut` is a pointer, which is copied.
        TokenTree::Punct(mark) => {
            is_behind_star = mark.as_char() == '*';
            false
        }
        TokenTree::Ident(word) => word == "mut" && !is_behind_star,
        TokenTree::Group(group) => is_mutable_reference(group.stream()),
        TokenTree::Literal(_) => false,
    })
}

fn has_mut(pattern: TokenStream) -> bool {
    pattern.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "mut",
        TokenTree::Group(group) => has_mut(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
