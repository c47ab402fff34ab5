//! Changes of the roster by its owner (RFC 6121 §2.1.5, §2.3, §2.4, §2.5).

use std::sync::Arc;

use stonechat_extension::{Cx, Reply, Request};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;

use super::book::Book;
use super::service::{Outcome, Removed, Roster as _};
use super::{Config, Contact};
use crate::{Item, Query};

pub(super) async fn answer(
    book: &Book,
    cx: &mut Cx<'_>,
    request: &Request,
    query: Query,
) -> Result<Reply, StanzaError> {
    let Some(owner) = &request.account else { return Err(StanzaError::service_unavailable()) };
    match check(query, book.config())? {
        Edit::Put { jid, name, groups } => put(book, cx, owner, &jid, name, groups).await?,
        Edit::Remove { jid } => remove(book, cx, owner, jid).await?,
    }
    Ok(Reply::empty())
}

/// A change that is in order.
#[derive(Debug, PartialEq, Eq)]
enum Edit {
    Put { jid: BareJid, name: String, groups: Vec<String> },
    Remove { jid: BareJid },
}

/// Checks a change by the rules of §2.1.5 and §2.3.3.
fn check(query: Query, config: &Config) -> Result<Edit, StanzaError> {
    let [item]: [Item; 1] = query
        .items
        .try_into()
        .map_err(|_| StanzaError::bad_request().with_text("a roster change has exactly one item"))?;
    let jid = BareJid::try_from(item.jid)
        .map_err(|_| StanzaError::jid_malformed().with_text("a contact's address has no resource"))?;
    if item.removed {
        return Ok(Edit::Remove { jid });
    }
    let (name, mut groups) = (item.name, item.groups);
    if name.len() > config.name_length {
        return Err(StanzaError::not_acceptable().with_text("the name is too long"));
    }
    if groups.iter().any(String::is_empty) {
        return Err(StanzaError::not_acceptable().with_text("a group needs a name"));
    }
    if groups.iter().any(|group| group.len() > config.group_length) {
        return Err(StanzaError::not_acceptable().with_text("the name of a group is too long"));
    }
    if groups.len() > config.groups {
        return Err(StanzaError::not_acceptable().with_text("too many groups"));
    }
    groups.sort_unstable();
    if groups.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(StanzaError::bad_request().with_text("a group is named twice"));
    }
    Ok(Edit::Put { jid, name, groups })
}

async fn put(
    book: &Book,
    cx: &mut Cx<'_>,
    owner: &BareJid,
    jid: &BareJid,
    name: String,
    groups: Vec<String>,
) -> Result<(), StanzaError> {
    let change = move |before: &Contact| {
        let contact = Contact { listed: true, name: name.clone(), groups: groups.clone(), ..before.clone() };
        // §2.4.2: each change that succeeds is pushed.
        Outcome { contact, announce: None, push_anyway: true }
    };
    book.update(cx, owner, jid, Arc::new(change)).await?;
    Ok(())
}

async fn remove(book: &Book, cx: &mut Cx<'_>, owner: &BareJid, jid: BareJid) -> Result<(), StanzaError> {
    let change = |before: &Contact| {
        let contact = if before.listed { Contact::default() } else { before.clone() };
        Outcome { contact, ..Outcome::default() }
    };
    let updated = book.update(cx, owner, &jid, Arc::new(change)).await?;
    if !updated.before.listed {
        return Err(StanzaError::item_not_found());
    }
    cx.react_at(&Removed { owner: owner.clone(), contact: jid, was: updated.before }).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::error::Condition;
    use stonechat_stanza::{Payload as _, payload};

    fn judge(items: &str) -> Result<Edit, Condition> {
        let config = Config { name_length: 5, group_length: 3, groups: 2, ..Config::default() };
        let element = format!("<query xmlns='jabber:iq:roster'>{items}</query>").parse().expect("XML");
        let query = Query::parse(&element).map_err(|error: payload::ParseError| error.condition())?;
        check(query, &config).map_err(|error| error.condition)
    }

    #[test]
    fn what_breaks_the_rules_of_a_change_is_refused() {
        use Condition::{BadRequest, JidMalformed, NotAcceptable};
        for (items, condition) in [
            ("", BadRequest),
            ("<item jid='a@b'/><item jid='c@d'/>", BadRequest),
            ("<item/>", BadRequest),
            ("<item jid='a@b'><group>x</group><group>y</group><group>x</group></item>", NotAcceptable),
            ("<item jid='a@b'><group>x</group><group>x</group></item>", BadRequest),
            ("<item jid='@b'/>", JidMalformed),
            ("<item jid='a@b/c'/>", JidMalformed),
            ("<item jid='a@b' name='sixsix'/>", NotAcceptable),
            ("<item jid='a@b'><group/></item>", NotAcceptable),
            ("<item jid='a@b'><group>four</group></item>", NotAcceptable),
        ] {
            assert_eq!(judge(items), Err(condition), "{items}");
        }
    }

    #[test]
    fn what_only_the_server_may_say_is_ignored() {
        let item = "<item jid='A@B' subscription='both' ask='subscribe' approved='true'/>";
        let jid = "a@b".parse().unwrap();
        assert_eq!(judge(item), Ok(Edit::Put { jid, name: String::new(), groups: Vec::new() }));
    }
}
