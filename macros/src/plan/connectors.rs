//! Where the function may have a `Connector` from, whose Redis has a default breaker of its own.
//!
//! Tokens only say where to look; whether a `Connector` is there is decided by the types. So nothing may be looked at that is not there when
//! the function begins: a place that the body names has to be a field of `self`, or of a parameter or a `static` that the body does not name anew.

use super::parameters::Parameters;
use crate::args::is_in_capitals;
use crate::item::{Shape, Target};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;

/// What gives a connection; none of them has another argument than a key or channels.
const CONNECTING: [&str; 5] = [
    "dedicated",
    "dedicated_to",
    "get",
    "get_blocking",
    "subscribe",
];

/// The places to look at, each as an expression, the first one first.
pub(crate) fn places(target: &Target, parameters: &Parameters) -> Vec<TokenStream> {
    let body = match &target.shape {
        Shape::Async(body) | Shape::Sync(body) => body,
        Shape::AsyncTrait(frame) => &frame.body,
    };
    let mut found = Found {
        parameters: parameters
            .typed()
            .map(|(name, _)| name.to_string())
            .collect(),
        body,
        places: Vec::new(),
    };
    for (name, ty) in parameters.typed() {
        // One that the body does not use stays unused.
        if mentions(ty.to_token_stream(), "Connector") && mentions(body.clone(), &name.to_string())
        {
            found.add(name.to_token_stream());
        }
    }
    found.look(body.clone());
    found.places
}

struct Found<'a> {
    parameters: Vec<String>,
    body: &'a TokenStream,
    places: Vec<TokenStream>,
}

impl Found<'_> {
    fn add(&mut self, place: TokenStream) {
        let text = place.to_string();
        if self.places.iter().all(|known| known.to_string() != text) {
            self.places.push(place);
        }
    }

    fn look(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                // What is `self` in there is something else.
                TokenTree::Ident(word) if word == "impl" || word == "trait" => {
                    while !matches!(tokens.get(at), None | Some(TokenTree::Group(_))) {
                        at += 1;
                    }
                }
                TokenTree::Ident(_) => {
                    let end = end_of_fields(&tokens, at);
                    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
                    let after = tokens.get(end..).unwrap_or_default();
                    let place = tokens.get(at..end).unwrap_or_default();
                    if is_start(before) && (connects(after) || is_lent(before, after)) {
                        self.take(place);
                    }
                    at = end.saturating_sub(1);
                }
                TokenTree::Group(group) => self.look(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// A place of the body, if it is there when the function begins.
    fn take(&mut self, place: &[TokenTree]) {
        let Some(TokenTree::Ident(root)) = place.first() else {
            return;
        };
        let name = root.unraw().to_string();
        let has_fields = place.len() > 1;
        let is_self = name == "self" || name == "__self";
        let is_named_once = || {
            let is_there = self.parameters.contains(&root.to_string()) || is_in_capitals(&name);
            is_there && is_only_looked_into(self.body.clone(), &root.to_string())
        };
        if (is_self && has_fields) || (!is_self && is_named_once()) {
            self.add(place.iter().cloned().collect());
        }
    }
}

/// The end of `root.field.field`, whose last name is not that of a method.
fn end_of_fields(tokens: &[TokenTree], start: usize) -> usize {
    let mut end = start + 1;
    while let Some([TokenTree::Punct(dot), TokenTree::Ident(field)]) = tokens.get(end..end + 2)
        && dot.as_char() == '.'
        && dot.spacing() == Spacing::Alone
        && field != "await"
        && !matches!(tokens.get(end + 2), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
        && !matches!(tokens.get(end + 2), Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
    {
        end += 2;
    }
    end
}

/// Does a place begin behind this, and not go on?
fn is_start(before: Option<&TokenTree>) -> bool {
    !matches!(before, Some(TokenTree::Punct(mark)) if matches!(mark.as_char(), '.' | ':' | '\'' | '*' | '$'))
}

/// Does `.get()` follow, or one of its like?
fn connects(after: &[TokenTree]) -> bool {
    let [
        TokenTree::Punct(dot),
        TokenTree::Ident(method),
        TokenTree::Group(arguments),
        ..,
    ] = after
    else {
        return false;
    };
    let takes_none = matches!(
        method.to_string().as_str(),
        "get" | "get_blocking" | "dedicated"
    );
    dot.as_char() == '.'
        && CONNECTING.iter().any(|known| method == known)
        && arguments.delimiter() == Delimiter::Parenthesis
        && (!takes_none || arguments.stream().is_empty())
}

/// Is it `&place`, as an argument: `lock.hold(&self.redis, …)`?
fn is_lent(before: Option<&TokenTree>, after: &[TokenTree]) -> bool {
    let is_borrowed = matches!(before, Some(TokenTree::Punct(mark)) if mark.as_char() == '&');
    let ends = match after.first() {
        None => true,
        Some(TokenTree::Punct(mark)) => mark.as_char() == ',',
        Some(_) => false,
    };
    is_borrowed && ends
}

/// Does a `.` follow wherever it stands? Then nothing gives the name to something else.
fn is_only_looked_into(tokens: TokenStream, name: &str) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().all(|(at, token)| match token {
        TokenTree::Ident(word) if word == name => {
            let is_field = at
                .checked_sub(1)
                .is_some_and(|before| matches!(tokens.get(before), Some(TokenTree::Punct(mark)) if mark.as_char() == '.'));
            is_field
                || matches!(tokens.get(at + 1), Some(TokenTree::Punct(dot)) if dot.as_char() == '.' && dot.spacing() == Spacing::Alone)
        }
        TokenTree::Group(group) => is_only_looked_into(group.stream(), name),
        _ => true,
    })
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(function: &str, places_of: &[&str]) {
        let target =
            crate::item::parse(function.parse().unwrap(), &crate::item::RESILIENT).unwrap();
        let parameters = Parameters::of(&target);
        let places: Vec<_> = places(&target, &parameters)
            .iter()
            .map(|place| place.to_string().replace(' ', ""))
            .collect();
        assert_eq!(places, places_of, "{function}");
    }

    #[test]
    fn a_parameter_is_known_by_its_type() {
        for ty in [
            "&Connector",
            "Connector",
            "Arc<Connector>",
            "&mut connection::Connector",
        ] {
            found(
                &format!(
                    "async fn f(id: u64, redis: {ty}) -> R {{ redis.get().await?.get(id).await }}"
                ),
                &["redis"],
            );
        }
        found(
            "fn f(one: &Connector, two: &Connector) -> R { g(two, one) }",
            &["one", "two"],
        );
        found("fn f(redis: &Connector) -> R { g() }", &[]);
        found(
            "fn f(Redis(redis): Redis<Connector>) -> R { redis.get_blocking() }",
            &[],
        );
    }

    #[test]
    fn a_place_is_known_by_what_is_done_with_it() {
        found(
            "async fn f(&self) -> R { self.redis.get().await?.get(1).await }",
            &["self.redis"],
        );
        found(
            "fn f(&self) -> R { self.state.redis.get_blocking()?.get(1) }",
            &["self.state.redis"],
        );
        found(
            "async fn f(app: &App) -> R { app.redis.get().await }",
            &["app.redis"],
        );
        found(
            "async fn f(redis: Redis) -> R { redis.get().await }",
            &["redis"],
        );
        found("async fn f() -> R { REDIS.get().await }", &["REDIS"]);
        found(
            "async fn f(&self) -> R { Lock::new(\"l\").hold(&self.redis, LEASE, async |_| self.other.get().await).await }",
            &["self.redis", "self.other"],
        );
        found(
            "async fn f(&self) -> R { join!(self.a.get(), self.b.get(), self.a.get()) }",
            &["self.a", "self.b"],
        );
        found(
            "async fn f(&self) -> R { self.redis.dedicated_to(key).await }",
            &["self.redis"],
        );
    }

    #[test]
    fn what_may_be_something_else_is_not_looked_at() {
        for function in [
            "async fn f(&self) -> R { self.redis().get().await }",
            "async fn f(&self, id: u64) -> R { self.map.get(&id) }",
            "async fn f(&self) -> R { self.conn.clone().get(id).await }",
            "async fn f(app: &App) -> R { let app = app.inner(); app.redis.get().await }",
            "async fn f(app: &App) -> R { if let Some(app) = app.inner { app.redis.get().await } }",
            "async fn f(app: &App) -> R { apps.map(|app| app.redis.get()) }",
            "async fn f() -> R { static REDIS: L = L::new(); REDIS.get().await }",
            "async fn f() -> R { use crate::REDIS; REDIS.get().await }",
            "async fn f() -> R { let redis = other(); redis.get().await }",
            "async fn f() -> R { crate::REDIS.get().await }",
            "async fn f(&self) -> R { impl A for B { fn g(&self) -> R { self.redis.get() } } h() }",
            "async fn f(&self) -> R { (*self.redis).get().await }",
            "async fn f(n: u64) -> R { (n..n.get()) }",
            "async fn f(&self) -> R { $self.redis.get() }",
        ] {
            found(function, &[]);
        }
    }
}
