//! The function that removes an entry.

use crate::cached::args::CachedArgs;
use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::key::Template;
use crate::key::variables::{Role, Variables, mentions};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, GenericParam, Generics, Pat, PatIdent, Type, WherePredicate};

pub(crate) struct Invalidate {
    pub(crate) name: Ident,
    /// Its neighbours are found by `Self`.
    pub(crate) in_impl: bool,
    pub(crate) inputs: Vec<FnArg>,
    pub(crate) generics: Generics,
}

pub(super) fn plan(
    args: &CachedArgs,
    target: &Target,
    variables: &Variables,
    template: &Template,
    redis: &TokenStream,
    output: &Type,
    errors: &mut Errors,
) -> Option<Invalidate> {
    let path = &args.invalidate.as_ref()?.value;
    let name = path.segments.last()?.ident.clone();
    if matches!(target.shape, Shape::AsyncTrait(_)) {
        errors.over(
            path,
            "beside a method of a trait there is no place for another function: write it yourself, with `Cache::invalidate`",
        );
        return None;
    }
    let signature = &target.signature;
    if name == signature.ident {
        errors.at(
            name.span(),
            format!("`{name}` is the function that loads: give the one that removes an entry another name, `invalidate = forget_{name}`"),
        );
        return None;
    }
    let is_used = |name: &str| {
        mentions(redis.clone(), name)
            || template.placeholders().any(|placeholder| {
                placeholder.root.trim_start_matches("r#") == name.trim_start_matches("r#")
            })
    };
    let mut inputs = Vec::new();
    for (place, input) in signature.inputs.iter().enumerate() {
        let is_kept = match input {
            FnArg::Receiver(_) => true,
            FnArg::Typed(_) => variables.all.iter().any(|variable| {
                let is_here = match &variable.role {
                    Role::Binding { parameter, .. } => *parameter == place,
                    Role::Parameter { .. } => is_named(input, &variable.name),
                    Role::Const | Role::Type => false,
                };
                is_here && is_used(&variable.name.to_string())
            }),
        };
        if is_kept {
            inputs.push(immutable(input.clone()));
        }
    }
    let mut kept: TokenStream = inputs.iter().map(ToTokens::to_token_stream).collect();
    kept.extend(output.to_token_stream());
    Some(Invalidate {
        in_impl: path.segments.len() > 1
            || variables.receiver.is_some()
            || mentions(signature.to_token_stream(), "Self"),
        generics: pruned(signature.generics.clone(), kept, &is_used),
        inputs,
        name,
    })
}

fn is_named(input: &FnArg, name: &Ident) -> bool {
    matches!(input, FnArg::Typed(typed) if matches!(&*typed.pat, Pat::Ident(found) if found.ident == *name))
}

/// Nothing is changed there.
fn immutable(mut input: FnArg) -> FnArg {
    struct Immutable;
    impl VisitMut for Immutable {
        fn visit_pat_ident_mut(&mut self, name: &mut PatIdent) {
            if name.by_ref.is_none() {
                name.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, name);
        }
    }
    match &mut input {
        FnArg::Typed(typed) => Immutable.visit_pat_mut(&mut typed.pat),
        FnArg::Receiver(receiver) => receiver.mutability = None,
    }
    input
}

/// Only the generics that what is left of the function can tell, and what is required of them.
fn pruned(
    mut generics: Generics,
    mut kept: TokenStream,
    is_used: &impl Fn(&str) -> bool,
) -> Generics {
    let mut names: Vec<String> = Vec::new();
    loop {
        let before = names.len();
        for parameter in &generics.params {
            let name = name_of(parameter);
            if !names.contains(&name) && (mentions(kept.clone(), &name) || is_used(&name)) {
                names.push(name);
                kept.extend(parameter.to_token_stream());
            }
        }
        for predicate in generics
            .where_clause
            .iter()
            .flat_map(|clause| &clause.predicates)
        {
            if is_about(predicate, &names) {
                kept.extend(predicate.to_token_stream());
            }
        }
        if names.len() == before {
            break;
        }
    }
    generics.params = generics
        .params
        .into_iter()
        .filter(|parameter| names.contains(&name_of(parameter)))
        .collect();
    if let Some(clause) = &mut generics.where_clause {
        clause.predicates = std::mem::take(&mut clause.predicates)
            .into_iter()
            .filter(|predicate| is_about(predicate, &names))
            .collect();
        if clause.predicates.is_empty() {
            generics.where_clause = None;
        }
    }
    generics
}

fn is_about(predicate: &WherePredicate, names: &[String]) -> bool {
    let bounded = match predicate {
        WherePredicate::Type(found) => found.bounded_ty.to_token_stream(),
        WherePredicate::Lifetime(found) => found.lifetime.to_token_stream(),
        _ => predicate.to_token_stream(),
    };
    names.iter().any(|name| mentions(bounded.clone(), name))
}

fn name_of(parameter: &GenericParam) -> String {
    match parameter {
        GenericParam::Lifetime(found) => found.lifetime.ident.to_string(),
        GenericParam::Type(found) => found.ident.to_string(),
        GenericParam::Const(found) => found.ident.to_string(),
    }
}
