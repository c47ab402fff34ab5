//! How each case is measured.

use tokio::time::sleep;

use super::plan::Scale;
use crate::client::Target;
use crate::load::{self, Pace, Shape, Storm};
use crate::report::Measured;
use crate::server::Server;
use crate::{Case, Error, Result, sample};

/// What is measured of a server that has just been started for the first time.
pub(super) fn at_start(case: Case, server: &Server) -> Result<Option<Measured>> {
    Ok(match case {
        Case::Start => Some(started(server)),
        Case::StartMemory => Some(Measured::value(float(sample::memory(server.process_id())?.pss) / 1024.0)),
        _ => None,
    })
}

/// What is measured of a server that has accounts.
pub(super) async fn measure(case: Case, scale: Scale, server: &mut Server) -> Result<Measured> {
    if case.needs_fresh_server() || case.archive() != server.archive() {
        server.restart(case.archive()).await?;
    }
    let chat = Shape::Chat { pairs: 20, bare: false };
    let window = |window| Pace { window, per_second: None };
    match case {
        Case::Chat | Case::ChatArchive | Case::ChatSm => flow(case, chat, window(10), scale, server).await,
        Case::ChatBare => flow(case, Shape::Chat { pairs: 20, bare: true }, window(10), scale, server).await,
        Case::ChatWindow1 => flow(case, chat, window(1), scale, server).await,
        Case::ChatRate => flow(case, chat, Pace { window: 100, per_second: Some(1000) }, scale, server).await,
        Case::Ping => flow(case, Shape::Ping { clients: 20 }, window(10), scale, server).await,
        Case::Presence => {
            flow(case, Shape::Presence { contacts: 50, subscribed: false }, window(10), scale, server).await
        }
        Case::FanOut => flow(case, Shape::FanOut { sessions: 100 }, window(10), scale, server).await,
        Case::Login => login(scale, server).await,
        Case::IdleTls | Case::IdleSm | Case::IdleMany => idle(case, true, scale, server).await,
        Case::IdlePlain => idle(case, false, scale, server).await,
        Case::StartFull => start_full(scale, server).await,
        Case::Start | Case::StartMemory => Err(Error::Setup("that is measured at the start".to_owned())),
    }
}

/// The server, for the clients of a case.
fn target(case: Case, server: &Server) -> Target {
    server.target().with_stream_management(case.uses_stream_management())
}

async fn flow(case: Case, shape: Shape, pace: Pace, scale: Scale, server: &Server) -> Result<Measured> {
    let load = load::prepare(&target(case, server), shape, 0).await?;
    let seen = load::measure(load, pace, scale.warm, scale.during, server.process_id()).await?;
    // For the sessions to end, so that the next server has the machine for itself.
    sleep(scale.settle / 10).await;
    Measured::window(&seen)
}

/// A few sessions, so that what a server sets up once does not count.
async fn warm_up(target: &Target, secure: bool) -> Result<()> {
    let storm = Storm { accounts: 0..50, resource: "warm", secure, at_once: 10 };
    load::leave(load::log_in(target, &storm).await?).await
}

async fn login(scale: Scale, server: &Server) -> Result<Measured> {
    warm_up(server.target(), true).await?;
    sleep(scale.settle / 4).await;
    let before = sample::cpu_micros(server.process_id())?;
    let began = std::time::Instant::now();
    let storm = Storm { accounts: 0..scale.connections, resource: "storm", secure: true, at_once: 20 };
    let sessions = load::log_in(server.target(), &storm).await?;
    let seconds = began.elapsed().as_secs_f64();
    // What is done behind the last answer belongs to it.
    sleep(scale.settle / 10).await;
    let spent = sample::cpu_micros(server.process_id())?.saturating_sub(before);
    Measured::each(spent, sessions.len() as u64, seconds)
}

async fn idle(case: Case, secure: bool, scale: Scale, server: &Server) -> Result<Measured> {
    let target = target(case, server);
    warm_up(&target, secure).await?;
    sleep(scale.settle).await;
    let before = sample::memory(server.process_id())?.pss;
    let storm = Storm { accounts: 0..scale.sessions(case), resource: "idle", secure, at_once: 20 };
    let mut sessions = load::log_in(&target, &storm).await?;
    sleep(scale.silence).await;
    let grown = sample::memory(server.process_id())?.pss.saturating_sub(before);
    let lost: usize = sessions.iter_mut().map(|session| usize::from(session.has_ended())).sum();
    if lost > 0 {
        return Err(Error::Delivery(format!("{lost} of {} idle sessions were ended", sessions.len())));
    }
    let measured = Measured::value(float(grown) / float(sessions.len() as u64));
    load::leave(sessions).await?;
    Ok(measured)
}

/// Of a server of its own, as the accounts would stay.
async fn start_full(scale: Scale, server: &Server) -> Result<Measured> {
    let mut full = server.another().await?;
    full.create_accounts(scale.stored).await?;
    // Once more: the first start has to tidy up what was written.
    full.restart(full.archive()).await?;
    let measured = started(&full);
    full.stop().await?;
    Ok(measured)
}

fn started(server: &Server) -> Measured {
    Measured::value(server.started_in().as_secs_f64() * 1000.0)
}

/// As a number to divide.
#[expect(clippy::cast_precision_loss, reason = "sizes and counts are far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}
