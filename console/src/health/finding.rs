//! What health comes to.

use serde::Serialize;

/// What health comes to, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// All is well, as far as is known.
    #[default]
    Up,
    /// Something does not work, and is dealt with: the process is ready.
    Degraded,
    /// Something that is [required](crate::HealthPolicy::required) does not work: the process is not ready.
    Down,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// The process as a whole.
    Process,
    /// Faults that are injected on purpose.
    Chaos,
    /// Settings of a file and the environment.
    Settings,
    /// Something that was tried.
    Check,
    /// A circuit breaker.
    Breaker,
    /// An annotated function.
    Function,
    /// A connector.
    Connector,
    /// Several databases of a connector.
    Databases,
    /// A cache.
    Cache,
    /// A journal.
    Journal,
    /// A consumer of a stream.
    Consumer,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is about.
    pub part: Part,
    /// The name of that.
    pub name: String,
    /// What is the matter, in plain words.
    pub text: String,
}
