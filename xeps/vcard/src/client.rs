//! The client's side: [`VCards`] is the service of the extension.
//!
//! ```no_run
//! # use stonechat_extension::client::{RequestError, Tables};
//! use stonechat_xep_vcard::client::VCards;
//!
//! # async fn run(tables: &Tables) -> Result<(), RequestError> {
//! let vcards = tables.service::<VCards>().expect("the extension is installed");
//! let romeo = vcards.of("romeo@example.net".parse().expect("an address")).await?;
//! println!("{:?}", romeo.and_then(|vcard| vcard.full_name()));
//! vcards.change(|own| own.with_text("NICKNAME", Some("Jule"))).await?;
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use stonechat_extension::client::{self, Handle, Installer, RequestError};
use stonechat_extension::{InstallError, Manifest, NoConfig};
use stonechat_stanza::error::Condition;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Stanza, StanzaError, iq};

use crate::VCard;

/// The client extension; it provides [`VCards`].
#[derive(Debug)]
pub struct Extension;

impl client::Extension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("vcard").about("asks who people are, and says it").xep(54, "1.3.0");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.provide(Arc::new(VCards(client.handle())))
    }
}

/// Asks for vCards and publishes the own one; a service of the client extension.
#[derive(Debug)]
pub struct VCards(Handle);

impl VCards {
    /// The own vCard (§3.1); `None` where there is none.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn own(&self) -> Result<Option<VCard>, RequestError> {
        self.ask(None).await
    }

    /// Somebody else's (§3.3), or that of an occupant of a room, who is asked by the room. `None` where there is none; whether there is such an
    /// account, that does not say.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn of(&self, who: Jid) -> Result<Option<VCard>, RequestError> {
        self.ask(Some(who)).await
    }

    /// Publishes the own vCard, in the place of the one that there was (§3.2). Everybody may see it.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn set(&self, vcard: &VCard) -> Result<(), RequestError> {
        self.0.exchange(Stanza::iq(iq::Type::Set).with(vcard)).await.map(drop)
    }

    /// Changes the own vCard: fetches it, changes that, and publishes it as a whole. What another client does in between is lost.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn change(&self, change: impl FnOnce(VCard) -> VCard) -> Result<(), RequestError> {
        let vcard = self.own().await?.unwrap_or_default();
        self.set(&change(vcard)).await
    }

    async fn ask(&self, whom: Option<Jid>) -> Result<Option<VCard>, RequestError> {
        let mut question = Stanza::iq(iq::Type::Get).with(&VCard::default());
        question.set_to(whom);
        match self.0.exchange(question).await {
            Ok(answer) => Ok(answer.get::<VCard>()?.filter(|vcard| !vcard.is_empty())),
            Err(RequestError::Refused(error)) if is_none(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// §3.1, §3.3: servers say that there is none in one of these ways.
fn is_none(error: &StanzaError) -> bool {
    matches!(error.condition, Condition::ItemNotFound | Condition::ServiceUnavailable)
}

stonechat_extension::register!(client: Extension);
