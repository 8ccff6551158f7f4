//! A load on annotated functions, and what happens to Redis meanwhile.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::args::{Args, Usage};
use crate::load::{Calls, Load};
use crate::program::{Failure, complain, print};
use crate::schedule::{Course, Span};
use crate::stats::Record;
use crate::{live, report, timeline};

/// What there was.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) records: Vec<Record>,
    pub(crate) spans: Vec<Span>,
    end: Duration,
}

/// Makes the calls, lets happen what is to happen, and prints the table; `None` after Ctrl-C.
pub(crate) async fn run<C: Calls, S: Send + Sync + 'static>(
    usage: &Usage,
    load: &Arc<Load<C>>,
    course: &Course<S>,
    servers: &Arc<S>,
) -> Result<Option<Run>, String> {
    let generator = {
        let (load, runtime) = (load.clone(), Handle::current());
        spawn_blocking(move || load.run(&runtime))
    };
    let is_whole = tokio::select! {
        done = course.run(servers) => done.map(|()| true),
        () = live::show(load, course) => Ok(true),
        Ok(()) = tokio::signal::ctrl_c() => Ok(false),
    };
    load.stop();
    if matches!(is_whole, Ok(false)) {
        load.abandon();
    }
    // The calls under way end by their own deadlines.
    generator.await.map_err(|panic| panic.to_string())?;
    let is_whole = is_whole?;

    let end = load.start.elapsed().min(load.length);
    let (records, spans) = (load.log.all(), course.spans(end));
    let table = report::table(&load.rows, C::SERVED, &records, &spans);
    print(&format!("\n{table}"));
    if !is_whole {
        let sentence = "interrupted: this is what there was until then, unchecked";
        complain(usage.name, sentence);
        return Ok(None);
    }
    Ok(Some(Run {
        records,
        spans,
        end,
    }))
}

/// Draws the timeline, and says where.
pub(crate) fn draw<C: Calls>(
    args: &Args,
    title: &str,
    load: &Load<C>,
    run: &Run,
) -> Result<(), Failure> {
    let picture = timeline::draw(
        title,
        &load.rows,
        C::SERVED,
        &run.records,
        &run.spans,
        run.end,
    )?;
    let path = args.svg.display();
    fs::write(&args.svg, picture).map_err(|error| format!("{path} cannot be written: {error}"))?;
    print(&format!("timeline  {path}\n"));
    Ok(())
}
