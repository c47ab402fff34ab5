//! The load test's program; see the library.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use stonechat_benches::args::{Args, Command};
use stonechat_benches::{Error, clients, growth, relay, run, soak};

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Some(Command::Relay(options)) => relay::run(&options),
        Some(Command::Clients(plan)) => compare_clients(&plan),
        Some(Command::Client(work)) => clients::work(&work, &mut std::io::stdout().lock()),
        Some(Command::Growth(plan)) => grow(&plan),
        Some(Command::Soak(plan)) => soak(&plan),
        None => compare(&args.plan),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When nobody reads standard error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(plan: &run::Plan) -> Result<(), Error> {
    let report = run::run(plan)?;
    report.print(&mut std::io::stdout().lock())?;
    report.save(plan.json.as_deref(), plan.svg.as_deref())?;
    report.verdict()
}

fn compare_clients(plan: &clients::Plan) -> Result<(), Error> {
    let report = clients::run(plan)?;
    report.print(&mut std::io::stdout().lock())?;
    report.save(plan.json.as_deref())
}

fn grow(plan: &growth::Plan) -> Result<(), Error> {
    let report = growth::run(plan)?;
    report.print(&mut std::io::stdout().lock())?;
    report.save(plan.json.as_deref(), plan.svg.as_deref())
}

fn soak(plan: &soak::Plan) -> Result<(), Error> {
    let report = soak::run(plan)?;
    report.print(&mut std::io::stdout().lock())?;
    report.save(plan.json.as_deref())?;
    report.verdict()
}
