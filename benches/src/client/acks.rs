//! Stream management (XEP-0198), as far as a client needs it that keeps nothing to send again.

use stonechat_stanza::payload::Payload as _;
use stonechat_stanza::{Nonza, payload};
use stonechat_stream::codec::Frame;

use super::Connection;
use crate::{Error, Result};

const NS: &str = "urn:xmpp:sm:3";
/// Asks the other side how many stanzas it has handled (§4).
pub const REQUEST: &[u8] = b"<r xmlns='urn:xmpp:sm:3'/>";
/// §3, §5.
const ENABLE: &[u8] = b"<enable xmlns='urn:xmpp:sm:3' resume='true'/>";

payload! {
    /// §4.
    struct Ack: NS, "a" {
        h: u32 => required("h"),
    }
}

payload! {
    /// §3.
    struct Enabled: NS, "enabled" {
        resume: bool => boolean("resume", false),
    }
}

/// What the server says of acknowledgements (§4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It asks for one.
    Request,
    /// It has handled so many stanzas.
    Acknowledged(u32),
}

impl Word {
    /// What an element says; `None` if it is about something else.
    #[must_use]
    pub fn read(nonza: &Nonza) -> Option<Self> {
        match nonza.name() {
            "r" if nonza.ns() == NS => Some(Self::Request),
            "a" => nonza.parse::<Ack>().ok().map(|ack| Self::Acknowledged(ack.h)),
            _ => None,
        }
    }
}

/// Tells the server how many stanzas were handled (§4).
#[must_use]
pub fn acknowledgement(handled: u32) -> Vec<u8> {
    format!("<a xmlns='{NS}' h='{handled}'/>").into_bytes()
}

/// The server counts from here on.
pub(super) fn is_enabled(nonza: &Nonza) -> bool {
    nonza.is(NS, Enabled::NAME)
}

/// Has a session that is not available yet be one that can be resumed, makes it available, and acknowledges its own presence, so that
/// nothing is left to be acknowledged.
///
/// # Errors
/// When the server does not enable resumption.
pub(super) async fn enable(connection: &mut Connection) -> Result<()> {
    connection.send(ENABLE).await?;
    loop {
        match connection.frame().await? {
            Frame::Nonza(answer) if answer.parse::<Enabled>().is_ok_and(|enabled| enabled.resume) => break,
            Frame::Nonza(answer) => {
                return Err(Error::Server(format!("sessions cannot be resumed: {answer:?}")));
            }
            _ => {}
        }
    }
    connection.send(b"<presence/>").await?;
    while connection.handled() == Some(0) {
        connection.frame().await?;
    }
    connection.send(&acknowledgement(connection.handled().unwrap_or_default())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonza(xml: &str) -> Nonza {
        Nonza::from_element(&xml.parse().unwrap()).unwrap()
    }

    #[test]
    fn requests_and_acknowledgements_are_told_from_the_rest() {
        let read = |xml: &str| Word::read(&nonza(xml));
        assert_eq!(read(std::str::from_utf8(REQUEST).unwrap()), Some(Word::Request));
        let acknowledged = String::from_utf8(acknowledgement(7)).unwrap();
        assert_eq!(read(&acknowledged), Some(Word::Acknowledged(7)));
        assert_eq!(read("<a xmlns='urn:xmpp:sm:3'/>"), None);
        assert_eq!(read("<r xmlns='urn:xmpp:sm:2'/>"), None);
        assert!(is_enabled(&nonza("<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>")));
    }
}
