//! Who sends what to whom.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::flow::{Flow, Load};
use super::stamp::LENGTH;
use crate::Result;
use crate::client::{Protocol, Target, address};
use crate::server::message_id;

/// Bytes of the body of a message.
const BODY: usize = 100;

/// Who sends what to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// So many pairs; one of each sends messages to the other.
    Chat {
        /// How many.
        pairs: usize,
        /// To the bare JID, in place of the full one.
        bare: bool,
    },
    /// So many clients ping their server.
    Ping {
        /// How many.
        clients: usize,
    },
    /// One client changes its presence, so many hear of it.
    Presence {
        /// How many.
        contacts: usize,
        /// Whether they are its contacts already.
        subscribed: bool,
    },
    /// So many sessions of the first account read pages of 50 messages from the middle and the end of its archive.
    Pages {
        /// How many.
        sessions: usize,
        /// How many copied messages the archive has.
        archived: usize,
    },
    /// One client sends headlines to the bare JID of an account that has so many sessions (RFC 6121 §8.5.2.1.1).
    FanOut {
        /// How many.
        sessions: usize,
    },
}

/// Logs all in, over TLS: the accounts from `first` on.
///
/// # Errors
/// When one of them cannot log in.
pub async fn prepare(target: &Target, shape: Shape, first: usize) -> Result<Load> {
    // Other resources than before: the sessions of the last case may not be over yet.
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let resource = &format!("r{}", RUN.fetch_add(1, Ordering::Relaxed));
    let flows = match shape {
        Shape::Chat { pairs, bare } => chat(target, resource, first, pairs, bare).await?,
        Shape::Ping { clients } => ping(target, resource, first, clients).await?,
        Shape::Pages { sessions, archived } => pages(target, resource, first, sessions, archived).await?,
        Shape::Presence { contacts, subscribed } => {
            vec![presence(target, resource, first, contacts, subscribed).await?]
        }
        Shape::FanOut { sessions } => vec![fan_out(target, resource, first, sessions).await?],
    };
    Ok(Load { flows })
}

async fn chat(target: &Target, resource: &str, first: usize, pairs: usize, bare: bool) -> Result<Vec<Flow>> {
    let mut flows = Vec::new();
    for pair in 0..pairs {
        let (from, to) = (first + 2 * pair, first + 2 * pair + 1);
        let receiver = target.log_in(to, resource, true, "message", &[]).await?;
        let sender = target.log_in(from, resource, true, "message", &[to]).await?;
        let (before, after) = message(to, (!bare).then_some(resource));
        flows.push(Flow::new(sender, vec![receiver], before, after));
    }
    Ok(flows)
}

async fn ping(target: &Target, resource: &str, first: usize, clients: usize) -> Result<Vec<Flow>> {
    let mut flows = Vec::new();
    for client in first..first + clients {
        let connection = target.log_in(client, resource, true, "iq", &[client]).await?;
        let (before, after) = ("<iq type='get' to='localhost' id='", "'><ping xmlns='urn:xmpp:ping'/></iq>");
        flows.push(Flow::to_itself(connection, before.into(), after.into()));
    }
    Ok(flows)
}

async fn pages(
    target: &Target,
    resource: &str,
    account: usize,
    sessions: usize,
    archived: usize,
) -> Result<Vec<Flow>> {
    let mut flows = Vec::new();
    for session in 0..sessions {
        let resource = format!("{resource}-{session}");
        let connection = target.log_in(account, &resource, true, "iq", &[account]).await?;
        // Each of them somewhere else.
        let before = message_id((archived * (session + 1) / sessions).saturating_sub(1));
        let after = format!(
            "'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>50</max>\
             <before>{before}</before></set></query></iq>"
        );
        flows.push(Flow::to_itself(connection, "<iq type='set' id='".into(), after.into()));
    }
    Ok(flows)
}

async fn presence(
    target: &Target,
    resource: &str,
    first: usize,
    contacts: usize,
    subscribed: bool,
) -> Result<Flow> {
    let contacts: Vec<usize> = (first + 1..=first + contacts).collect();
    let mut receivers = Vec::new();
    for contact in &contacts {
        receivers.push(target.log_in(*contact, resource, true, "presence", &[]).await?);
    }
    let mut sender = target.log_in(first, resource, true, "presence", &contacts).await?;
    if target.protocol() == Protocol::Xmpp {
        for (contact, receiver) in contacts.iter().zip(&mut receivers).filter(|_| !subscribed) {
            super::subscribe((*contact, receiver), (first, &mut sender)).await?;
        }
        super::catch_up(&mut receivers).await?;
    }
    let (before, after) = ("<presence><status>", "</status></presence>");
    Ok(Flow::new(sender, receivers, before.into(), after.into()))
}

/// From the first account to the sessions of the second; to so many accounts of the relay, which has no sessions.
async fn fan_out(target: &Target, resource: &str, first: usize, sessions: usize) -> Result<Flow> {
    let is_relay = target.protocol() == Protocol::Relay;
    let mut receivers = Vec::new();
    for session in 1..=sessions {
        let (account, resource) =
            (first + if is_relay { session } else { 1 }, format!("{resource}-{session}"));
        receivers.push(target.log_in(account, &resource, true, "message", &[]).await?);
    }
    let peers: Vec<usize> = if is_relay { (first + 1..=first + sessions).collect() } else { Vec::new() };
    let sender = target.log_in(first, resource, true, "message", &peers).await?;
    if !is_relay {
        // They have told each other of their presence.
        super::catch_up(&mut receivers).await?;
    }
    let (before, after) = headline(first + 1);
    Ok(Flow::new(sender, receivers, before, after))
}

/// What stands before and behind the stamp of a message.
fn message(to: usize, resource: Option<&str>) -> (Vec<u8>, Vec<u8>) {
    let resource = resource.map(|resource| format!("/{resource}")).unwrap_or_default();
    around(format!("<message type='chat' id='m1' to='{}{resource}'>", address(to)))
}

/// What stands before and behind the stamp of a headline.
fn headline(to: usize) -> (Vec<u8>, Vec<u8>) {
    around(format!("<message type='headline' id='h1' to='{}'>", address(to)))
}

/// A message that begins with this tag has a body of a hundred bytes, of which the stamp is the beginning.
fn around(tag: String) -> (Vec<u8>, Vec<u8>) {
    let after = format!("{}</body></message>", "a".repeat(BODY - LENGTH));
    ((tag + "<body>").into(), after.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Stamp;

    #[test]
    fn a_body_has_a_hundred_bytes() {
        let (mut text, after) = message(3, Some("r1"));
        Stamp::now(1).write(&mut text);
        text.extend(after);
        let stanza = stonechat_stanza::Stanza::parse(&text).unwrap();
        assert_eq!(stanza.to().map(|to| to.to_string()).as_deref(), Some("u3@localhost/r1"));
        assert_eq!(stanza.payload_bytes().len(), BODY + "<body></body>".len());
        assert!(Stamp::find(&stanza).is_some());
    }
}
