//! How many arguments a fallback takes that is named by a path: it is called with all of the function's own.
//!
//! The compiler counts them too. What it cannot say is where the arguments come from, and what to write instead.

use std::fmt;

/// A fallback to look at. It is the one that is called, or else its type parameters would be asked for twice.
pub struct Callee<'a, F>(pub &'a F);

impl<F> fmt::Debug for Callee<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callee")
    }
}

/// It takes so many.
#[derive(Clone, Copy, Debug)]
pub struct Arity<const N: usize>;

/// It is no function that can be looked at, such as an `unsafe` one.
#[derive(Clone, Copy, Debug)]
pub struct AnyArity;

macro_rules! arities {
    ($($name:ident $number:literal: $($argument:ident)*;)*) => {$(
        /// Tried next: what takes so many arguments.
        pub trait $name<$($argument),*> {
            /// How many it takes.
            #[inline]
            fn resilient_arity(&self) -> Arity<$number> {
                Arity
            }
        }

        impl<F: FnOnce($($argument),*) -> R, R, $($argument),*> $name<$($argument),*>
            for &Callee<'_, F>
        {
        }
    )*};
}

arities! {
    Takes0 0: ;
    Takes1 1: A;
    Takes2 2: A B;
    Takes3 3: A B C;
    Takes4 4: A B C D;
    Takes5 5: A B C D E;
    Takes6 6: A B C D E G;
    Takes7 7: A B C D E G H;
    Takes8 8: A B C D E G H I;
}

/// What nothing does, but for a name that the compiler does not know: it has said so, and that is enough.
pub trait Missing {}

/// Tried before all others.
pub trait TakesMissing {
    /// Nobody knows.
    #[inline]
    fn resilient_arity(&self) -> AnyArity {
        AnyArity
    }
}

impl<F: Missing> TakesMissing for &&Callee<'_, F> {}

/// Everything else.
pub trait TakesAny {
    /// Nobody knows.
    #[inline]
    fn resilient_arity(&self) -> AnyArity {
        AnyArity
    }
}

impl<F> TakesAny for Callee<'_, F> {}

/// What a fallback does that takes `N` arguments.
#[diagnostic::on_unimplemented(
    message = "the function that `fallback` names is called with the arguments of the annotated one, {N} in number, and takes fewer or more",
    label = "called with the function's own arguments, `self` included",
    note = "let it take the same parameters, those it does not need as `_`; or write the call: `fallback = fetch_db(id)`"
)]
pub trait Takes<const N: usize> {}

impl<const N: usize> Takes<N> for Arity<N> {}

impl<const N: usize> Takes<N> for AnyArity {}

/// Does it take `N`?
#[inline]
pub const fn takes<const N: usize>(_: impl Takes<N> + Copy) {}
