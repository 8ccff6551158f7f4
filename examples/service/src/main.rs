//! A web shop that goes on while its Redis is broken. [`recipes`] is the part to read: one recipe in each file. The others show what it is worth: a
//! server to break (`patient`), a page to break it from (`panel`), customers (`load`), and a look at whether everything held (`check`).

mod args;
mod check;
mod client;
mod database;
mod load;
mod log;
mod panel;
mod patient;
mod recipes;
mod service;
mod shop;

use std::process::ExitCode;
use std::time::Duration;

use crate::args::{Options, Request};
use crate::service::Service;

/// What went wrong, told as it is.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// 0: it ended as it should, or all promises held. 1: one did not, or the service could not run. 2: a mistake in the command line.
fn main() -> ExitCode {
    let options = match args::parse(std::env::args().skip(1)) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Help) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("service: {sentence}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let code = runtime
        .block_on(run(options))
        .unwrap_or_else(|error| failed(&error));
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn run(options: Options) -> Result<ExitCode, Failure> {
    println!("Starting Redis and the shop.");
    let service = Service::start(&options).await?;
    let code = if options.check {
        check::run(&service, &options).await
    } else {
        attend(&service, &options).await
    };
    service.end().await?;
    code
}

/// Until Ctrl-C.
async fn attend(service: &Service, options: &Options) -> Result<ExitCode, Failure> {
    let at = service.at;
    println!(
        "The shop, and what breaks its Redis:  http://{at}/\n\
         The console:                          http://{at}/resilience\n\
         Metrics, for Prometheus:              http://{at}/metrics\n\
         Settings, read when they change:      {}\n\
         Ctrl-C ends it.",
        service.settings.display()
    );
    let load = load::Load::start(at, service.tally.clone(), options.rate);
    tokio::signal::ctrl_c().await?;
    load.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &Failure) -> ExitCode {
    eprintln!("service: {error}");
    ExitCode::FAILURE
}
