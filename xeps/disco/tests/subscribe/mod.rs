//! Subscriptions without the dance that leads to them.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Command, Cx, Descriptor, HandlerError, InstallError, Installer, Manifest, NoConfig, ServerExtension,
};
use stonechat_stanza::jid::BareJid;
use stonechat_xep_roster::{Contact, Outcome, Roster, Subscription};

/// An extension whose command subscribes one account to another's presence.
pub(crate) struct Subscribe(Arc<dyn Roster>);
pub(crate) static SUBSCRIBE: Descriptor = Descriptor::of::<Subscribe>();

impl ServerExtension for Subscribe {
    const MANIFEST: Manifest = Manifest::new("subscribe").needs("roster");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let roster = host.service::<dyn Roster>()?;
        let subscribe = host.share(Self(roster));
        host.command("subscribe", "makes the second see the first", &subscribe)
    }
}

#[async_trait]
impl Command for Subscribe {
    async fn run(&self, cx: &mut Cx<'_>, words: &[String]) -> Result<String, HandlerError> {
        let jid = |at: usize| BareJid::from_parts(Some(&words[at]), cx.domain()).expect("a localpart");
        let (owner, contact) = (jid(0), jid(1));
        let seen = |_: &Contact| Outcome {
            contact: Contact { listed: true, subscription: Subscription::From, ..Contact::default() },
            ..Outcome::default()
        };
        let updated = self.0.update(cx, &owner, &contact, Arc::new(seen)).await;
        updated.map(|_| String::new()).map_err(|error| HandlerError::new(error.to_string()))
    }
}

/// Lets `contact` see the presence of `owner`.
pub(crate) async fn to(host: &TestHost, owner: &str, contact: &str) {
    let words = [owner.to_owned(), contact.to_owned()];
    host.host().command("subscribe", &words).await.expect("the command is there").expect("it works");
}
