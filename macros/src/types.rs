//! What can be seen of a type by its tokens alone.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, Lifetime, Path, PathArguments, Token, Type, TypeImplTrait, TypeInfer,
    TypeParamBound, TypeReference,
};

/// `E` in anything called `…Result<T, E>`; an alias may hide it.
pub(crate) fn error_type(output: &Type) -> Option<&Type> {
    let mut types = result_arguments(output)?;
    types.next()?;
    types.next()
}

/// `T` in anything called `…Result<T>` or `…Result<T, E>`.
pub(crate) fn value_type(output: &Type) -> Option<&Type> {
    result_arguments(output)?.next()
}

/// Is it called `Option<T>`?
pub(crate) fn is_option(ty: &Type) -> bool {
    path(ty)
        .and_then(|path| path.segments.last())
        .is_some_and(|last| last.ident == "Option")
}

fn result_arguments(output: &Type) -> Option<impl Iterator<Item = &Type>> {
    let path = path(output)?;
    let last = path.segments.last()?;
    last.ident
        .to_string()
        .ends_with("Result")
        .then(|| type_arguments(path))
}

/// The token to show an error about `ty` at; only one can be shown.
pub(crate) fn telling_span(ty: &Type) -> Span {
    let last = path(ty).and_then(|path| path.segments.last());
    last.map_or_else(|| ty.span(), |last| last.ident.span())
}

/// `impl Trait` cannot be written in a `let`; inference knows what it stands for.
pub(crate) fn erase_impl_trait(mut ty: Type) -> Type {
    struct Erase;
    impl VisitMut for Erase {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(found) = ty {
                let underscore_token = Token![_](found.impl_token.span);
                *ty = Type::Infer(TypeInfer {
                    attrs: Vec::new(),
                    underscore_token,
                });
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    Erase.visit_type_mut(&mut ty);
    ty
}

/// An `impl Trait` that is the whole type.
pub(crate) fn bare_impl_trait(ty: &Type) -> Option<&TypeImplTrait> {
    match ty {
        Type::ImplTrait(found) => Some(found),
        Type::Group(group) => bare_impl_trait(&group.elem),
        Type::Paren(paren) => bare_impl_trait(&paren.elem),
        _ => None,
    }
}

/// An `impl Trait` anywhere in it.
pub(crate) fn impl_trait(ty: &Type) -> Option<TypeImplTrait> {
    struct Find(Option<TypeImplTrait>);
    impl VisitMut for Find {
        fn visit_type_impl_trait_mut(&mut self, found: &mut TypeImplTrait) {
            self.0.get_or_insert_with(|| found.clone());
        }
    }
    let mut find = Find(None);
    find.visit_type_mut(&mut ty.clone());
    find.0
}

/// A future that is returned by hand.
pub(crate) fn is_future(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_future(&group.elem),
        Type::Paren(paren) => is_future(&paren.elem),
        Type::ImplTrait(TypeImplTrait { bounds, .. }) => has_future_bound(bounds),
        Type::TraitObject(object) => has_future_bound(&object.bounds),
        Type::Path(found) => found.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            matches!(name.as_str(), "BoxFuture" | "LocalBoxFuture")
                || (matches!(name.as_str(), "Pin" | "Box")
                    && type_arguments(&found.path).any(is_future))
        }),
        _ => false,
    }
}

fn has_future_bound<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> bool {
    bounds.into_iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Future"),
        _ => false,
    })
}

/// A `&mut` that is handed out, if one shows.
pub(crate) fn mutable_borrow(ty: &Type) -> Option<&TypeReference> {
    match ty {
        Type::Reference(reference) if is_static(reference.lifetime.as_ref()) => None,
        Type::Reference(reference) if reference.mutability.is_some() => Some(reference),
        Type::Reference(reference) => mutable_borrow(&reference.elem),
        Type::Group(group) => mutable_borrow(&group.elem),
        Type::Paren(paren) => mutable_borrow(&paren.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(mutable_borrow),
        Type::Path(found) => type_arguments(&found.path).find_map(mutable_borrow),
        _ => None,
    }
}

/// Does a lifetime other than `'static` show?
pub(crate) fn borrows(ty: &Type) -> bool {
    struct Borrows(bool);
    impl VisitMut for Borrows {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            self.0 |= reference.lifetime.is_none();
            visit_mut::visit_type_reference_mut(self, reference);
        }
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            self.0 |= !is_static(Some(lifetime));
        }
        fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
    }
    let mut found = Borrows(false);
    found.visit_type_mut(&mut ty.clone());
    found.0
}

fn is_static(lifetime: Option<&Lifetime>) -> bool {
    lifetime.is_some_and(|lifetime| lifetime.ident == "static")
}

fn path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(found) => Some(&found.path),
        Type::Group(group) => path(&group.elem),
        Type::Paren(paren) => path(&paren.elem),
        _ => None,
    }
}

fn type_arguments(path: &Path) -> impl Iterator<Item = &Type> {
    let arguments = path.segments.last().and_then(|last| match &last.arguments {
        PathArguments::AngleBracketed(list) => Some(&list.args),
        _ => None,
    });
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}
