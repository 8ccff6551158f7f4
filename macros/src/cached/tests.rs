//! `#[redis_cached]` on tokens, without a compiler.

mod defaults;
mod expansions;
mod functions;
mod half_typed;
mod key;
mod options;

use super::cached;
use crate::tests::tokens;

/// An item that every set of options can be tried on.
const FUNCTION: &str =
    "async fn get(redis: &Connector, id: u64) -> Result<Option<User>, Error> { load(id).await }";

/// What has to be written.
const KEY: &str = "key = \"user:{id}\", ttl = \"10m\"";

/// Each error as `` `where` what``.
#[track_caller]
fn errors(args: &str, item: &str) -> Vec<String> {
    let mut errors = crate::errors::Errors::default();
    let args = super::args::CachedArgs::parse(tokens(args), &mut errors);
    let target = errors.keep(crate::item::parse(tokens(item), &crate::item::CACHED));
    super::plan::Plan::new(args, target, &mut errors);
    errors
        .into_iter()
        .map(|error| {
            let place = error.span().source_text().unwrap_or_default();
            format!("`{place}` {error}")
        })
        .collect()
}

#[track_caller]
fn expansion(args: &str, item: &str) -> String {
    let file =
        syn::parse2(cached(tokens(args), &tokens(item))).expect("an expansion is made of items");
    prettyplease::unparse(&file)
}

/// One error, at that place, with that in it.
#[track_caller]
fn says(args: &str, item: &str, place: &str, part: &str) {
    let found = errors(args, item);
    let [error] = found.as_slice() else {
        panic!("{args} on {item}: {found:#?}")
    };
    assert!(
        error.starts_with(&format!("`{place}` ")),
        "{args} on {item}: {error}"
    );
    assert!(error.contains(part), "{args} on {item}: {error}");
}

#[track_caller]
fn good(args: &str, item: &str) {
    assert_eq!(errors(args, item), [""; 0], "{args} on {item}");
}
