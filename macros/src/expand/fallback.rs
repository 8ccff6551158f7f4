//! What comes after the last attempt.

use super::Expansion;
use crate::args::Form;
use crate::plan::number;
use crate::plan::{Fallback, Mode};
use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;

impl Expansion<'_> {
    pub(super) fn fallback(&self) -> TokenStream {
        let output = self.output;
        let last = self.plan.fallback.len().saturating_sub(1);
        self.plan
            .fallback
            .iter()
            .enumerate()
            .map(|(index, fallback)| {
                // A fallback of another type is wrong there, not at the attribute as a whole.
                let shown = fallback.span.resolved_at(Span::mixed_site());
                let private = self.private_at(shown);
                let value = self.value(fallback);
                // The closure gets the error; the path that Clippy would put in its place gets the arguments.
                let allow = (fallback.form == Form::Closure).then(|| {
                    quote_spanned! {shown=>
                        #[allow(
                            unknown_lints,
                            clippy::redundant_closure,
                            clippy::redundant_closure_for_method_calls
                        )]
                    }
                });
                let fallen =
                    quote_spanned!(shown=> #allow let __resilient_fallen: #output = #value;);
                let ended = self.ended(index, fallback.plain, shown);
                if index == last {
                    return quote_spanned!(shown=> #fallen #ended);
                }
                let step = quote_spanned! {shown=> {
                    #fallen
                    if ::core::option::Option::is_none(&#private::ResultLike::error(&__resilient_fallen)) {
                        #ended
                    }
                }};
                self.if_admitted(fallback, step)
            })
            .collect()
    }

    /// A statement that takes what the call has left for the fallback, which is polled elsewhere soon.
    pub(super) fn span(&self) -> TokenStream {
        match self.plan.mode {
            Mode::Sync => TokenStream::new(),
            Mode::Async { .. } => {
                let private = &self.private;
                quote_spanned!(Span::mixed_site()=> let _resilient_span = #private::left_span();)
            }
        }
    }

    /// The end of the function with what the fallback of this number has come to, which is counted.
    fn ended(&self, index: usize, is_plain: bool, shown: Span) -> TokenStream {
        let Expansion { exit, output, .. } = self;
        let private = self.private_at(shown);
        let number = number(Literal::usize_unsuffixed(index));
        let answered = self.answered(quote_spanned!(shown=> __resilient_fallen));
        if !self.plan.serves_stale() {
            let counted = if is_plain {
                quote_spanned!(shown=> #private::Handed::fell(__resilient_handed, #number, &__resilient_fallen);)
            } else {
                quote_spanned! {shown=>
                    let __resilient_queued = {
                        use #private::{ViaAnswered as _, ViaQueued as _};
                        (&&#private::Fallen(&__resilient_fallen)).resilient_is_queued()
                    };
                    #private::Handed::fell_or_queued(
                        __resilient_handed,
                        #number,
                        __resilient_queued,
                        &__resilient_fallen,
                    );
                }
            };
            return quote_spanned!(shown=> #counted #exit #answered;);
        }
        quote_spanned! {shown=>
            let __resilient_fell =
                ::core::option::Option::is_none(&#private::ResultLike::error(&__resilient_fallen));
            let __resilient_answered: #output = #answered;
            #private::Handed::fell_or_stale(
                __resilient_handed,
                #number,
                __resilient_fell,
                &__resilient_answered,
            );
            #exit __resilient_answered;
        }
    }

    fn value(&self, fallback: &Fallback) -> TokenStream {
        let Fallback {
            form,
            expression,
            arguments,
            span,
            plain: _,
            is_counted,
        } = fallback;
        let shown = span.resolved_at(Span::mixed_site());
        let private = self.private_at(shown);
        let value = match form {
            Form::Function if *is_counted => {
                let count = number(Literal::usize_unsuffixed(arguments.len()));
                // By its name here, or type parameters of its own would have to be told twice.
                quote_spanned! {shown=>
                    match #expression {
                        __resilient_callee => {
                            #private::takes::<#count>({
                                use #private::{
                                    Takes0 as _, Takes1 as _, Takes2 as _, Takes3 as _, Takes4 as _, Takes5 as _,
                                    Takes6 as _, Takes7 as _, Takes8 as _, TakesAny as _, TakesMissing as _,
                                };
                                (&&&#private::Callee(&__resilient_callee)).resilient_arity()
                            });
                            __resilient_callee(#(#arguments),*)
                        }
                    }
                }
            }
            Form::Function | Form::Method => quote_spanned!(shown=> #expression(#(#arguments),*)),
            Form::Closure => {
                quote_spanned!(shown=> #private::with_error(#expression, __resilient_error))
            }
            Form::Verdict => return expression.clone(),
            Form::Expression => expression.clone(),
        };
        if matches!(self.plan.mode, Mode::Sync) {
            return value;
        }
        // A value of `struct` syntax would be taken for the arms.
        let value = match form {
            Form::Expression => quote_spanned!(shown=> (#value)),
            _ => value,
        };
        // A `match`, for what the expression borrows has to live until its future is done. The value itself is gone by then: with a name it
        // would have a place in the function's future. The traits are not to be seen in the expression.
        quote_spanned! {shown=>
            match #private::settled(#value, |__resilient_value| {
                use #private::{FutureKind as _, ValueKind as _};
                (&#private::probe(&__resilient_value)).resilient_kind().settle(__resilient_value)
            }) {
                __resilient_settled => #private::in_span(&_resilient_span, __resilient_settled).await,
            }
        }
    }
}
