//! What a grant covers: pure rules.

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq};

use super::{Grant, Messages};
use crate::PrivilegedIq;

/// Whether a message may be sent on in the name that it bears (§5.1): a bare JID of the host, or the host's own.
pub(super) fn message(grant: &Grant, host: &str, message: &Stanza) -> Result<(), StanzaError> {
    let is_message = matches!(message.kind(), Kind::Message(_));
    let from = message.from();
    let is_own = from.is_some_and(|from| from.domain() == host && from.resource().is_none());
    if grant.message != Messages::Outgoing || !is_message || !is_own {
        return Err(StanzaError::forbidden());
    }
    if message.to().is_none() || message.defect().is_some() {
        return Err(StanzaError::bad_request());
    }
    Ok(())
}

/// The request that is to be sent in the name of an account, if it may be (§6.3): `outer` is the type of the request that holds it.
pub(super) fn request(
    grant: &Grant,
    account: &BareJid,
    outer: iq::Type,
    privileged: PrivilegedIq,
) -> Result<Stanza, StanzaError> {
    let Some(mut request) = privileged.request else { return Err(StanzaError::forbidden()) };
    let payload = request.children().next().map(|child| child.ns().to_owned());
    let from_fits = match request.from() {
        Some(from) => from.as_str() == account.as_str(),
        None => request.defect() != Some(stonechat_stanza::Defect::MalformedFrom),
    };
    let is_granted = payload.is_some_and(|namespace| grant.allows_iq(outer, &namespace));
    if request.kind() != Kind::Iq(outer) || !from_fits || !is_granted {
        return Err(StanzaError::forbidden());
    }
    if request.defect().is_some() {
        return Err(StanzaError::bad_request());
    }
    request.set_from(stonechat_stanza::jid::Jid::from(account.clone()));
    if request.to().is_none() {
        // RFC 6120 §10.3: the account handles it.
        request.set_to(stonechat_stanza::jid::Jid::from(account.clone()));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::Payload as _;

    use super::*;
    use crate::{Access, server::IqGrant};

    const HOST: &str = "capulet.lit";

    fn grant() -> Grant {
        Grant {
            component: "pubsub.capulet.lit".to_owned(),
            message: Messages::Outgoing,
            iq: vec![IqGrant {
                namespace: "http://jabber.org/protocol/pubsub".to_owned(),
                kind: Access::Set,
            }],
            ..Grant::default()
        }
    }

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse(xml.as_bytes()).unwrap()
    }

    fn juliet() -> BareJid {
        BareJid::parse("juliet@capulet.lit").unwrap()
    }

    fn privileged(iq: &str) -> PrivilegedIq {
        let xml = format!("<privileged_iq xmlns='urn:xmpp:privilege:2'>{iq}</privileged_iq>");
        PrivilegedIq::parse(&xml.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_message_is_from_a_bare_jid_of_the_host() {
        for (xml, is_allowed) in [
            ("<message from='juliet@capulet.lit' to='a@b'/>", true),
            ("<message from='capulet.lit' to='a@b'/>", true),
            ("<message from='juliet@capulet.lit/balcony' to='a@b'/>", false),
            ("<message from='capulet.lit/x' to='a@b'/>", false),
            ("<message from='romeo@montague.lit' to='a@b'/>", false),
            ("<message from='pubsub.capulet.lit' to='a@b'/>", false),
            ("<message to='a@b'/>", false),
            ("<message from='@' to='a@b'/>", false),
            ("<message from='juliet@capulet.lit'/>", false),
            ("<presence from='juliet@capulet.lit' to='a@b'/>", false),
            ("<iq from='juliet@capulet.lit' to='a@b' type='get' id='1'><x xmlns='urn:x'/></iq>", false),
        ] {
            assert_eq!(message(&grant(), HOST, &stanza(xml)).is_ok(), is_allowed, "{xml}");
        }
        let none = Grant { message: Messages::None, ..grant() };
        assert!(message(&none, HOST, &stanza("<message from='juliet@capulet.lit' to='a@b'/>")).is_err());
    }

    /// The conditions of §6.3, one after the other.
    #[test]
    fn a_request_is_refused_when_any_condition_is_not_met() {
        let with = |attributes: &str, payload: &str| {
            privileged(&format!("<iq xmlns='jabber:client' id='1' {attributes}>{payload}</iq>"))
        };
        let pubsub = "<pubsub xmlns='http://jabber.org/protocol/pubsub'/>";
        let judge = |outer, iq| request(&grant(), &juliet(), outer, iq).map(|stanza| stanza.to_string());
        let good = judge(iq::Type::Set, with("type='set' to='romeo@montaigu.lit'", pubsub)).unwrap();
        assert!(
            good.contains("from='juliet@capulet.lit'") && good.contains("to='romeo@montaigu.lit'"),
            "{good}"
        );
        let own = judge(iq::Type::Set, with("type='set' from='juliet@capulet.lit'", pubsub)).unwrap();
        assert!(own.contains("to='juliet@capulet.lit'"), "{own}");
        for (outer, iq) in [
            (iq::Type::Get, with("type='get'", pubsub)),
            (iq::Type::Get, with("type='set'", pubsub)),
            (iq::Type::Set, with("type='get'", pubsub)),
            (iq::Type::Set, with("type='set' from='romeo@capulet.lit'", pubsub)),
            (iq::Type::Set, with("type='set' from='juliet@capulet.lit/balcony'", pubsub)),
            (iq::Type::Set, with("type='set' from='@'", pubsub)),
            (iq::Type::Set, with("type='set'", "<query xmlns='jabber:iq:roster'/>")),
            (iq::Type::Set, with("type='set'", "")),
            (
                iq::Type::Set,
                privileged(&format!("<iq xmlns='jabber:server' id='1' type='set'>{pubsub}</iq>")),
            ),
            (iq::Type::Set, privileged("")),
        ] {
            let error = judge(outer, iq.clone()).unwrap_err();
            assert_eq!(error.condition, StanzaError::forbidden().condition, "{iq:?}");
        }
    }

    proptest! {
        /// Line 68: what is sent on is in the name of the account, of a granted namespace and type, whatever was written.
        #[test]
        fn nothing_gets_through_that_is_not_granted(
            from in prop::option::of("(juliet@|romeo@|)(capulet|montague)\\.lit(/x)?"),
            kind in prop::sample::select(vec!["get", "set", "result", "error", "x"]),
            outer in prop::sample::select(vec![iq::Type::Get, iq::Type::Set]),
            ns in prop::sample::select(vec!["http://jabber.org/protocol/pubsub", "jabber:iq:roster", "urn:x"]),
            content in prop::sample::select(vec!["jabber:client", "jabber:server", "urn:xmpp:privilege:2"]),
        ) {
            let from = from.map(|from| format!("from='{from}'")).unwrap_or_default();
            let iq = privileged(&format!("<iq xmlns='{content}' id='1' type='{kind}' {from}><x xmlns='{ns}'/></iq>"));
            if let Ok(request) = request(&grant(), &juliet(), outer, iq) {
                prop_assert_eq!(request.from().unwrap().as_str(), "juliet@capulet.lit");
                prop_assert_eq!(request.kind(), Kind::Iq(iq::Type::Set));
                prop_assert_eq!((ns, kind, content), ("http://jabber.org/protocol/pubsub", "set", "jabber:client"));
            }
        }
    }
}
