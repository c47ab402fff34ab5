//! Who sends what to whom.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::flow::{Flow, Load};
use super::stamp::LENGTH;
use crate::Result;
use crate::client::{Protocol, Target};

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
    },
}

impl Shape {
    /// How many accounts take part: from 0 on.
    #[must_use]
    pub fn accounts(self) -> usize {
        match self {
            Self::Chat { pairs, .. } => 2 * pairs,
            Self::Ping { clients } => clients,
            Self::Presence { contacts } => contacts + 1,
        }
    }
}

/// Logs all in, over TLS.
///
/// # Errors
/// When one of them cannot log in.
pub async fn prepare(target: &Target, shape: Shape) -> Result<Load> {
    // Other resources than before: the sessions of the last case may not be over yet.
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let resource = &format!("r{}", RUN.fetch_add(1, Ordering::Relaxed));
    let mut flows = Vec::new();
    match shape {
        Shape::Chat { pairs, bare } => {
            for pair in 0..pairs {
                let (from, to) = (2 * pair, 2 * pair + 1);
                let receiver = target.log_in(to, resource, true, "message", &[]).await?;
                let sender = target.log_in(from, resource, true, "message", &[to]).await?;
                let (before, after) = message(to, (!bare).then_some(resource));
                flows.push(Flow::new(sender, vec![receiver], before, after));
            }
        }
        Shape::Ping { clients } => {
            for client in 0..clients {
                let connection = target.log_in(client, resource, true, "iq", &[client]).await?;
                let (before, after) =
                    ("<iq type='get' to='localhost' id='", "'><ping xmlns='urn:xmpp:ping'/></iq>");
                flows.push(Flow::to_itself(connection, before.into(), after.into()));
            }
        }
        Shape::Presence { contacts } => {
            let contacts: Vec<usize> = (1..=contacts).collect();
            let mut receivers = Vec::new();
            for contact in &contacts {
                receivers.push(target.log_in(*contact, resource, true, "presence", &[]).await?);
            }
            let mut sender = target.log_in(0, resource, true, "presence", &contacts).await?;
            if target.protocol() == Protocol::Xmpp {
                super::subscribe(&mut sender, &mut receivers).await?;
            }
            let (before, after) = ("<presence><status>", "</status></presence>");
            flows.push(Flow::new(sender, receivers, before.into(), after.into()));
        }
    }
    Ok(Load { flows })
}

/// What stands before and behind the stamp of a message.
fn message(to: usize, resource: Option<&String>) -> (Vec<u8>, Vec<u8>) {
    let resource = resource.map(|resource| format!("/{resource}")).unwrap_or_default();
    let before = format!("<message type='chat' id='m1' to='{}{resource}'><body>", crate::client::address(to));
    let after = format!("{}</body></message>", "a".repeat(BODY - LENGTH));
    (before.into(), after.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Stamp;

    #[test]
    fn a_body_has_a_hundred_bytes() {
        let (mut text, after) = message(3, Some(&"r1".to_owned()));
        Stamp::now(1).write(&mut text);
        text.extend(after);
        let stanza = stonechat_stanza::Stanza::parse(&text).unwrap();
        assert_eq!(stanza.to().map(|to| to.to_string()).as_deref(), Some("u3@localhost/r1"));
        assert_eq!(stanza.payload_bytes().len(), BODY + "<body></body>".len());
        assert!(Stamp::find(&stanza).is_some());
    }
}
