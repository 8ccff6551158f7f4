//! How the kinds of events are declared: each is a struct, a variant of [`Event`](super::Event), and a variant of what is kept of it.
//!
//! Written out by hand, that would be the same list of fields five times over.

use std::fmt;

/// An event of one kind, of which a copy is kept that borrows nothing.
pub(crate) trait Keep {
    type Kept: fmt::Debug;

    fn kept(&self) -> Self::Kept;
}

/// Declares some kinds. The fields of one are `values`, which are copied, and `texts` and `maybe` texts, which are borrowed from whoever tells
/// the event.
macro_rules! declare {
    ($(
        $(#[$about:meta])*
        $kind:ident $(<$life:lifetime>)? {
            values { $( $(#[$about_value:meta])* $value:ident: $value_type:ty, )* }
            texts { $( $(#[$about_text:meta])* $text:ident: $text_type:ty, )* }
            maybe { $( $(#[$about_maybe:meta])* $maybe:ident: $maybe_type:ty, )* }
        }
    )*) => { $(
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub struct $kind $(<$life>)? {
            $( $(#[$about_value])* pub $value: $value_type, )*
            $( $(#[$about_text])* pub $text: $text_type, )*
            $( $(#[$about_maybe])* pub $maybe: $maybe_type, )*
        }

        impl $(<$life>)? $kind $(<$life>)? {
            /// For the crates of this workspace, and their tests: it changes when there is a field more.
            #[doc(hidden)]
            #[must_use]
            #[allow(clippy::too_many_arguments, reason = "one for each field")]
            pub const fn new(
                $( $value: $value_type, )*
                $( $text: $text_type, )*
                $( $maybe: $maybe_type, )*
            ) -> Self {
                Self { $($value,)* $($text,)* $($maybe,)* }
            }
        }

        const _: () = {
            /// With texts of its own.
            #[derive(Debug)]
            pub(crate) struct Kept {
                $( $value: $value_type, )*
                $( $text: Box<str>, )*
                $( $maybe: Option<Box<str>>, )*
            }

            impl $(<$life>)? crate::event::declare::Keep for $kind $(<$life>)? {
                type Kept = Kept;

                fn kept(&self) -> Kept {
                    Kept {
                        $( $value: self.$value, )*
                        $( $text: self.$text.into(), )*
                        $( $maybe: self.$maybe.map(Into::into), )*
                    }
                }
            }

            impl Kept {
                pub(crate) fn event $(<$life>)? (& $($life)? self) -> $kind $(<$life>)? {
                    $kind {
                        $( $value: self.$value, )*
                        $( $text: &self.$text, )*
                        $( $maybe: self.$maybe.as_deref(), )*
                    }
                }
            }
        };
    )* };
}

/// Declares what an event is, and what is kept of one: any of these kinds.
macro_rules! all {
    (
        $(#[$about_all:meta])* enum $all:ident<$life_of_all:lifetime> / $kept:ident;
        $( $(#[$about:meta])* $kind:ident $(<$life:lifetime>)?, )*
    ) => {
        $(#[$about_all])*
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum $all<$life_of_all> {
            $( $(#[$about])* $kind($kind $(<$life>)?), )*
        }

        /// An event that is told later: with texts of its own.
        #[derive(Debug)]
        pub(crate) enum $kept {
            $( $kind($crate::event::declare::kept!($kind $($life)?)), )*
        }

        impl $all<'_> {
            pub(crate) fn kept(&self) -> $kept {
                match self {
                    $( Self::$kind(event) => $kept::$kind($crate::event::declare::Keep::kept(event)), )*
                }
            }
        }

        impl $kept {
            pub(crate) fn event(&self) -> $all<'_> {
                match self {
                    $( Self::$kind(kept) => $all::$kind(kept.event()), )*
                }
            }
        }
    };
}

/// What is kept of a kind.
macro_rules! kept {
    ($kind:ident) => {
        <$kind as $crate::event::declare::Keep>::Kept
    };
    ($kind:ident $life:lifetime) => {
        <$kind<'static> as $crate::event::declare::Keep>::Kept
    };
}

pub(super) use all;
pub(super) use declare;
pub(super) use kept;
