//! Types that are plainly a way to a store: a parameter of such a type does not decide what is loaded.
//!
//! Only where that is beyond doubt. What is taken for a handle and is none would give one entry to different values; of what is a handle and not
//! taken for one, the error says what to write.

use syn::{
    GenericArgument, GenericParam, Generics, Path, PathArguments, Type, TypeParamBound,
    WherePredicate,
};

/// Whatever module they are named in.
const STORES: [&str; 20] = [
    // This crate's and redis-rs's.
    "BlockingConnection",
    "ClusterConnection",
    "ConnectionManager",
    "Connector",
    "DedicatedConnection",
    "MultiplexedConnection",
    // Of others.
    "AsyncMysqlConnection",
    "AsyncPgConnection",
    "DatabaseConnection",
    "DatabaseTransaction",
    "DbConn",
    "MysqlConnection",
    "MySqlConnection",
    "PgConnection",
    "SqliteConnection",
    "Database",
    "Db",
    "DbPool",
    "Pool",
    "PooledConnection",
];

/// What holds one of these.
const WRAPPERS: [&str; 8] = [
    "Arc",
    "Box",
    "Data",
    "Extension",
    "LazyLock",
    "Pin",
    "Rc",
    "State",
];

/// Traits of connections, for parameters that are generic.
const CONNECTIONS: [&str; 5] = [
    "AsyncCommands",
    "AsyncTypedCommands",
    "Commands",
    "ConnectionLike",
    "TypedCommands",
];

pub(super) fn is_handle(ty: &Type, generics: &Generics) -> bool {
    match ty {
        Type::Reference(reference) => {
            // Nobody keys by what is there to be changed; a `Connection` by value may be one of trains.
            let connection = reference.mutability.is_some()
                && last_name(&reference.elem).as_deref() == Some("Connection");
            connection || is_handle(&reference.elem, generics)
        }
        Type::Group(group) => is_handle(&group.elem, generics),
        Type::Paren(paren) => is_handle(&paren.elem, generics),
        Type::ImplTrait(found) => are_connections(&found.bounds),
        Type::TraitObject(found) => are_connections(&found.bounds),
        Type::Path(found) => is_handle_path(&found.path, generics),
        _ => false,
    }
}

fn is_handle_path(path: &Path, generics: &Generics) -> bool {
    let Some(last) = path.segments.last() else {
        return false;
    };
    let name = last.ident.to_string();
    if WRAPPERS.contains(&name.as_str()) {
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return false;
        };
        return arguments.args.iter().any(
            |argument| matches!(argument, GenericArgument::Type(ty) if is_handle(ty, generics)),
        );
    }
    let is_generic = path.segments.len() == 1 && is_connection_parameter(&name, generics);
    is_generic
        || STORES.contains(&name.as_str())
        || is_pool(&name)
        || (name == "Connection" && is_of_redis(path))
}

/// `PgPool`; not `Carpool`.
fn is_pool(name: &str) -> bool {
    name.strip_suffix("Pool")
        .is_some_and(|before| !before.is_empty())
}

fn is_of_redis(path: &Path) -> bool {
    path.segments.iter().any(|segment| {
        matches!(
            segment.ident.to_string().as_str(),
            "redis" | "redis_resilient" | "rusqlite"
        )
    })
}

/// `C: ConnectionLike`
fn is_connection_parameter(name: &str, generics: &Generics) -> bool {
    let declared = generics.params.iter().any(|parameter| {
        matches!(parameter, GenericParam::Type(found) if found.ident == name && are_connections(&found.bounds))
    });
    let required = generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates)
        .any(|predicate| match predicate {
            WherePredicate::Type(found) => {
                matches!(&found.bounded_ty, Type::Path(path) if path.path.is_ident(name))
                    && are_connections(&found.bounds)
            }
            _ => false,
        });
    declared || required
}

fn are_connections<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> bool {
    bounds.into_iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| CONNECTIONS.iter().any(|name| last.ident == name)),
        _ => false,
    })
}

fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(found) => Some(found.path.segments.last()?.ident.to_string()),
        Type::Group(group) => last_name(&group.elem),
        Type::Paren(paren) => last_name(&paren.elem),
        _ => None,
    }
}
