//! The client's side: it asks, answers, and tells.

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Add, Cx, Extension as ClientExtension, Installer, Learned, Outbound, React, Way, new_id,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::message::Type;
use stonechat_stanza::{Element, Kind, Payload as _, Stanza, ns};
use stonechat_xep_roster::client::{Audience, Roster};

use crate::{NS, Received, Request};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether our messages ask for receipts.
    pub request: bool,
    /// Who gets receipts: they tell that we are there (§8).
    pub answer: Audience,
}

impl Default for Config {
    fn default() -> Self {
        Self { request: true, answer: Audience::Contacts }
    }
}

/// A client of the recipient has a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The recipient, with whom the conversation is: a receipt counts for messages to them and no others.
    pub by: BareJid,
    /// The id of the message.
    pub id: String,
}

/// The client extension.
#[derive(Debug)]
pub struct Extension(Config);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("receipts").about("asks for, gives and tells receipts of messages").xep(184, "1.4.0");
    const CONFIG: &'static str = "# Whether our messages ask for receipts.\n\
        request = true\n\
        # Who gets receipts, which tell that we are there: nobody, contacts (who may see our presence), everyone.\n\
        answer = \"contacts\"\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        if config.answer != Audience::Nobody {
            client.feature(NS);
        }
        let receipts = client.share(Self(config));
        client.add(&receipts);
        client.react::<Learned>(&receipts);
        Ok(())
    }
}

impl Add for Extension {
    /// §5.1: what has content asks; a receipt never does (§5.2).
    fn add(&self, _: &Cx<'_>, event: &Outbound) -> Vec<Element> {
        let asks = self.0.request && is_content(&event.stanza) && !event.stanza.has(NS, Request::NAME);
        asks.then(|| Request.to_element()).into_iter().collect()
    }
}

fn is_content(message: &Stanza) -> bool {
    matches!(message.kind(), Kind::Message(Type::Chat | Type::Normal))
        && message.has(ns::CLIENT, "body")
        && !message.has(NS, Received::NAME)
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        if event.is_own(cx.account()) {
            return Ok(());
        }
        let Some(peer) = event.peer(cx.account()) else { return Ok(()) };
        match event.message.get::<Received>() {
            Ok(Some(Received { id })) => cx.emit(Delivered { by: peer, id }),
            Ok(None) if event.way == Way::Live => {
                if let Some(receipt) = receipt(&event.message)
                    && self.0.answer.has(&peer, cx.service::<Roster>().as_deref())
                {
                    cx.send(receipt);
                }
            }
            // What cannot be read asks for nothing.
            Ok(None) | Err(_) => {}
        }
        Ok(())
    }
}

/// The receipt for a message that asks for one and may: of the same type (§5.4), and with nothing else in it.
fn receipt(message: &Stanza) -> Option<Stanza> {
    let Kind::Message(kind @ (Type::Chat | Type::Normal | Type::Headline)) = message.kind() else {
        return None;
    };
    message.find(NS, Request::NAME)?;
    let received = Received { id: message.id()?.to_owned() };
    Some(Stanza::message(kind).with_to(message.from()?.to_jid()).with_id(&new_id()).with(&received))
}

stonechat_extension::register!(client: Extension);
