//! The rules of the side that opens the stream.

use super::*;
use crate::dialback::Answer;
use crate::negotiation::{Tls, client};

const FEATURES: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
                        <mechanism>EXTERNAL</mechanism></mechanisms></stream:features>";
const NO_FEATURES: &str = "<stream:features/>";
const VALID: &str = "<db:result from='montague.example' to='capulet.example' type='valid'/>";

struct Script {
    stream: Outgoing,
    reader: Reader,
}

#[derive(Default)]
struct Said {
    text: String,
    actions: Vec<OutgoingAction>,
}

impl Said {
    fn is_established(&self) -> bool {
        matches!(self.actions[..], [OutgoingAction::Established(_)])
    }

    #[track_caller]
    fn error(&self) -> &OutgoingError {
        match self.actions.last() {
            Some(OutgoingAction::Close(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}

impl Script {
    fn new(tls: Tls, purpose: Purpose) -> Self {
        let stream = Outgoing::new(OutgoingConfig { pair: capulet_to_montague(), tls, purpose });
        Self { stream, reader: Reader::new() }
    }

    fn sending(external: bool, dialback: bool) -> Self {
        let dialback = dialback.then(secret);
        let mut script = Self::new(Tls::Established, send(external, dialback));
        script.act();
        script.say(ANSWER);
        script
    }

    fn say(&mut self, xml: &str) -> Said {
        let mut all = Said::default();
        for frame in self.reader.read(xml) {
            self.stream.frame(frame, 0);
            let said = self.act();
            all.text.push_str(&said.text);
            all.actions.extend(said.actions);
        }
        all
    }

    fn act(&mut self) -> Said {
        let mut said = Said::default();
        while let Some(action) = self.stream.next_action() {
            match action {
                OutgoingAction::Send(bytes) => said.text.push_str(&text(bytes)),
                OutgoingAction::Restart => self.reader.reset(),
                OutgoingAction::StartTls => {
                    self.reader.reset();
                    self.stream.tls_established();
                }
                other => said.actions.push(other),
            }
        }
        said
    }
}

fn send(external: bool, dialback: Option<Secret>) -> Purpose {
    Purpose::Send { external, dialback, management: Management::Off, bidi: false }
}

#[test]
fn the_header_names_both_domains_also_in_the_clear() {
    let said = Script::new(Tls::Required, send(true, None)).act();
    assert_eq!(
        said.text,
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' \
         xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' \
         to='montague.example' from='capulet.example' version='1.0'>"
    );
}

#[test]
fn external_is_used_where_it_is_offered() {
    let mut script = Script::sending(true, true);
    let said = script.say(FEATURES);
    assert_eq!(said.text, AUTH);
    let said = script.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert!(said.text.contains("<stream:stream") && said.actions.is_empty());
    script.say(ANSWER);
    assert!(script.say(NO_FEATURES).is_established());
}

#[test]
fn dialback_is_used_where_external_is_not_offered_or_fails() {
    let key = secret().key(&capulet_to_montague(), "417GAF25");
    let expected = format!("<db:result from='capulet.example' to='montague.example'>{key}</db:result>");
    assert_eq!(Script::sending(true, true).say(NO_FEATURES).text, expected);
    assert_eq!(Script::sending(false, true).say(FEATURES).text, expected);

    let mut script = Script::sending(true, true);
    script.say(FEATURES);
    let said = script.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    assert_eq!(said.text, expected);
    assert!(script.say(VALID).is_established());
}

#[test]
fn without_a_way_that_is_allowed_there_is_no_stream() {
    let said = Script::sending(true, false).say(NO_FEATURES);
    assert_eq!(said.error(), &OutgoingError::NoWay);
    let mut script = Script::sending(true, false);
    script.say(FEATURES);
    let said = script.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    assert!(matches!(said.error(), OutgoingError::ExternalRefused(_)));
}

#[test]
fn what_dialback_came_to_is_told_apart() {
    let answer = |kind: &str| {
        let mut script = Script::sending(false, true);
        script.say(NO_FEATURES);
        let xml = format!(
            "<db:result from='montague.example' to='capulet.example' type='{kind}'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>"
        );
        script.say(&xml).error().to_string()
    };
    assert_eq!(answer("invalid"), "dialback failed: the server says that the key is not valid");
    assert!(answer("error").starts_with("dialback failed: item-not-found"), "{}", answer("error"));
}

/// CVE-2012-3525, XEP-0220 §3.1.
#[test]
fn an_answer_has_to_be_one_to_what_was_asked() {
    for unsolicited in [
        "<db:result from='verona.example' to='capulet.example' type='valid'/>",
        "<db:result from='montague.example' to='verona.example' type='valid'/>",
        "<db:verify from='montague.example' to='capulet.example' id='417GAF25' type='valid'/>",
        "<db:result from='montague.example' to='capulet.example'>b483</db:result>",
    ] {
        let mut script = Script::sending(false, true);
        script.say(NO_FEATURES);
        assert_eq!(script.say(unsolicited).error(), &OutgoingError::Unsolicited, "{unsolicited}");
    }
    // Before anything was asked, and after it was answered.
    assert!(matches!(Script::sending(false, true).say(VALID).error(), OutgoingError::Stream(_)));
    let mut script = Script::sending(false, true);
    script.say(NO_FEATURES);
    script.say(VALID);
    assert_eq!(script.say(VALID).error(), &OutgoingError::Unsolicited);
}

#[test]
fn stanzas_do_not_come_on_a_stream_that_is_for_one_direction() {
    let mut script = Script::sending(false, true);
    script.say(NO_FEATURES);
    assert!(script.say(VALID).is_established());
    assert_eq!(script.say(MESSAGE).error(), &OutgoingError::Unsolicited);
}

#[test]
fn without_tls_where_it_is_required_there_is_no_stream() {
    let mut script = Script::new(Tls::Required, send(true, Some(secret())));
    script.act();
    script.say(ANSWER);
    let said = script.say(NO_FEATURES);
    assert_eq!(said.error(), &OutgoingError::Stream(client::Error::TlsUnavailable));
}

#[test]
fn a_question_about_a_key_is_asked_and_answered_on_a_stream_of_its_own() {
    for (kind, expected) in [("valid", Answer::Valid), ("invalid", Answer::Invalid)] {
        let purpose = Purpose::Verify { stream: "D60000229F".to_owned(), key: "37c6".to_owned() };
        let mut script = Script::new(Tls::Established, purpose);
        script.act();
        script.say(ANSWER);
        let said = script.say(FEATURES);
        let asked =
            "<db:verify from='capulet.example' id='D60000229F' to='montague.example'>37c6</db:verify>";
        assert_eq!(said.text, asked);
        let said = script.say(&format!(
            "<db:verify from='montague.example' to='capulet.example' id='D60000229F' type='{kind}'/>"
        ));
        let [OutgoingAction::Answered(answer), OutgoingAction::Close(OutgoingError::Done)] =
            &said.actions[..]
        else {
            panic!("{:?}", said.actions)
        };
        assert_eq!((answer, said.text.as_str()), (&expected, "</stream:stream>"));
    }
}

#[test]
fn an_answer_about_another_stream_is_none() {
    let purpose = Purpose::Verify { stream: "1".to_owned(), key: "37c6".to_owned() };
    let mut script = Script::new(Tls::Established, purpose);
    script.act();
    script.say(ANSWER);
    script.say(FEATURES);
    let said = script.say("<db:verify from='montague.example' to='capulet.example' id='2' type='valid'/>");
    assert_eq!(said.error(), &OutgoingError::Unsolicited);
}
