//! Types of which it is certain, by their tokens, that they are not `Copy`.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{
    GenericArgument, PathArguments, PathSegment, Signature, Token, Type, TypeParamBound,
    WherePredicate,
};

/// Types that are never `Copy`.
const OWNED: [&str; 17] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Bytes",
    "BytesMut",
    "CString",
    "HashMap",
    "HashSet",
    "OsString",
    "PathBuf",
    "Rc",
    "String",
    "Vec",
    "VecDeque",
    "Connector",
];

/// Bounds that do not make a type `Copy`.
const BOUNDS: [&str; 25] = [
    "AsRef",
    "Borrow",
    "Clone",
    "Debug",
    "Display",
    "Eq",
    "Fn",
    "FnMut",
    "FnOnce",
    "FromRedisValue",
    "Future",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Send",
    "Serialize",
    "Stream",
    "Sync",
    "ToRedisArgs",
    "ToSingleRedisArg",
    "ToString",
];

/// Is it certain that this type is not `Copy`?
pub(super) fn is_owned(ty: &Type, signature: &Signature) -> bool {
    match ty {
        Type::Group(group) => is_owned(&group.elem, signature),
        Type::Paren(paren) => is_owned(&paren.elem, signature),
        Type::ImplTrait(hidden) => are_known(&hidden.bounds),
        Type::Path(found) => {
            if let Some(name) = found.path.get_ident()
                && let Some(parameter) = signature
                    .generics
                    .type_params()
                    .find(|parameter| parameter.ident == *name)
            {
                return are_known(&parameter.bounds) && are_known_elsewhere(name, signature);
            }
            let last = found.path.segments.last();
            last.is_some_and(|last| {
                OWNED.iter().any(|owned| last.ident == owned)
                    || (last.ident == "Option"
                        && first_type(last).is_some_and(|ty| is_owned(ty, signature)))
            })
        }
        _ => false,
    }
}

fn first_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(list) = &segment.arguments else {
        return None;
    };
    list.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn are_known(bounds: &Punctuated<TypeParamBound, Token![+]>) -> bool {
    bounds.iter().all(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| BOUNDS.iter().any(|known| last.ident == known)),
        _ => true,
    })
}

fn are_known_elsewhere(name: &Ident, signature: &Signature) -> bool {
    let clause = signature.generics.where_clause.iter();
    let mut predicates = clause.flat_map(|clause| &clause.predicates);
    predicates.all(|predicate| match predicate {
        WherePredicate::Type(predicate) => match &predicate.bounded_ty {
            Type::Path(path) if path.path.is_ident(name) => are_known(&predicate.bounds),
            _ => true,
        },
        _ => true,
    })
}
