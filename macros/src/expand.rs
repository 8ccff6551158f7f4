//! [`Plan`] to tokens; nothing can go wrong here.
//!
//! The loop stands in the function itself. A driver that takes the body as a closure would make
//! futures that are not `Send`, or bodies that cannot borrow their arguments.
//!
//! Tokens of the template have the span [`Span::mixed_site`]: the body sees no local of ours, and lints
//! see a macro. Where an error should show elsewhere, that place is combined with this hygiene.

mod answers;
pub(crate) mod attempt;
mod fallback;
mod faults;
mod hedge;
pub(crate) mod key;
mod limit;
pub(crate) mod policy;

use crate::item::{Frame, Shape, Target};
use crate::plan::{Breaker, Ending, Mode, Plan, Rebind};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Lifetime;

pub(crate) fn expand(plan: &Plan, chaos: bool) -> TokenStream {
    let Target {
        attributes,
        visibility,
        signature,
        braces,
        shape,
    } = &plan.target;
    let body = match shape {
        Shape::Async(body) | Shape::Sync(body) => {
            Expansion::new(plan, None, chaos).function(&attempt::block(body, *braces))
        }
        Shape::AsyncTrait(frame) => in_frame(plan, frame, chaos),
    };
    // With the original span of the braces, the compiler takes the function for one of the user: it finds dead code.
    let body = group(Delimiter::Brace, body, *braces);
    let allow = clones_in_sync(plan).then(|| {
        quote_spanned!(Span::mixed_site()=> #[allow(unknown_lints, clippy::needless_pass_by_value)])
    });
    let docs = plan.docs.iter().map(|docs| {
        let mut docs = Literal::string(docs);
        docs.set_span(Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> #[doc = #docs])
    });
    quote!(#(#attributes)* #(#docs)* #allow #visibility #signature #body)
}

/// An argument whose clones are used up looks like one that is only borrowed.
fn clones_in_sync(plan: &Plan) -> bool {
    let is_clone = |rebind: &Rebind| matches!(rebind, Rebind::Clone { .. });
    matches!(plan.mode, Mode::Sync) && plan.prelude.iter().any(is_clone)
}

fn in_frame(plan: &Plan, frame: &Frame, chaos: bool) -> TokenStream {
    let label = Lifetime::new("'__resilient", Span::mixed_site());
    let body = Expansion::new(plan, Some(&label), chaos)
        .function(&attempt::block(&frame.body, frame.braces));
    let Frame {
        pin,
        keywords,
        before,
        after,
        ..
    } = frame;
    let block = group(
        Delimiter::Brace,
        quote_spanned!(Span::mixed_site()=> #before #label: { #body } #after),
        frame.outer_braces,
    );
    let arguments = group(
        Delimiter::Parenthesis,
        quote!(#keywords #block),
        frame.parentheses,
    );
    quote!(#pin #arguments)
}

pub(crate) fn group(delimiter: Delimiter, content: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, content);
    group.set_span(span);
    group
}

/// The plan, and the tokens that are used in many places.
struct Expansion<'a> {
    plan: &'a Plan,
    private: TokenStream,
    /// The type of the call.
    call: TokenStream,
    /// What ends the function with the value behind it.
    exit: TokenStream,
    output: &'a dyn ToTokens,
    /// Whether faults on purpose are to reach it here: where nothing else watches the body.
    faces_faults: bool,
}

impl<'a> Expansion<'a> {
    fn new(plan: &'a Plan, label: Option<&Lifetime>, chaos: bool) -> Self {
        let mixed = Span::mixed_site();
        let krate = &plan.krate;
        let call = match plan.mode {
            Mode::Sync => "BlockingCall",
            Mode::Async { .. } => "Call",
        };
        let call = Ident::new(call, mixed);
        Expansion {
            plan,
            private: quote_spanned!(mixed=> #krate::__private),
            call: quote_spanned!(mixed=> #krate::__private::#call),
            exit: match label {
                None => quote_spanned!(mixed=> return),
                Some(label) => quote_spanned!(mixed=> break #label),
            },
            output: &plan.output,
            faces_faults: chaos && faults::are_to_be_met(plan),
        }
    }

    /// The module of the runtime that is meant for expansions, shown at `span`.
    fn private_at(&self, span: Span) -> TokenStream {
        located_at(&self.private, span)
    }

    /// The call, for what ends it: a sync one is given away, an async one is dropped where it is.
    fn call_to_end(&self) -> TokenStream {
        match self.plan.mode {
            Mode::Sync => quote_spanned!(Span::mixed_site()=> __resilient_call),
            Mode::Async { .. } => quote_spanned!(Span::mixed_site()=> &mut __resilient_call),
        }
    }

    /// The whole body.
    fn function(&self, body: &TokenStream) -> TokenStream {
        let call_type = &self.call;
        let mixed = Span::mixed_site();
        let (policy, policy_reference) = self.policy();
        let (breaker, breaker_reference) = self.breaker();
        let started = self.started();
        let misconfigured = self.misconfigured();
        let attempts = self.attempts(body);
        let call = quote_spanned! {mixed=>
            #policy
            #breaker
            let mut __resilient_call = #call_type::new(#policy_reference, #breaker_reference);
            #misconfigured
            #started
        };
        if !self.plan.falls_back() {
            return quote!(#call #attempts);
        }
        let (keyed, entered) = self.keyed();
        // What counts how the call ends is kept beyond the call.
        let handed = quote_spanned!(mixed=> #call_type::hands_over(&__resilient_call));
        if self.plan.fallback.is_empty()
            && let Some(answers) = &self.plan.answers
        {
            let end = self.stale_or_error(answers);
            return quote_spanned! {mixed=>
                #keyed #call
                let __resilient_error = #attempts;
                let __resilient_handed = #handed;
                #entered #end
            };
        }
        let (kept, admission) = self.admission();
        let end = (!kept.is_empty()).then(|| quote_spanned!(mixed=> ;));
        let attempts = match self.plan.ending() {
            Ending::Nothing => attempts,
            Ending::Error | Ending::ErrorOrRejection => {
                let keyword = self.lends_error().then(|| quote_spanned!(mixed=> mut));
                quote_spanned!(mixed=> let #keyword __resilient_error = #attempts;)
            }
        };
        let fallback = self.fallback();
        let span = self.span();
        // The call ends with its block: the breaker may be a part of what the fallback wants for itself.
        quote_spanned! {mixed=>
            #keyed
            let __resilient_handed;
            #kept { #call #attempts __resilient_handed = #handed; #entered #admission } #end
            #span #fallback
        }
    }

    /// All attempts, and what a call ends with that may make no other one.
    fn attempts(&self, body: &TokenStream) -> TokenStream {
        let call = &self.call;
        let mixed = Span::mixed_site();
        let keyword = Ident::new("loop", self.plan.loop_span.resolved_at(mixed));
        let permit = self.permit();
        let attempt = self.attempt(body);
        let pause = match self.plan.mode {
            Mode::Sync if self.faces_faults => {
                quote_spanned!(mixed=> #call::pause_alone(&mut __resilient_call))
            }
            Mode::Sync => quote_spanned!(mixed=> #call::pause(&mut __resilient_call)),
            Mode::Async { .. } => {
                let private = &self.private;
                quote_spanned!(mixed=> #private::pause(&mut __resilient_call).await)
            }
        };
        // Nothing of an attempt lives beyond its block, or a result that is not `Send` would spoil the pause.
        if !self.plan.may_be_stopped() {
            return quote_spanned!(mixed=> #keyword { { #attempt } #pause; });
        }
        let (stop, stopped) = self.stop();
        let attempts =
            quote_spanned!(mixed=> #keyword { { #permit #attempt } if !#pause { #stop } });
        match self.plan.breaker {
            Breaker::Off => attempts,
            Breaker::Default { .. } | Breaker::Own { .. } => {
                quote_spanned!(mixed=> if #call::begin(&mut __resilient_call) { #attempts } #stopped)
            }
        }
    }
}

fn located_at(tokens: &TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    tokens.collect()
}
