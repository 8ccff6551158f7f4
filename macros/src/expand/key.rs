//! The key of one call, as the calls that write it.

use crate::key::parts::KeyPart;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

/// `.text("user:").value(&id, None)`
pub(crate) fn parts(parts: &[KeyPart]) -> TokenStream {
    let mixed = Span::mixed_site();
    let parts = parts.iter().map(|part| match part {
        KeyPart::Text(text) => {
            let mut text = Literal::string(text);
            text.set_span(mixed);
            quote_spanned!(mixed=> .text(#text))
        }
        KeyPart::Value {
            expression,
            debug,
            separator,
            span,
        } => {
            let shown = span.resolved_at(mixed);
            let method = Ident::new(if *debug { "debug" } else { "value" }, mixed);
            let separator = if let Some(separator) = separator {
                let mut separator = Literal::character(*separator);
                separator.set_span(mixed);
                quote_spanned!(mixed=> ::core::option::Option::Some(#separator))
            } else {
                quote_spanned!(mixed=> ::core::option::Option::None)
            };
            let value = quote_spanned!(shown=> &#expression);
            quote_spanned!(mixed=> .#method(#value, #separator))
        }
    });
    parts.collect()
}
