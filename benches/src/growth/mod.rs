//! Whether the cost of a unit of work stays the same while everything around it grows.
//!
//! Each point is measured some times, each time behind a chat over the [floor](crate::relay), whose cost does not depend on the
//! size: how much it differs is the noise of the machine.

mod chart;
mod measure;
mod report;
mod series;
mod verdict;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;

pub use report::Report;
pub use series::{Sweep, Work};
pub use verdict::{Shape, Verdict, judge};

use crate::report::Measured;
use crate::server::{Kind, Programs, Server};
use crate::tls::Identity;
use crate::{Context, Result, open_files};
use measure::{Grown, Scale};

/// What grows, and how it is measured.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// The server. Those whose data cannot be made quickly have the sessions grow, and nothing else.
    #[arg(long, value_enum, default_value = "stonechat")]
    pub server: Kind,
    /// What grows.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sessions,contacts,accounts,archive")]
    pub sweeps: Vec<Sweep>,
    /// How often each point is measured; the result is the median.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub rounds: u16,
    /// How long, behind a quarter of that to warm up.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub seconds: u16,
    /// One round with two small sizes: to see that all works.
    #[arg(long)]
    pub quick: bool,
    /// Also an archive of ten million messages, which takes minutes and gigabytes to make.
    #[arg(long)]
    pub huge: bool,
    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draws the result.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Where the programs are.
    #[command(flatten)]
    pub programs: Programs,
}

/// Measures.
///
/// # Errors
/// When a server is not there or fails, or loses what it should deliver.
pub fn run(plan: &Plan) -> Result<Report> {
    plan.programs.check(&[plan.server])?;
    let sweeps: Vec<Sweep> = plan.sweeps.iter().copied().filter(|sweep| sweep.is_for(plan.server)).collect();
    let connected = sweeps.iter().filter(|sweep| matches!(sweep, Sweep::Sessions | Sweep::Contacts));
    let largest = connected.flat_map(|sweep| sweep.sizes(plan.quick, plan.huge));
    open_files::allow(largest.max().copied().unwrap_or(0))?;
    let runtime = Builder::new_multi_thread().enable_all().build().during("the runtime")?;
    let identity = Identity::generate()?;
    let mut report = Report::new(plan.server, plan.quick);
    runtime.block_on(async {
        let floor = Server::start(Kind::Floor, &plan.programs, &identity).await?;
        for sweep in sweeps {
            let measured = play(plan, sweep, &floor, &identity, &mut report).await;
            measured.map_err(|error| error.within(sweep.name()))?;
        }
        floor.stop().await
    })?;
    Ok(report)
}

/// All sizes of one sweep.
async fn play(
    plan: &Plan,
    sweep: Sweep,
    floor: &Server,
    identity: &Identity,
    report: &mut Report,
) -> Result<()> {
    let (scale, rounds) = if plan.quick { (short(), 1) } else { (long(plan), plan.rounds) };
    let sizes = sweep.sizes(plan.quick, plan.huge);
    let server = Server::start(plan.server, &plan.programs, identity).await?;
    let mut grown = Grown::new(sweep, server, sizes.last().copied().unwrap_or(0)).await?;
    for size in sizes {
        grown.grow(*size).await?;
        for round in 1..=rounds {
            let floor = measure::chat(floor, scale).await?;
            for work in sweep.works() {
                let measured = grown.measure(*work, scale).await?;
                note(round, sweep, *size, *work, &measured);
                report.add(sweep, *work, *size, measured, floor.value);
            }
        }
    }
    grown.stop().await
}

fn short() -> Scale {
    Scale { warm: Duration::from_millis(100), during: Duration::from_millis(400) }
}

fn long(plan: &Plan) -> Scale {
    let during = Duration::from_secs(plan.seconds.into());
    Scale { warm: during / 4, during }
}

/// Tells how far it is, on standard error.
fn note(round: u16, sweep: Sweep, size: usize, work: Work, measured: &Measured) {
    let (what, title) = (sweep.name(), work.title());
    // When nobody reads it there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "round {round}  {size:>7} {what:<22} {title:<24} {measured} µs CPU");
}
