//! The client's side: it tells its time, and [`Times`] asks others for theirs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Answer, Cx, Extension as ClientExtension, Handle, Inbound, Installer, Query as Request, RequestError,
    Senders,
};
use stonechat_extension::{InstallError, Manifest, Reply};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{ParseError, Stanza, StanzaError, iq};

use crate::{NS, Offset, Query, Time};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether others are answered; the server lets ask whom we share presence with.
    pub answer: bool,
    /// Minutes east of UTC, from -1439 to 1439: where we are, which is nobody's business unless we say so (§6).
    pub offset: i16,
}

impl Default for Config {
    fn default() -> Self {
        Self { answer: true, offset: 0 }
    }
}

/// The client extension; it provides [`Times`].
#[derive(Debug)]
pub struct Extension(Offset);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("time").about("tells the time, and asks others for it").xep(202, "2.0");
    const CONFIG: &'static str = "# Whether others are answered.\n\
        answer = true\n\
        # Minutes east of UTC, from -1439 to 1439, which tell where we are.\n\
        offset = 0\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.provide(Arc::new(Times(client.handle())))?;
        if !config.answer {
            return Ok(());
        }
        if !(-1439..=1439).contains(&config.offset) {
            return Err(client.failed("`offset` has to be from -1439 to 1439"));
        }
        client.feature(NS);
        let time = client.share(Self(Offset { minutes: config.offset }));
        client.iq_get::<Query>(Senders::ANYONE, &time)
    }
}

impl Answer<Query> for Extension {
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, _: Query) -> Result<Reply, StanzaError> {
        Ok(Reply::with(&Time { offset: self.0, utc: DateTime::new(cx.now()).to_millisecond() }))
    }
}

impl Request for Query {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Time;

    fn read(result: &Stanza) -> Result<Time, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "time"))
    }
}

/// Asks others for their time; a service of the client extension.
#[derive(Debug)]
pub struct Times(Handle);

impl Times {
    /// Asks (§2): the own account with `None`. Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn of(&self, who: Option<Jid>) -> Result<Time, RequestError> {
        self.0.request(who, &Query).await
    }
}

stonechat_extension::register!(client: Extension);
