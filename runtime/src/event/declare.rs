//! How the kinds of events are declared: each is a struct, a variant of [`Event`](super::Event), and a variant of what is kept of it.
//!
//! Written out by hand, that would be the same list of fields five times over.

/// Declares all kinds. The fields of one are `values`, which are copied, and `texts` and `maybe` texts, which are borrowed from whoever tells
/// the event.
macro_rules! declare {
    ($(#[$about_all:meta])* enum $all:ident<$life_of_all:lifetime> / $kept:ident; $(
        $(#[$about:meta])*
        $kind:ident $(<$life:lifetime>)? {
            values { $( $(#[$about_value:meta])* $value:ident: $value_type:ty, )* }
            texts { $( $(#[$about_text:meta])* $text:ident: $text_type:ty, )* }
            maybe { $( $(#[$about_maybe:meta])* $maybe:ident: $maybe_type:ty, )* }
        }
    )*) => {
        $(#[$about_all])*
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum $all<$life_of_all> {
            $( $(#[$about])* $kind($kind $(<$life>)?), )*
        }

        $(
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
        )*

        /// An event that is told later: with texts of its own.
        #[derive(Debug)]
        pub(crate) enum $kept {
            $( $kind {
                $( $value: $value_type, )*
                $( $text: Box<str>, )*
                $( $maybe: Option<Box<str>>, )*
            }, )*
        }

        impl $all<'_> {
            pub(crate) fn kept(&self) -> $kept {
                match self {
                    $( Self::$kind(event) => $kept::$kind {
                        $( $value: event.$value, )*
                        $( $text: event.$text.into(), )*
                        $( $maybe: event.$maybe.map(Into::into), )*
                    }, )*
                }
            }
        }

        impl $kept {
            pub(crate) fn event(&self) -> $all<'_> {
                match self {
                    $( Self::$kind { $($value,)* $($text,)* $($maybe,)* } => $all::$kind($kind {
                        $( $value: *$value, )*
                        $( $text, )*
                        $( $maybe: $maybe.as_deref(), )*
                    }), )*
                }
            }
        }
    };
}

pub(super) use declare;
