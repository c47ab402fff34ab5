//! `stonechat ping`: whether somebody answers.

use std::time::Instant;

use stonechat_jid::Jid;
use stonechat_xep_ping::client::Pinger;

use crate::account::Account;
use crate::failure::Failure;
use crate::say;
use crate::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Who answers that it does not understand pings has answered (XEP-0199 §4.2), and so has a server that says the
same for a client that is not there.

Examples:
  stonechat ping example.org
  stonechat ping romeo@example.net/orchard")]
pub(crate) struct Args {
    /// Whom to ask: a server, or a client by its full address. Without one, the own account.
    to: Option<Jid>,
}

pub(crate) async fn run(account: &Account, args: Args) -> Result<(), Failure> {
    let mut session = Session::open(account, &[&stonechat_xep_ping::CLIENT]).await?;
    let pinged = ping(&mut session, account, args.to).await;
    session.close().await;
    pinged
}

async fn ping(session: &mut Session, account: &Account, to: Option<Jid>) -> Result<(), Failure> {
    let pinger = session.service::<Pinger>()?;
    let name = to.as_ref().map_or_else(|| account.jid.to_string(), ToString::to_string);
    let begin = Instant::now();
    let answer = session.during(pinger.ping(to, account.patience), |_| {}).await?;
    answer.map_err(|error| Failure::from(error).within(&name))?;
    say::line(format!("{name} answers after {:.1} ms", begin.elapsed().as_secs_f64() * 1000.0))
}
