//! Changes of the roster that the server tells of (RFC 6121 §2.1.6).

use stonechat_extension::client::{Answer, Cx, Descriptor, Extension, Inbound, Installer, Senders};
use stonechat_extension::{InstallError, Manifest, NoConfig, Reply};
use stonechat_stanza::StanzaError;
use stonechat_xep_roster::{Item, Query};

/// The client extension: takes roster pushes and [tells](Pushed) of them.
pub(crate) static EXTENSION: Descriptor = Descriptor::of::<Pushes>();

/// An item of the roster has changed: an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pushed(pub(crate) Item);

struct Pushes;

impl Extension for Pushes {
    const MANIFEST: Manifest = Manifest::new("roster").about("sees changes of the roster").rfc(6121, "2");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let pushes = client.share(Self);
        client.iq_set::<Query>(Senders::ACCOUNT, &pushes)
    }
}

impl Answer<Query> for Pushes {
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, push: Query) -> Result<Reply, StanzaError> {
        let [item] = <[Item; 1]>::try_from(push.items).map_err(|_| StanzaError::bad_request())?;
        cx.emit(Pushed(item));
        Ok(Reply::empty())
    }
}

#[cfg(test)]
mod tests {
    use stonechat_extension::client::test_host::TestClient;

    use super::*;

    fn push(from: &str) -> String {
        format!(
            "<iq type='set' id='1' {from}><query xmlns='jabber:iq:roster'><item jid='romeo@example.net'/></query></iq>"
        )
    }

    #[test]
    fn a_push_of_the_own_account_is_told_and_acknowledged() {
        let mut client = TestClient::with(&[&EXTENSION]);
        client.connect(false);
        client.receive(&push(""));
        assert_eq!(client.event::<Pushed>(), Some(Pushed(Item::new("romeo@example.net".parse().unwrap()))));
        client.run("server ← <iq type='result' id='1'/>");
    }

    #[test]
    fn a_push_of_anybody_else_is_refused() {
        let mut client = TestClient::with(&[&EXTENSION]);
        client.connect(false);
        for forged in ["from='romeo@example.net'", "from='juliet@example.com/other'", "from='example.com'"] {
            client.receive(&push(forged));
            assert_eq!(client.event::<Pushed>(), None, "{forged}");
        }
    }
}
