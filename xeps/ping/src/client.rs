//! The client's side: it answers, and asks.

use std::sync::Arc;
use std::time::Duration;

use stonechat_extension::client::{
    self, Answer, Cx, Handle, Inbound, Installer, Query, RequestError, Senders,
};
use stonechat_extension::{InstallError, Manifest, NoConfig, Reply};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{ParseError, Stanza, StanzaError, iq};

use crate::{NS, Ping};

/// The client extension: answers pings of whoever may send us stanzas, and provides a [`Pinger`].
#[derive(Debug)]
pub struct Extension;

impl client::Extension for Extension {
    const MANIFEST: Manifest = Manifest::new("ping").about("answers pings, and pings").xep(199, "2.0.1");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let ping = client.share(Self);
        client.feature(NS);
        client.provide(Arc::new(Pinger(client.handle())))?;
        client.iq_get(Senders::ANYONE, &ping)
    }
}

impl Answer<Ping> for Extension {
    fn answer(&self, _: &mut Cx<'_>, _: &Inbound, _: Ping) -> Result<Reply, StanzaError> {
        Ok(Reply::empty())
    }
}

impl Query for Ping {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = ();

    fn read(_: &Stanza) -> Result<(), ParseError> {
        Ok(())
    }
}

/// Pings others; a service of the client extension.
#[derive(Debug)]
pub struct Pinger(Handle);

impl Pinger {
    /// Whether `to`, or the own account with `None`, answers within `timeout` (§4). An error that says no more than that pings are not
    /// understood there is an answer (§4.2). Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`] when there is no answer, or nobody there.
    pub async fn ping(&self, to: Option<Jid>, timeout: Duration) -> Result<(), RequestError> {
        use stonechat_stanza::error::Condition::{FeatureNotImplemented, ServiceUnavailable};
        // From a bare JID, `service-unavailable` may also mean that there is nobody; the answer is still an answer.
        let answered = |error: &StanzaError| {
            error.condition == FeatureNotImplemented || error.condition == ServiceUnavailable
        };
        match self.0.with_timeout(timeout).request(to, &Ping).await {
            Err(RequestError::Refused(error)) if answered(&error) => Ok(()),
            other => other,
        }
    }
}

stonechat_extension::register!(client: Extension);
