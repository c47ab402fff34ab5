//! Whether a server is the same after a long time of everything.
//!
//! Behind a warm-up the load stops, and when the server has settled its figures are taken. Behind the rest of the time the
//! same is done, and the two are compared. What is lost or out of order fails at once.

mod figures;
mod mix;
mod report;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;
use tokio::time::{Instant, MissedTickBehavior, interval};

pub use figures::Figures;
pub use mix::Done;
pub use report::Report;
pub use verdict::{Check, judge};

use crate::server::{Kind, Programs, Server};
use crate::tls::Identity;
use crate::{Context, Error, Result};

/// How often is looked, and how long a server has to be still until it counts as settled.
const LOOK: Duration = Duration::from_secs(10);
const STILL: Duration = Duration::from_secs(12);

/// How long, and what.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// How long the load takes in all; the first tenth of it is to warm up.
    #[arg(long, default_value_t = 30.0, value_parser = minutes)]
    pub minutes: f64,
    /// The server: any but the floor, which has no accounts.
    #[arg(long, value_enum, default_value = "stonechat")]
    pub server: Kind,
    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where the programs are.
    #[command(flatten)]
    pub programs: Programs,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "this is no number".to_owned())?;
    if (0.05..=10_000.0).contains(&minutes) {
        Ok(minutes)
    } else {
        Err("this goes from 0.05 to 10000".to_owned())
    }
}

/// Loads the server for the whole time.
///
/// # Errors
/// When a server is not there or fails, or loses what it should deliver. A server that is not as before is a result.
pub fn run(plan: &Plan) -> Result<Report> {
    if plan.server == Kind::Floor {
        return Err(Error::Setup("the floor has no accounts that could log in and out".to_owned()));
    }
    plan.programs.check(&[plan.server])?;
    let runtime = Builder::new_multi_thread().enable_all().build().during("the runtime")?;
    runtime.block_on(async {
        let mut server = Server::start(plan.server, &plan.programs, &Identity::generate()?).await?;
        let outcome = soak(plan, &mut server).await;
        let report = outcome.map_err(|error| {
            Error::Server(format!("{}: {error}\nthe server wrote:\n{}", plan.server.name(), server.log()))
        })?;
        server.stop().await?;
        Ok(report)
    })
}

async fn soak(plan: &Plan, server: &mut Server) -> Result<Report> {
    let all = Duration::from_secs_f64(plan.minutes * 60.0);
    let still = (all / 5).min(STILL);
    server.create_accounts(mix::ACCOUNTS).await?;
    let began = Instant::now();
    let mut samples = Vec::new();
    load(server, began, all, false, &mut samples).await?;
    let before = Figures::settled(server, began, still).await?;
    let done = load(server, began, all, true, &mut samples).await?;
    let after = Figures::settled(server, began, still).await?;
    Ok(Report::new(plan.server, done, samples, before, after))
}

/// Loads the server, the first time for a tenth of all the time and else for the rest of it, and looks now and then.
async fn load(
    server: &Server,
    began: Instant,
    all: Duration,
    again: bool,
    samples: &mut Vec<Figures>,
) -> Result<Done> {
    let during = if again { all - all / 10 } else { all / 10 };
    let mut looks = interval(LOOK.min(all / 20));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut working = std::pin::pin!(mix::work(server.target(), server.process_id(), during, again));
    loop {
        tokio::select! {
            done = &mut working => return done,
            _ = looks.tick() => samples.push(Figures::of(server, began).await?),
        }
    }
}
