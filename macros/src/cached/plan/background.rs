//! What a body has to own that runs in a task of its own.

use crate::cached::args::CachedArgs;
use crate::cached::check::background_is_needed;

use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::key::variables::{Passing, Role, Variables};
use crate::types;
use proc_macro2::Ident;
use syn::Type;

/// A reference whose target is made an owned one, and lent to the body. What is passed by value is simply moved.
pub(crate) struct Owned {
    /// Of the parameter.
    pub(crate) name: Ident,
    /// In the body.
    pub(crate) inner: Ident,
    pub(crate) mutable: bool,
}

pub(super) fn is_wanted(args: &CachedArgs) -> bool {
    let background = args.background.as_ref();
    background_is_needed(args).is_some() || background.is_some_and(|background| background.value)
}

/// And whether the body has another name for `self`.
pub(super) fn plan(
    args: &CachedArgs,
    target: &Target,
    variables: &Variables,
    errors: &mut Errors,
) -> (Vec<Owned>, bool) {
    let why = background_is_needed(args).unwrap_or("background");
    let mut owned = Vec::new();
    let mut rename_self = false;
    if let Some(receiver) = &variables.receiver {
        match receiver.passing {
            Passing::Value => {}
            Passing::MutableReference => errors.at(
                receiver.name.span(),
                format!(
                    "with `{why}` the body runs in a task of its own, which cannot have `&mut self`: \
                     take `&self`, of a type that is `Clone`, or `self: Arc<Self>`"
                ),
            ),
            Passing::Reference => {
                rename_self = matches!(target.shape, Shape::Async(_));
                let inner = Ident::new("__self", receiver.name.span());
                owned.push(Owned {
                    name: receiver.name.clone(),
                    inner,
                    mutable: receiver.mutable,
                });
            }
        }
    }
    for variable in &variables.all {
        let name = &variable.name;
        match &variable.role {
            Role::Parameter { ty, mutable } => match Passing::of(ty) {
                Passing::MutableReference => errors.at(
                    name.span(),
                    format!(
                        "with `{why}` the body runs in a task of its own, which cannot have a `&mut` of the caller's: \
                         take `{name}` by value, or lock it in the body"
                    ),
                ),
                passing => {
                    if let Some(problem) = cannot_be_owned(ty) {
                        errors.at(
                            name.span(),
                            format!("with `{why}` the body runs in a task of its own, which has to own `{name}`, {problem}"),
                        );
                    } else if passing == Passing::Reference && types::borrows(ty) {
                        owned.push(Owned {
                            name: name.clone(),
                            inner: name.clone(),
                            mutable: *mutable,
                        });
                    }
                }
            },
            Role::Binding { ty, .. } if types::borrows(ty) => errors.at(
                name.span(),
                format!(
                    "with `{why}` the body runs in a task of its own, which has to own `{name}`: give the parameter a name, and take it apart in the body"
                ),
            ),
            Role::Binding { .. } | Role::Const | Role::Type => {}
        }
    }
    for unnamed in &variables.unnamed {
        if types::borrows(&unnamed.ty) {
            errors.at(
                unnamed.span,
                format!(
                    "with `{why}` the body runs in a task of its own, which has to own this: give it a name, and take it apart in the body"
                ),
            );
        }
    }
    check_limit(args, variables, why, errors);
    (owned, rename_self)
}

fn cannot_be_owned(ty: &Type) -> Option<&'static str> {
    let inner = match ty {
        Type::Reference(reference) => &reference.elem,
        Type::Group(group) => return cannot_be_owned(&group.elem),
        Type::Paren(paren) => return cannot_be_owned(&paren.elem),
        other => other,
    };
    if matches!(ty, Type::Reference(_))
        && matches!(inner, Type::TraitObject(_))
        && types::borrows(ty)
    {
        return Some("and a `dyn` type cannot be cloned: take an `Arc` of it");
    }
    types::borrows(inner)
        .then_some("and its type borrows: take one that does not, or a copy of what it borrows")
}

/// The permit is taken in the task as well.
fn check_limit(args: &CachedArgs, variables: &Variables, why: &str, errors: &mut Errors) {
    let Some(limit) = &args.common.limit else {
        return;
    };
    if let Some((name, span)) = variables.found_in(&limit.value) {
        errors.at(
            span,
            format!(
                "with `{why}` the load may outlive `{name}`: name a `static` of type `Bulkhead`, `limit = PRIMARY`"
            ),
        );
    }
}
