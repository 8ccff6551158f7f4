//! What leads to the `Connector`.

use crate::cached::args::CachedArgs;
use crate::errors::Errors;
use crate::item::Target;
use crate::key::variables::{Role, Variables, mentions};
use crate::plan::connectors;
use crate::plan::parameters::Parameters;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;

/// The one that is named, else the first parameter of this type, else the first place of the body that a connection is got from.
pub(super) fn place(
    args: &CachedArgs,
    target: &Target,
    variables: &Variables,
    errors: &mut Errors,
) -> Option<TokenStream> {
    if let Some(redis) = &args.redis {
        return Some(redis.value.to_token_stream());
    }
    let parameter = variables.all.iter().find(|variable| {
        let is_connector = |role: &Role| match role {
            Role::Parameter { ty, .. } => mentions(ty.to_token_stream(), "Connector"),
            _ => false,
        };
        variable.cfgs.is_empty() && is_connector(&variable.role)
    });
    if let Some(parameter) = parameter {
        return Some(parameter.name.to_token_stream());
    }
    let places = connectors::places(target, &Parameters::of(target));
    if let Some(place) = places.into_iter().next() {
        return Some(place);
    }
    if !args.is_written("redis") {
        let place = match &variables.receiver {
            Some(_) => "redis = self.redis",
            None => "redis = REDIS",
        };
        errors.at(
            Span::call_site(),
            format!(
                "no `Connector` is to be seen that leads to Redis: give the function a parameter of that type, or write what leads to it, `{place}`"
            ),
        );
    }
    None
}
