//! The server's side.

use std::sync::Arc;

use stonechat_extension::login::{self, InlineFeature, Login, Offer};
use stonechat_extension::{Cx, Ending, InstallError, Installer, Manifest, NoConfig, ServerExtension};
use stonechat_stanza::Element;

use crate::{Bind, Bound, Feature, NS, resource};

/// The extension.
#[derive(Debug)]
pub struct Extension;

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("bind2")
        .about("binds and sets up a session together with the login")
        .xep(386, "1.1.0")
        .needs("sasl2");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let bind2 = host.share(Self);
        host.inline_feature(&bind2);
        host.bind_at_login(NS, "bind", &bind2)
    }
}

impl InlineFeature for Extension {
    fn inline_feature(&self, offer: &Offer<'_>) -> Option<Element> {
        let inline = offer.bind_features.iter().map(|feature| (*feature).to_owned()).collect();
        Some(Feature { inline }.to_element())
    }
}

impl login::Bind for Extension {
    fn resource(&self, login: &Login, request: &Element) -> Option<String> {
        let tag = Bind::read(request).and_then(|bind| bind.tag);
        resource::of(&login.account, tag.as_deref(), login.installation())
    }

    fn bound(&self, cx: &mut Cx<'_>, login: &Login, _: &Element, answers: Vec<Element>) -> Element {
        end_earlier(cx, login);
        Bound { answers }.to_element()
    }
}

/// §3.2: the earlier sessions of the same installation. One with the same resource has been replaced already.
fn end_earlier(cx: &Cx<'_>, login: &Login) {
    let (Some(installation), Some(own)) = (login.installation(), cx.session()) else { return };
    for session in cx.sessions(&login.account) {
        let same = session.login().is_some_and(|login| login.installation() == Some(installation));
        if same && !Arc::ptr_eq(&session, own) {
            session.mailbox().end(Ending::Conflict);
        }
    }
}

stonechat_extension::register!(server: Extension);
