//! One comparison: rounds of cases, and in each case one server after the other.

mod measure;
mod plan;

use std::fmt::Display;
use std::io::Write as _;

use tokio::runtime::Builder;
use tokio::time::sleep;

pub use plan::Plan;

use crate::report::{Failure, Report};
use crate::server::Server;
use crate::tls::Identity;
use crate::{Case, Context, Result, open_files};
use plan::Scale;

/// Compares.
///
/// # Errors
/// When a server is not there or does not come up. One that fails in a case, or loses what it should deliver, is in the
/// [verdict](Report::verdict).
pub fn run(plan: &Plan) -> Result<Report> {
    plan.programs.check(&plan.servers)?;
    let scale = plan.scale();
    open_files::allow(plan.cases.iter().map(|case| scale.sessions(*case)).max().unwrap_or(0))?;
    let runtime = Builder::new_multi_thread().enable_all().build().during("the runtime")?;
    let identity = Identity::generate()?;
    let mut report = Report::new(&plan.servers, scale.rounds, plan.quick);
    for round in 1..=scale.rounds {
        runtime.block_on(play(plan, scale, &identity, round, &mut report))?;
    }
    Ok(report)
}

/// One round.
async fn play(plan: &Plan, scale: Scale, identity: &Identity, round: u16, report: &mut Report) -> Result<()> {
    let mut servers = Vec::new();
    for kind in &plan.servers {
        let mut server = Server::start(*kind, &plan.programs, identity).await?;
        // Past what is freed right after the start.
        sleep(scale.settle / 4).await;
        for case in &plan.cases {
            if let Some(measured) = measure::at_start(*case, &server)? {
                note(round, *case, &server, &measured);
                report.add(*case, *kind, measured);
            }
        }
        let accounts = plan.accounts(scale, *kind);
        server.create_accounts(accounts).await.map_err(|error| error.within(kind.name()))?;
        servers.push(server);
    }
    for case in plan.cases.iter().filter(|case| !case.is_of_the_start()) {
        for server in servers.iter_mut().filter(|server| plan.measures(*case, server.kind())) {
            match measure::measure(*case, scale, server).await {
                Ok(measured) => {
                    note(round, *case, server, &measured);
                    report.add(*case, server.kind(), measured);
                }
                Err(error) => {
                    note(round, *case, server, &"failed");
                    let error = format!("{error}\nthe server wrote:\n{}", server.log());
                    report.fail(Failure { case: *case, server: server.kind(), round, error });
                    // Whatever state it is in.
                    server.restart(server.archive()).await?;
                }
            }
        }
    }
    for server in servers {
        server.stop().await?;
    }
    Ok(())
}

/// Tells how far it is, on standard error.
fn note(round: u16, case: Case, server: &Server, measured: &dyn Display) {
    let (kind, title, unit) = (server.kind().name(), case.title(), case.unit().name());
    // When nobody reads it there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "round {round}  {title:<47} {kind:<10} {measured} {unit}");
}
