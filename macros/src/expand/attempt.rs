//! One run of the body, and what follows from its result.

use super::{Expansion, group, hedge, located_at};
use crate::plan::{Ending, Mode, Rebind};
use proc_macro2::{Delimiter, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Lifetime;

/// The body in braces of its own, so that it may shadow what it likes.
pub(crate) fn block(body: &TokenStream, braces: Span) -> TokenStream {
    // The block stays the user's, whose edition says when the values of its last expression are dropped. Its label, where it
    // begins, keeps `unused_braces` from firing on bodies of one line.
    let label = Lifetime::new("'__resilient_body", braces);
    let block = group(Delimiter::Brace, body.clone(), braces);
    quote!(#label: #block)
}

/// Tells the compiler the type that `return` and `?` in the body lead to.
pub(crate) fn fake_return(output: &dyn ToTokens, span: Span) -> TokenStream {
    quote_spanned! {span=>
        #[allow(
            unknown_lints,
            unreachable_code,
            clippy::diverging_sub_expression,
            clippy::empty_loop,
            clippy::let_unit_value,
            clippy::let_with_type_underscore,
            clippy::needless_return,
            clippy::unreachable
        )]
        if false {
            let __resilient_fake: #output = loop {};
            return __resilient_fake;
        }
    }
}

impl Expansion<'_> {
    pub(super) fn attempt(&self, body: &TokenStream) -> TokenStream {
        let output = self.output;
        let mixed = Span::mixed_site();
        let prelude = self.prelude();
        let verdict = self.verdict();
        let shown = self.plan.error_span.resolved_at(mixed);
        let private_shown = self.private_at(shown);
        let split = quote_spanned!(shown=> #private_shown::ResultLike::split(__resilient_result));
        match self.plan.mode {
            Mode::Sync => {
                if self.faces_faults {
                    let run = quote_spanned!(mixed=> (|| -> #output { #prelude #body })());
                    let faced = self.faced(&run);
                    return quote_spanned!(mixed=> #faced match #split { #verdict });
                }
                quote_spanned! {mixed=>
                    #[allow(unknown_lints, clippy::redundant_closure_call)]
                    let __resilient_result = (|| -> #output { #prelude #body })();
                    match #split { #verdict }
                }
            }
            Mode::Async { watched: false } => {
                let fake_return = fake_return(&self.output, self.plan.output_span);
                if self.faces_faults {
                    let run = quote_spanned!(mixed=> async { #fake_return #prelude #body }.await);
                    let faced = self.faced(&run);
                    return quote_spanned!(mixed=> #faced match #split { #verdict });
                }
                quote_spanned! {mixed=>
                    let __resilient_result: #output = async { #fake_return #prelude #body }.await;
                    match #split { #verdict }
                }
            }
            Mode::Async { watched: true } => {
                let fake_return = fake_return(&self.output, self.plan.output_span);
                // There, for this is what first finds that a function returns no `Result`.
                let call = quote_spanned!(mixed=> &mut __resilient_call);
                let body = quote_spanned!(mixed=> async { #fake_return #prelude #body });
                let run = if self.plan.hedged {
                    self.hedged(&call, &body, &private_shown, shown)
                } else {
                    quote_spanned!(shown=> #private_shown::attempt(#call, #body).await)
                };
                let over = quote_spanned! {shown=>
                    ::core::result::Result::Err(::core::option::Option::None)
                };
                let originals = self.originals();
                quote_spanned! {mixed=>
                    #originals
                    match #run {
                        #verdict
                        #over => {}
                    }
                }
            }
        }
    }

    fn prelude(&self) -> TokenStream {
        let mixed = Span::mixed_site();
        self.plan
            .prelude
            .iter()
            .map(|rebind| match rebind {
                Rebind::Reborrow { cfgs, name, shared } => {
                    // The parameter is used here: if the body does not, this is what the compiler finds unused.
                    let unused = shared.then(|| quote_spanned!(mixed=> unused_variables,));
                    quote_spanned! {mixed=>
                        #(#cfgs)*
                        #[allow(unknown_lints, #unused clippy::shadow_same, clippy::shadow_reuse)]
                        let #name = &mut *#name;
                    }
                }
                Rebind::Clone { cfgs, name, mutable, span } => {
                    let shown = span.resolved_at(mixed);
                    // The parameter itself is not changed; it is borrowed mutably lest its `mut` be called superfluous.
                    let (keyword, original) = if *mutable && self.plan.hedged {
                        (quote_spanned!(mixed=> mut), hedge::original(name).into_token_stream())
                    } else if *mutable {
                        (quote_spanned!(mixed=> mut), quote_spanned!(shown=> &*&mut #name))
                    } else {
                        (TokenStream::new(), quote_spanned!(shown=> &#name))
                    };
                    let clone = quote_spanned!(shown=> ::core::clone::Clone::clone(#original));
                    quote_spanned! {mixed=>
                        #(#cfgs)*
                        #[allow(unknown_lints, unused_variables, unused_mut, clippy::shadow_same, clippy::shadow_reuse)]
                        let #keyword #name = #clone;
                    }
                }
            })
            .collect()
    }

    /// The arms for what an attempt gives.
    fn verdict(&self) -> TokenStream {
        let Expansion {
            private,
            call,
            exit,
            ..
        } = self;
        let mixed = Span::mixed_site();
        let class = self.diagnosis();
        // Taken apart and put together again: as a whole it would go through memory on its way out.
        let shown = self.plan.error_span.resolved_at(mixed);
        let outcome = self.private_at(shown);
        let value = quote_spanned!(shown=> #outcome::ResultLike::from_value(__resilient_value));
        let error = quote_spanned!(shown=> #outcome::ResultLike::from_error(__resilient_error));
        let succeeded = quote_spanned!(shown=> ::core::result::Result::Ok(__resilient_value));
        let failed = match self.plan.mode {
            Mode::Sync | Mode::Async { watched: false } => {
                quote_spanned!(mixed=> __resilient_error)
            }
            Mode::Async { watched: true } => {
                quote_spanned!(shown=> ::core::option::Option::Some(__resilient_error))
            }
        };
        let failed = quote_spanned!(shown=> ::core::result::Result::Err(#failed));
        let step = if self.starts() {
            quote_spanned!(mixed=> #call::failed_since(&mut __resilient_call, __resilient_started, #class))
        } else {
            quote_spanned!(mixed=> #call::failed(&mut __resilient_call, #class))
        };
        let end = match self.plan.mode {
            Mode::Sync => quote_spanned!(mixed=> #call::end(__resilient_call);),
            Mode::Async { .. } => TokenStream::new(),
        };
        let falls_back = if self.plan.falls_back() {
            let ending = match self.plan.ending() {
                Ending::Nothing => TokenStream::new(),
                Ending::Error => quote_spanned!(mixed=> __resilient_error),
                Ending::ErrorOrRejection => {
                    quote_spanned!(mixed=> ::core::option::Option::Some(__resilient_error))
                }
            };
            quote_spanned!(mixed=> #private::Step::Fallback => break #ending,)
        } else {
            quote_spanned!(mixed=> #private::Step::Fallback |)
        };
        let succeeds = match self.plan.mode {
            Mode::Sync => quote_spanned!(mixed=> #call::succeeded(__resilient_call);),
            Mode::Async { .. } => {
                quote_spanned!(mixed=> #call::succeeded(&mut __resilient_call);)
            }
        };
        let keeps = self.keeps();
        // Of a call that cannot be stopped there is no way to tell it.
        let watches = self.plan.may_be_stopped() && !self.faces_faults;
        let lost = (matches!(self.plan.mode, Mode::Sync) && watches).then(|| {
            quote_spanned!(mixed=> ::core::result::Result::Ok(_) if #call::loses_reply(&mut __resilient_call) => {})
        });
        quote_spanned! {mixed=>
            #lost
            #succeeded => {
                #succeeds
                #keeps
                #exit #value;
            }
            #failed => {
                let __resilient_failure = &__resilient_error;
                match #step {
                    #private::Step::Pause => {}
                    #falls_back #private::Step::Return => {
                        #end
                        #exit #error;
                    }
                }
            }
        }
    }

    /// What the failure is, as far as the function's body and the connection tell.
    pub(super) fn diagnosis(&self) -> TokenStream {
        let class = self.class();
        if !self.plan.shows_non_idempotent {
            return class;
        }
        let shown = self.plan.error_span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        quote_spanned! {shown=>
            #private::Diagnosis::of_non_idempotent(#class, {
                use #private::{ViaAsRef as _, ViaAsRefSendSync as _, ViaError as _, ViaNothing as _};
                (&&&&#private::View(__resilient_failure)).resilient_is_repeatable()
            })
        }
    }

    fn class(&self) -> TokenStream {
        let shown = self.plan.error_span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        if let Some(class) = &self.plan.class {
            let readable = quote_spanned! {shown=> {
                use #private::{ViaAsRef as _, ViaAsRefSendSync as _, ViaError as _, ViaNothing as _};
                (&&&&#private::View(__resilient_failure)).resilient_error()
            }};
            return quote_spanned!(shown=> #private::classify_with(__resilient_failure, #readable, #class));
        }
        // In this block only, or the methods would be there for the body as well.
        quote_spanned! {shown=> {
            use #private::{
                ViaAsRef as _, ViaAsRefSendSync as _, ViaClassify as _, ViaClassifyError as _, ViaError as _,
                ViaFromRedis as _, ViaMute as _, ViaNothing as _,
            };
            (&&&&&&&&#private::View(__resilient_failure)).resilient_diagnosis()
        }}
    }

    /// Does the deadline run from the beginning? A body that blocks cannot tell when it first has to wait.
    fn starts(&self) -> bool {
        self.plan.policy.has_deadline && matches!(self.plan.mode, Mode::Sync)
    }

    pub(super) fn started(&self) -> TokenStream {
        let private = &self.private;
        if self.starts() {
            quote_spanned!(Span::mixed_site()=> let __resilient_started = #private::now();)
        } else {
            TokenStream::new()
        }
    }

    /// What a call does that may make no other attempt, and has no error of its own to end with: in the loop, and behind it.
    pub(super) fn stop(&self) -> (TokenStream, TokenStream) {
        let mixed = Span::mixed_site();
        if !self.plan.falls_back() {
            let shown = self.plan.error_span.resolved_at(mixed);
            let call = located_at(&self.call, shown);
            let exit = &self.exit;
            let ended = self.call_to_end();
            let refused = quote_spanned!(shown=> #call::refuse(#ended));
            // Twice: of a loop that is left by `break`, the compiler advises to move out of it what is moved in it.
            let stop = quote_spanned!(mixed=> #exit #refused;);
            return (stop.clone(), stop);
        }
        match self.plan.ending() {
            // With an error in any case it could not be stopped.
            Ending::Nothing | Ending::Error => (quote_spanned!(mixed=> break;), TokenStream::new()),
            Ending::ErrorOrRejection => (
                quote_spanned!(mixed=> break ::core::option::Option::None;),
                quote_spanned!(mixed=> else { ::core::option::Option::None }),
            ),
        }
    }

    /// Values that are not known to the macro are checked when the call begins.
    pub(super) fn misconfigured(&self) -> TokenStream {
        if !self.plan.policy.computed {
            return TokenStream::new();
        }
        let exit = &self.exit;
        let mixed = Span::mixed_site();
        let shown = self.plan.error_span.resolved_at(mixed);
        let (private, call) = (self.private_at(shown), &self.call);
        let refused = quote_spanned!(shown=> #private::refuse(__resilient_rejection));
        quote_spanned! {mixed=>
            if let ::core::option::Option::Some(__resilient_rejection) = #call::misconfigured(&__resilient_call) {
                #exit #refused;
            }
        }
    }
}
