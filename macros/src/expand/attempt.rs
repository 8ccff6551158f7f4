//! One run of the body, and what follows from its result.

use super::{Expansion, group};
use crate::plan::{Breaker, Ending, Mode, Rebind};
use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Lifetime;

/// The body in braces of its own, so that it may shadow what it likes.
pub(super) fn block(body: &TokenStream, braces: Span) -> TokenStream {
    // The block stays the user's, whose edition says when the values of its last expression are dropped. Its label, where it
    // begins, keeps `unused_braces` from firing on bodies of one line.
    let label = Lifetime::new("'__resilient_body", braces);
    let block = group(Delimiter::Brace, body.clone(), braces);
    quote!(#label: #block)
}

impl Expansion<'_> {
    pub(super) fn attempt(&self, body: &TokenStream) -> TokenStream {
        let Expansion {
            private, output, ..
        } = self;
        let mixed = Span::mixed_site();
        // A breaker may refuse the attempt, and so may a deadline that a pause has overrun.
        let begin = match self.plan.breaker {
            Breaker::Off if !self.plan.policy.has_deadline => TokenStream::new(),
            Breaker::Off | Breaker::Shared | Breaker::Own { .. } => {
                // Async attempts are marked as a probe's at each poll.
                let name = match self.plan.mode {
                    Mode::Sync => "begin_blocking",
                    Mode::Async { .. } => "begin",
                };
                let begin = Ident::new(name, mixed);
                self.give_up_if(
                    &quote_spanned!(mixed=> !#private::Call::#begin(&mut __resilient_call)),
                )
            }
        };
        let prelude = self.prelude();
        let verdict = self.verdict();
        let shown = self.plan.error_span.resolved_at(mixed);
        let private_shown = self.private_at(shown);
        let split = quote_spanned!(shown=> #private_shown::Outcome::split(__resilient_result));
        let run = match self.plan.mode {
            Mode::Sync => {
                quote_spanned! {mixed=>
                    #[allow(unknown_lints, clippy::redundant_closure_call)]
                    let __resilient_result = (|| -> #output { #prelude #body })();
                    match #split { #verdict }
                }
            }
            Mode::Async { watched: false } => {
                let fake_return = self.fake_return();
                quote_spanned! {mixed=>
                    let __resilient_result: #output = async { #fake_return #prelude #body }.await;
                    match #split { #verdict }
                }
            }
            Mode::Async { watched: true } => {
                let fake_return = self.fake_return();
                let timed_out = self.give_up_if(
                    &quote_spanned!(mixed=> #private::Call::timed_out(&mut __resilient_call)),
                );
                // There, for this is what first finds that a function returns no `Result`.
                let run = quote_spanned! {shown=>
                    #private_shown::attempt(&mut __resilient_call, __resilient_body).await
                };
                let over = quote_spanned! {shown=>
                    ::core::result::Result::Err(::core::option::Option::None)
                };
                quote_spanned! {mixed=>
                    let __resilient_body = ::core::pin::pin!(async { #fake_return #prelude #body });
                    match #run {
                        #verdict
                        #over => { #timed_out }
                    }
                }
            }
        };
        quote!(#begin #run)
    }

    /// Tells the compiler the type that `return` and `?` in the body lead to.
    fn fake_return(&self) -> TokenStream {
        let output = self.output;
        quote_spanned! {self.plan.output_span=>
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
                    let (keyword, original) = if *mutable {
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
        let Expansion { private, exit, .. } = self;
        let mixed = Span::mixed_site();
        let class = self.class();
        // Taken apart and put together again: as a whole it would go through memory on its way out.
        let shown = self.plan.error_span.resolved_at(mixed);
        let outcome = self.private_at(shown);
        let value = quote_spanned!(shown=> #outcome::Outcome::from_value(__resilient_value));
        let error = quote_spanned!(shown=> #outcome::Outcome::from_error(__resilient_error));
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
            quote_spanned!(mixed=> #private::Call::failed_since(&mut __resilient_call, __resilient_started, #class))
        } else {
            quote_spanned!(mixed=> #private::Call::failed(&mut __resilient_call, #class))
        };
        let steps = if self.plan.fallback.is_empty() {
            quote_spanned! {mixed=>
                #private::Step::Fallback | #private::Step::Return => {
                    #exit #error;
                }
            }
        } else {
            let ending = match self.plan.ending() {
                Ending::Nothing => TokenStream::new(),
                Ending::Error => quote_spanned!(mixed=> __resilient_error),
                Ending::ErrorOrRejection => {
                    quote_spanned!(mixed=> ::core::option::Option::Some(__resilient_error))
                }
            };
            quote_spanned! {mixed=>
                #private::Step::Fallback => break #ending,
                #private::Step::Return => {
                    #exit #error;
                }
            }
        };
        quote_spanned! {mixed=>
            #succeeded => {
                #private::Call::succeeded(__resilient_call);
                #exit #value;
            }
            #failed => {
                let __resilient_failure = &__resilient_error;
                match #step {
                    #private::Step::Pause => {}
                    #steps
                }
            }
        }
    }

    fn class(&self) -> TokenStream {
        let shown = self.plan.error_span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        if let Some(class) = &self.plan.class {
            return quote_spanned!(shown=> #private::classify_with(__resilient_failure, #class));
        }
        // In this block only, or the methods would be there for the body as well.
        quote_spanned! {shown=> {
            use #private::{
                ViaAsRef as _, ViaAsRefSendSync as _, ViaClassify as _, ViaError as _, ViaNothing as _,
            };
            (&&&&&#private::View(__resilient_failure)).resilient_class()
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

    /// Ends the call if `test` says that it has no error of its own to end with.
    fn give_up_if(&self, test: &TokenStream) -> TokenStream {
        let exit = &self.exit;
        let mixed = Span::mixed_site();
        let give_up = if self.plan.fallback.is_empty() {
            let refused = self.made_of_rejection("refuse");
            quote_spanned!(mixed=> #exit #refused;)
        } else {
            match self.plan.ending() {
                Ending::Nothing => quote_spanned!(mixed=> break;),
                Ending::Error => {
                    let rejected = self.made_of_rejection("rejected");
                    quote_spanned!(mixed=> break #rejected;)
                }
                Ending::ErrorOrRejection => {
                    quote_spanned!(mixed=> break ::core::option::Option::None;)
                }
            }
        };
        quote_spanned!(mixed=> if #test { #give_up })
    }

    /// What the function `name` of the runtime makes of the reason why the call is over.
    pub(super) fn made_of_rejection(&self, name: &str) -> TokenStream {
        let shown = self.plan.error_span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        let name = Ident::new(name, shown);
        quote_spanned!(shown=> #private::#name(#private::Call::rejection(&mut __resilient_call)))
    }

    /// Values that are not known to the macro are checked when the call begins.
    pub(super) fn misconfigured(&self) -> TokenStream {
        if !self.plan.policy.computed {
            return TokenStream::new();
        }
        let exit = &self.exit;
        let mixed = Span::mixed_site();
        let shown = self.plan.error_span.resolved_at(mixed);
        let private = self.private_at(shown);
        let refused = quote_spanned!(shown=> #private::refuse(__resilient_rejection));
        quote_spanned! {mixed=>
            if let ::core::option::Option::Some(__resilient_rejection) = #private::Call::misconfigured(&__resilient_call) {
                #exit #refused;
            }
        }
    }
}
