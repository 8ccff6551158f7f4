//! What can happen to a server, and the list of all that is provoked.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redis_resilient_testkit::ServerProgram;

use crate::stage::{Finding, Stage};
use crate::{
    cluster, connection, credentials, permanent, pipeline, resharding, script, transaction,
    unavailable, write_refused,
};

/// Whether the situation could be brought about.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

type Run = fn(&mut Stage<'_>) -> Outcome;

/// What a file of situations lists.
pub(crate) type Named = (&'static str, Run);

pub(crate) struct Situation {
    pub(crate) name: &'static str,
    run: Run,
}

impl Situation {
    /// Brings it about on a server of its own, and returns what commands met there.
    pub(crate) fn run(&self, program: &ServerProgram) -> Vec<Finding> {
        let mut stage = Stage::new(program, self.name);
        let ran = catch_unwind(AssertUnwindSafe(|| (self.run)(&mut stage)));
        match ran {
            Ok(Ok(())) => {}
            Ok(Err(error)) => stage.problem("to bring it about", &error.to_string()),
            Err(_) => stage.problem("to bring it about", "it panicked"),
        }
        stage.into_findings()
    }
}

pub(crate) fn all() -> Vec<Situation> {
    let situations: [&[Named]; 10] = [
        connection::SITUATIONS,
        pipeline::SITUATIONS,
        unavailable::SITUATIONS,
        write_refused::SITUATIONS,
        script::SITUATIONS,
        transaction::SITUATIONS,
        cluster::SITUATIONS,
        resharding::SITUATIONS,
        credentials::SITUATIONS,
        permanent::SITUATIONS,
    ];
    situations
        .into_iter()
        .flatten()
        .map(|(name, run)| Situation { name, run: *run })
        .collect()
}
