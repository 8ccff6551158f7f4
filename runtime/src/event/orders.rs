//! What people order.

use super::declare::declare;

declare! {
    /// An operator has given an order, on a page or by another control that knows who he is.
    OrderGiven<'a> {
        values {
            /// What was ordered, as `force open`.
            order: &'static str,
        }
        texts {
            /// Who has given it, as the application has named him.
            operator: &'a str,
            /// What it is about: the name of a breaker or journal, or `process`.
            target: &'a str,
        }
        maybe {
            /// Why it was not carried out; `None`: it was.
            error: Option<&'a str>,
        }
    }
}
