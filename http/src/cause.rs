//! Why a request has failed, for those who log answers.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use redis_resilient_runtime::__seam::error_text;
use redis_resilient_runtime::retry_after;

use crate::answer::Answer;

/// The error that an answer was made of, among the extensions of the response: for logs, and for the `OutageLayer` where the response is your own.
///
/// `Display` is the text of the error and its sources, without passwords; `Debug` as well.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Of any error.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into().into())
    }

    /// The error itself, whose texts may hold secrets.
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::of(retry_after(self.error()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&error_text(self.error()))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.to_string()).finish()
    }
}
