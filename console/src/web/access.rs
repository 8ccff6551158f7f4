//! Who may see the console, and who may give orders.

use std::fmt;
use std::sync::Arc;

use axum::http::request::Parts;

use crate::orders::Operator;

/// Who may see the console, and who may give orders.
///
/// Whoever reaches the router sees it: put it on a port or behind a layer of your own where that is not to be everybody. There is no secret on it, but names
/// of functions and addresses of servers.
#[derive(Clone)]
#[must_use]
pub struct Access {
    control: Option<Arc<Control>>,
}

type Control = dyn Fn(&Parts) -> Option<Operator> + Send + Sync;

impl Access {
    /// There are no controls: no route, and no button.
    pub const fn read_only() -> Self {
        Self { control: None }
    }

    /// Orders are taken from those of whom `who` says who they are, by their requests; `None`: this one may only look.
    ///
    /// Each order is told as an [`Event::OrderGiven`](redis_resilient_runtime::Event::OrderGiven), with the operator's name. `who` should be quick: what has to wait,
    /// such as a look into a store of sessions, is done in a layer, which leaves what it has found in the request's extensions.
    ///
    /// ```
    /// use redis_resilient::console::{Access, Operator};
    ///
    /// let access = Access::controlled_by(|parts| {
    ///     // As the proxy says that has asked for the password, and takes this header out of all other requests.
    ///     let user = parts.headers.get("x-forwarded-user")?.to_str().ok()?;
    ///     (user == "ann" || user == "bob").then(|| Operator::named(user))
    /// });
    /// # let _ = access;
    /// ```
    pub fn controlled_by(who: impl Fn(&Parts) -> Option<Operator> + Send + Sync + 'static) -> Self {
        Self {
            control: Some(Arc::new(who)),
        }
    }

    pub(super) const fn is_controlled(&self) -> bool {
        self.control.is_some()
    }

    /// Who it is that sends this, if he may give orders.
    pub(super) fn operator(&self, parts: &Parts) -> Option<Operator> {
        self.control.as_ref()?(parts)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_controlled() {
            "Access::controlled_by"
        } else {
            "Access::read_only"
        })
    }
}
