//! Who has which part in a login.

use std::collections::HashMap;
use std::sync::Arc;

use stonechat_stanza::Element;

use super::{AtBind, AtLogin, Bind, InlineFeature, Offer, Profile, Resume, Speaker, Tokens};
use crate::InstallError;
use crate::hooks::Entry;

/// Owners of elements by namespace and name: few, so that a list does.
type Owners<H> = Vec<(&'static str, &'static str, Entry<H>)>;

/// The owner of the tokens, and the mechanisms in which they are proved.
pub(crate) type TokenOwner = (&'static [&'static str], Entry<dyn Tokens>);

/// Who has which part in a login.
#[derive(Default)]
pub(crate) struct LoginTable {
    pub(crate) profiles: HashMap<&'static str, Arc<Entry<dyn Profile>>>,
    pub(crate) inline: Vec<Entry<dyn InlineFeature>>,
    pub(crate) tokens: Option<TokenOwner>,
    pub(crate) resume: Owners<dyn Resume>,
    pub(crate) bind: Owners<dyn Bind>,
    pub(crate) at_bind: Owners<dyn AtBind>,
    pub(crate) at_every_bind: Vec<Entry<dyn AtBind>>,
    pub(crate) bind_features: Vec<&'static str>,
    pub(crate) at_login: Vec<Entry<dyn AtLogin>>,
}

impl LoginTable {
    pub(crate) fn speaker(&self, ns: &str) -> Option<Speaker> {
        self.profiles.get(ns).map(|entry| Speaker(Arc::clone(entry)))
    }

    /// The features of all profiles, with the inline features in them.
    pub(crate) fn features(&self, mechanisms: &[String], token_mechanisms: &[String]) -> Vec<Element> {
        let offer = Offer { mechanisms, token_mechanisms, bind_features: &self.bind_features };
        let inline = self.inline.iter().filter_map(|Entry { source, handler }| {
            source.run("inline feature", "Login", || handler.inline_feature(&offer)).flatten()
        });
        let inline: Vec<Element> = inline.collect();
        let profiles = self.profiles.values().filter_map(|entry| {
            entry.source.run("profile", "Login", || entry.handler.feature(&offer, inline.clone()))
        });
        profiles.collect()
    }
}

/// The owner of this element.
pub(crate) fn owner<'a, H: ?Sized>(owners: &'a Owners<H>, element: &'a Element) -> Option<&'a Entry<H>> {
    let ns = element.ns();
    owners.iter().find(|(own, name, _)| *own == ns && *name == element.name()).map(|(.., entry)| entry)
}

pub(crate) fn own<H: ?Sized>(
    owners: &mut Owners<H>,
    what: &str,
    (ns, name): (&'static str, &'static str),
    entry: Entry<H>,
) -> Result<(), InstallError> {
    if let Some((.., other)) = owners.iter().find(|(of, own, _)| (*of, *own) == (ns, name)) {
        return Err(InstallError::DoubleClaim {
            what: format!("{what} <{name} xmlns='{ns}'/>"),
            first: other.source.name.to_owned(),
            second: entry.source.name.to_owned(),
        });
    }
    owners.push((ns, name, entry));
    Ok(())
}
