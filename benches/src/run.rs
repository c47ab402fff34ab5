//! One comparison: rounds of cases, and in each case one server after the other.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::load::{self, Pace, Shape, Storm};
use crate::report::{Measured, Report};
use crate::server::{Kind, Programs, Server};
use crate::tls::Identity;
use crate::{Case, Context, Error, Result, sample};

/// What is compared, and for how long.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// The servers. One that is not installed is an error.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "floor,stonechat,prosody,ejabberd")]
    pub servers: Vec<Kind>,
    /// What is measured.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "start,start-memory,chat,chat-bare,chat-window1,chat-rate,ping,presence,fan-out,login,idle-tls,idle-plain"
    )]
    pub cases: Vec<Case>,
    /// How often; the result is the median.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub rounds: u16,
    /// How long a steady load is measured, behind a quarter of that to warm up.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub seconds: u16,
    /// How many clients log in for login, and are idle for the idle sessions.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(50..=60_000))]
    pub connections: u16,
    /// One round of a second for each case, with 100 connections: to see that all works.
    #[arg(long)]
    pub quick: bool,
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

/// How much work there is.
#[derive(Debug, Clone, Copy)]
struct Scale {
    rounds: u16,
    warm: Duration,
    during: Duration,
    connections: usize,
    /// For the server to clean up, before memory is read.
    settle: Duration,
    /// How long sessions are silent until they count as idle: servers give buffers back after some seconds.
    silence: Duration,
}

impl Plan {
    fn scale(&self) -> Scale {
        let during = Duration::from_millis(if self.quick { 400 } else { u64::from(self.seconds) * 1000 });
        Scale {
            rounds: if self.quick { 1 } else { self.rounds },
            warm: during / 4,
            during,
            connections: if self.quick { 100 } else { self.connections.into() },
            settle: Duration::from_millis(if self.quick { 200 } else { 4000 }),
            silence: Duration::from_millis(if self.quick { 200 } else { 13_000 }),
        }
    }
}

/// Compares.
///
/// # Errors
/// When a server is not there or fails, or loses what it should deliver.
pub fn run(plan: &Plan) -> Result<Report> {
    plan.programs.check(&plan.servers)?;
    let runtime = Builder::new_multi_thread().enable_all().build().during("the runtime")?;
    let identity = Identity::generate()?;
    let scale = plan.scale();
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
            if let Some(measured) = at_start(*case, &server)? {
                note(round, *case, &server, &measured);
                report.add(*case, *kind, measured);
            }
        }
        server.create_accounts(accounts(plan, scale)).await.map_err(|error| error.within(kind.name()))?;
        servers.push(server);
    }
    for case in &plan.cases {
        for server in servers.iter_mut().filter(|_| !matches!(case, Case::Start | Case::StartMemory)) {
            let measured = measure(*case, scale, server).await;
            let measured = measured.map_err(|error| blame(&error, *case, server))?;
            note(round, *case, server, &measured);
            report.add(*case, server.kind(), measured);
        }
    }
    for server in servers {
        server.stop().await?;
    }
    Ok(())
}

/// How many accounts the cases need.
fn accounts(plan: &Plan, scale: Scale) -> usize {
    let needed = |case: &Case| if case.needs_fresh_server() { scale.connections } else { 51 };
    plan.cases.iter().map(needed).max().unwrap_or(0)
}

fn at_start(case: Case, server: &Server) -> Result<Option<Measured>> {
    Ok(match case {
        Case::Start => Some(Measured::value(server.started_in().as_secs_f64() * 1000.0)),
        Case::StartMemory => Some(Measured::value(kib(sample::memory(server.process_id())?.pss) / 1024.0)),
        _ => None,
    })
}

async fn measure(case: Case, scale: Scale, server: &mut Server) -> Result<Measured> {
    if case.needs_fresh_server() {
        server.restart().await?;
    }
    let chat = Shape::Chat { pairs: 20, bare: false };
    let window = |window| Pace { window, per_second: None };
    match case {
        Case::Chat => flow(chat, window(10), scale, server).await,
        Case::ChatBare => flow(Shape::Chat { pairs: 20, bare: true }, window(10), scale, server).await,
        Case::ChatWindow1 => flow(chat, window(1), scale, server).await,
        Case::ChatRate => flow(chat, Pace { window: 100, per_second: Some(1000) }, scale, server).await,
        Case::Ping => flow(Shape::Ping { clients: 20 }, window(10), scale, server).await,
        Case::Presence => flow(Shape::Presence { contacts: 50 }, window(10), scale, server).await,
        Case::FanOut => flow(Shape::FanOut { sessions: 100 }, window(10), scale, server).await,
        Case::Login => login(scale, server).await,
        Case::IdleTls => idle(true, scale, server).await,
        Case::IdlePlain => idle(false, scale, server).await,
        Case::Start | Case::StartMemory => Err(Error::Setup("that is measured at the start".to_owned())),
    }
}

async fn flow(shape: Shape, pace: Pace, scale: Scale, server: &Server) -> Result<Measured> {
    let load = load::prepare(server.target(), shape).await?;
    let seen = load::measure(load, pace, scale.warm, scale.during, server.process_id()).await?;
    // For the sessions to end, so that the next server has the machine for itself.
    sleep(scale.settle / 10).await;
    Measured::window(&seen)
}

/// A few sessions, so that what a server sets up once does not count.
async fn warm_up(server: &Server, secure: bool) -> Result<()> {
    let storm = Storm { accounts: 0..50, resource: "warm", secure, at_once: 10 };
    load::log_in(server.target(), &storm).await.map(drop)
}

async fn login(scale: Scale, server: &Server) -> Result<Measured> {
    warm_up(server, true).await?;
    sleep(scale.settle / 4).await;
    let before = sample::cpu_micros(server.process_id())?;
    let began = std::time::Instant::now();
    let storm = Storm { accounts: 0..scale.connections, resource: "storm", secure: true, at_once: 20 };
    let sessions = load::log_in(server.target(), &storm).await?;
    let seconds = began.elapsed().as_secs_f64();
    // What is done behind the last answer belongs to it.
    sleep(scale.settle / 10).await;
    let spent = sample::cpu_micros(server.process_id())? - before;
    Measured::each(spent, sessions.len() as u64, seconds)
}

async fn idle(secure: bool, scale: Scale, server: &Server) -> Result<Measured> {
    warm_up(server, secure).await?;
    sleep(scale.settle).await;
    let before = sample::memory(server.process_id())?.pss;
    let storm = Storm { accounts: 0..scale.connections, resource: "idle", secure, at_once: 20 };
    let sessions = load::log_in(server.target(), &storm).await?;
    sleep(scale.silence).await;
    let grown = sample::memory(server.process_id())?.pss.saturating_sub(before);
    Ok(Measured::value(kib(grown) / kib(sessions.len() as u64)))
}

/// As a number to divide.
#[expect(clippy::cast_precision_loss, reason = "sizes and counts are far below 2^52")]
fn kib(number: u64) -> f64 {
    number as f64
}

fn blame(error: &Error, case: Case, server: &Server) -> Error {
    let place = format!("{}, {}", server.kind().name(), case.title());
    Error::Server(format!("{place}: {error}\nthe server wrote:\n{}", server.log()))
}

/// Tells how far it is, on standard error.
fn note(round: u16, case: Case, server: &Server, measured: &Measured) {
    let (kind, title, unit) = (server.kind().name(), case.title(), case.unit().name());
    // When nobody reads it there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "round {round}  {title:<44} {kind:<10} {measured} {unit}");
}
