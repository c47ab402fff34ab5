//! What a component answers: pure rules.

use stonechat_stanza::{Kind, Stanza, iq};

use super::is_answer;
use crate::Delegation;

/// The answer to `request` that a component's stanza holds, from whom the request was for to who has asked; `None` when it is none (§4.3).
///
/// The XEP has only results passed on. Errors that a component gives in the place of a result, with the same addresses and id, are as well: its
/// `item-not-found` says more than `service-unavailable`.
pub(super) fn unwrap(request: &Stanza, answer: &Stanza) -> Option<Stanza> {
    let held = answer.get::<Delegation>().ok()??.forwarded?.stanza;
    let same = |a: Option<&str>, b: Option<&str>| a == b;
    let (from, to) = (held.from(), held.to());
    // XEP-0355 leaves `from` out in its examples.
    let from_fits =
        from.is_none_or(|from| same(Some(from.as_str()), request.to().as_ref().map(|to| to.as_str())));
    let to_fits = same(to.as_ref().map(|to| to.as_str()), request.from().as_ref().map(|from| from.as_str()));
    if !is_answer(held.kind())
        || held.defect().is_some()
        || !from_fits
        || !to_fits
        || held.id() != request.id()
    {
        return None;
    }
    // An error without a reason is none.
    if held.kind() == Kind::Iq(iq::Type::Error) && held.error().is_none() {
        return None;
    }
    let from = request.to().map(|to| to.to_jid());
    let mut held = held;
    held.set_from(from);
    Some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse(xml.as_bytes()).unwrap()
    }

    fn unwrapped(held: &str) -> Option<String> {
        let request = stanza(
            "<iq from='juliet@capulet.lit/balcony' to='juliet@capulet.lit' id='pep1' type='set'><x xmlns='urn:x'/></iq>",
        );
        let answer = stanza(&format!(
            "<iq from='pubsub.capulet.lit' to='capulet.lit' id='d1' type='result'>
               <delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>{held}</forwarded></delegation></iq>"
        ));
        unwrap(&request, &answer).map(|stanza| stanza.to_string())
    }

    /// §4.3: `to`, `from`, `id` and `type`.
    #[test]
    fn an_answer_is_passed_on_if_it_is_one_to_the_request() {
        let with = |attributes: &str| unwrapped(&format!("<iq xmlns='jabber:client' {attributes}/>"));
        let good = with("to='juliet@capulet.lit/balcony' id='pep1' type='result'").unwrap();
        assert!(
            good.contains("from='juliet@capulet.lit'") && good.contains("to='juliet@capulet.lit/balcony'"),
            "{good}"
        );
        assert!(
            with("from='juliet@capulet.lit' to='juliet@capulet.lit/balcony' id='pep1' type='result'")
                .is_some()
        );
        for wrong in [
            "to='juliet@capulet.lit/balcony' id='pep2' type='result'",
            "to='juliet@capulet.lit/balcony' type='result'",
            "to='romeo@capulet.lit/x' id='pep1' type='result'",
            "id='pep1' type='result'",
            "from='romeo@capulet.lit' to='juliet@capulet.lit/balcony' id='pep1' type='result'",
            "from='@' to='juliet@capulet.lit/balcony' id='pep1' type='result'",
            "to='juliet@capulet.lit/balcony' id='pep1' type='error'",
            "to='juliet@capulet.lit/balcony' id='pep1'",
        ] {
            assert_eq!(with(wrong), None, "{wrong}");
        }
        assert_eq!(with("to='juliet@capulet.lit/balcony' id='pep1' type='set'"), None);
        let message = "<message xmlns='jabber:client' to='juliet@capulet.lit/balcony' id='pep1'/>";
        assert_eq!((unwrapped(message), unwrapped("")), (None, None));
        let error = "<iq xmlns='jabber:client' to='juliet@capulet.lit/balcony' id='pep1' type='error'><error type='cancel'>\
                     <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
        assert!(unwrapped(error).unwrap().contains("item-not-found"));
    }
}
