//! `stonechat listen`: what comes, as lines of JSON.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use stonechat_client::{Builder, Event};
use stonechat_stanza::Kind;
use tokio::signal::unix::{SignalKind, signal};

use crate::account::Account;
use crate::failure::{Code, Failure};
use crate::say;
use crate::session::{Session, section};
use crate::stanzas;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line is an object; \"event\" is message, presence, online, or offline. Messages and presence have
type, from, to, id, body, subject, thread, show, status, priority, delayed and error where there are
such, and the whole stanza as \"xml\". When the connection breaks, it is tried again for ever.

Examples:
  stonechat listen --count 1                                wait for a message
  stonechat listen | jq -r 'select(.body) | .from + \": \" + .body'")]
pub(crate) struct Args {
    /// End after so many messages.
    #[arg(long, value_name = "MESSAGES", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so many seconds.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Do not tell others of being here. Messages to the account may then go elsewhere.
    #[arg(long)]
    invisible: bool,
}

pub(crate) async fn run(account: &Account, args: &Args) -> Result<(), Failure> {
    let extensions = [&stonechat_xep_ping::CLIENT, &stonechat_xep_presence::CLIENT];
    let available = |builder: Builder| builder.section("presence", section("available", !args.invisible));
    let mut session = Session::start(account, &extensions, available).await?;
    let listened = listen(&mut session, args).await;
    session.close().await;
    listened
}

async fn listen(session: &mut Session, args: &Args) -> Result<(), Failure> {
    say::line(json!({ "event": "online", "jid": session.jid.as_str(), "resumed": false }))?;
    let no_signals = |error| Failure::io("signals", error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut end = pin!(tokio::time::sleep(Duration::from_secs(args.seconds.unwrap_or_default())));
    let mut messages = 0;
    while args.count != Some(messages) {
        let event = tokio::select! {
            event = session.event() => event,
            () = &mut end, if args.seconds.is_some() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        };
        let Some(event) = event else { return Err(Failure::new(Code::Internal, "the client is closed")) };
        if let Some(line) = describe(&event) {
            say::line(line)?;
        }
        match event {
            Event::Stanza(inbound) if matches!(inbound.stanza.kind(), Kind::Message(_)) => messages += 1,
            Event::Closed(error) => return error.map_or(Ok(()), |error| Err(error.into())),
            _ => {}
        }
    }
    Ok(())
}

/// An event for a script; `None` for what is of no use to one.
fn describe(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Online { jid, resumed } => {
            json!({ "event": "online", "jid": jid.as_str(), "resumed": resumed })
        }
        Event::Offline { error, retry, .. } => {
            let seconds = retry.map(|retry| retry.as_secs_f64());
            json!({ "event": "offline", "error": error.to_string(), "retry-seconds": seconds })
        }
        Event::Stanza(inbound) => stanzas::describe(&inbound.stanza),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use stonechat_client::Error;

    use super::*;

    #[test]
    fn the_state_of_the_connection_is_told() {
        let retry = Some(Duration::from_millis(1500));
        let offline = Event::Offline { error: Error::Silent, resumable: true, retry };
        let told = describe(&offline).unwrap();
        assert_eq!((&told["event"], &told["retry-seconds"]), (&json!("offline"), &json!(1.5)));
        let online = Event::Online { jid: "a@b/c".parse().unwrap(), resumed: true };
        assert_eq!(describe(&online).unwrap(), json!({ "event": "online", "jid": "a@b/c", "resumed": true }));
        assert!(describe(&Event::Token(None)).is_none());
    }
}
