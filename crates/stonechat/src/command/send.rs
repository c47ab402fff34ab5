//! `stonechat send`: a message.

use std::io::{Read as _, stdin};

use stonechat_client::{Event, SendError};
use stonechat_extension::client::{Closed, new_id};
use stonechat_jid::Jid;
use stonechat_xep_ping::client::Pinger;

use crate::account::Account;
use crate::failure::Failure;
use crate::say;
use crate::session::Session;
use crate::stanzas;

/// More than a message may have, in bytes: servers take little more at once.
const MOST: u64 = 128 << 10;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Done is when the server has acknowledged the message (XEP-0198), where it does that. When the server
refuses it, or says that there is nobody of that name, that is exit code 1.

Examples:
  stonechat send romeo@example.net Good night, good night
  df -h | stonechat send romeo@example.net")]
pub(crate) struct Args {
    /// Whom it is for.
    to: Jid,
    /// The text; without one, standard input is sent.
    #[arg(trailing_var_arg = true)]
    text: Vec<String>,
}

pub(crate) async fn run(account: &Account, args: Args) -> Result<(), Failure> {
    let text = if args.text.is_empty() { read()? } else { args.text.join(" ") };
    let text = checked(&text)?;
    let id = new_id();
    let message = stanzas::chat(args.to.clone(), &id, text);
    let mut session = Session::open(account, &[&stonechat_xep_ping::CLIENT]).await?;
    let sent = deliver(&mut session, message, &id, account).await;
    session.close().await;
    sent.map_err(|failure| failure.within(&args.to))
}

/// Sends a message, and waits until the server has it.
pub(super) async fn deliver(
    session: &mut Session,
    message: stonechat_stanza::Stanza,
    id: &str,
    account: &Account,
) -> Result<(), Failure> {
    let client = session.client.clone();
    let pinger = session.service::<Pinger>()?;
    let work = async {
        let mut delivery = client.send(message).await.map_err(|Closed| SendError::Closed)?;
        delivery.acknowledged().await?;
        // A server answers in order, so that what it has to say about the message comes before this. Whether it knows pings is no matter.
        let _answered = pinger.ping(Some(account.jid.to_domain().into()), account.patience).await;
        Ok::<_, SendError>(())
    };
    let mut bounce = None;
    let late = "the server has not acknowledged the message: it may arrive or not";
    session
        .patiently(late, work, |event| {
            if let Event::Stanza(inbound) = event
                && inbound.stanza.id() == Some(id)
            {
                bounce = stanzas::error(&inbound.stanza).or(bounce.take());
            }
        })
        .await??;
    bounce.map_or(Ok(()), |error| Err(Failure::refused(format!("the message is refused: {error}"))))
}

fn read() -> Result<String, Failure> {
    let mut text = String::new();
    stdin().take(MOST + 1).read_to_string(&mut text).map_err(|error| Failure::io("standard input", error))?;
    Ok(text)
}

/// The text as it is sent: without the end of its last line.
fn checked(text: &str) -> Result<&str, Failure> {
    if text.len() as u64 > MOST {
        return Err(Failure::usage(format!("the text is too long: send at most {MOST} bytes at once")));
    }
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(Failure::usage("there is nothing to send: give a text, or write it to standard input"));
    }
    if !say::is_xml(text) {
        return Err(Failure::usage(
            "the text has control characters in it, which XMPP cannot carry: take them out",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Code;

    #[test]
    fn a_text_is_sent_without_the_end_of_its_last_line() {
        assert_eq!(checked("a\nb\n"), Ok("a\nb"));
    }

    #[test]
    fn what_cannot_be_sent_is_a_wrong_command_line() {
        for text in ["", "\n", "\u{1b}[1mbold", &"x".repeat(200_000)] {
            assert_eq!(checked(text).unwrap_err().code, Code::Usage);
        }
    }
}
