//! The rules of the server's side.

use super::*;

/// A machine with who speaks to it.
struct Script {
    stream: Accepting,
    reader: Reader,
}

/// All that a machine has said and asked for after one input.
#[derive(Default)]
struct Said {
    text: String,
    actions: Vec<AcceptingAction>,
}

impl Said {
    fn closed(&self) -> Option<Condition> {
        self.actions.iter().find_map(|action| match action {
            AcceptingAction::Close(Close::Error(error)) => Some(error.condition.clone()),
            _ => None,
        })
    }

    fn count(&self, wanted: fn(&AcceptingAction) -> bool) -> usize {
        self.actions.iter().filter(|action| wanted(action)).count()
    }

    fn established(&self) -> bool {
        self.count(|action| matches!(action, AcceptingAction::Established)) == 1
    }

    fn stanzas(&self) -> usize {
        self.count(|action| matches!(action, AcceptingAction::Stanza(_)))
    }
}

impl Script {
    fn new() -> Self {
        Self { stream: Accepting::new(), reader: Reader::new() }
    }

    fn established() -> Self {
        let mut script = Self::new();
        let id = script.open();
        assert!(script.say(&handshake(&id)).established());
        script
    }

    /// Sends the header, and returns the id of the stream.
    fn open(&mut self) -> String {
        let said = self.say(HEADER);
        let id = said.text.split(" id='").nth(1).and_then(|rest| rest.split('\'').next());
        id.unwrap_or_else(|| panic!("no id in {}", said.text)).to_owned()
    }

    fn say(&mut self, xml: &str) -> Said {
        let mut said = Said::default();
        for frame in self.reader.read(xml) {
            self.stream.frame(frame);
            while let Some(action) = self.stream.next_action() {
                match &action {
                    AcceptingAction::Send(bytes) => said.text += &text(bytes.clone()),
                    AcceptingAction::Wanted(wanted) => {
                        self.stream.component((*wanted == domain()).then(secret));
                    }
                    _ => {}
                }
                said.actions.push(action);
            }
        }
        said
    }
}

fn handshake(id: &str) -> String {
    format!("<handshake>{}</handshake>", secret().handshake(id))
}

#[test]
fn the_header_is_answered_with_the_component_s_name_and_an_id_of_its_own() {
    let (first, second) = (Script::new().open(), Script::new().open());
    assert!(first.len() >= 20 && first != second);
    let said = Script::new().say(HEADER).text;
    assert!(
        said.contains("xmlns='jabber:component:accept'") && said.contains("from='plays.shakespeare.lit'")
    );
    // XEP-0114 §3 has no version, so nobody waits for features.
    assert_eq!(
        said.matches("version=").count(),
        "<?xml version='1.0'?>".matches("version=").count(),
        "{said}"
    );
}

#[test]
fn the_right_handshake_is_acknowledged_by_an_empty_one() {
    let mut script = Script::new();
    let id = script.open();
    let said = script.say(&handshake(&id));
    assert_eq!(said.text, GRANTED);
    assert!(said.established());
    assert_eq!(script.say(MESSAGE).stanzas(), 1);
}

#[test]
fn credentials_that_are_not_valid_close_the_stream() {
    let right = |id: &str| handshake(id);
    for wrong in [
        HANDSHAKE.to_owned(),
        "<handshake/>".to_owned(),
        "<handshake>test</handshake>".to_owned(),
        right("3BF96D32"),
        "<handshake xmlns='jabber:client'/>".to_owned(),
    ] {
        let mut script = Script::new();
        let id = script.open();
        let said = script.say(&wrong);
        assert_eq!(said.closed(), Some(Condition::NotAuthorized), "{wrong}");
        assert!(!said.established() && said.text.contains("<stream:error>"), "{}", said.text);
        // There is no second attempt.
        assert!(script.say(&right(&id)).actions.is_empty());
    }
}

#[test]
fn nothing_gets_through_before_the_handshake() {
    for early in
        [MESSAGE, "<iq from='plays.shakespeare.lit' to='a.example' id='1' type='get'><x xmlns='urn:x'/></iq>"]
    {
        let mut script = Script::new();
        let _ = script.open();
        let said = script.say(early);
        assert_eq!((said.closed(), said.stanzas()), (Some(Condition::NotAuthorized), 0));
    }
}

#[test]
fn errors_about_the_header_come_behind_a_header() {
    let header = |ns: &str, to: &str| {
        format!("<stream:stream xmlns='{ns}' xmlns:stream='http://etherx.jabber.org/streams' {to}>")
    };
    for (ns, to, condition) in [
        ("jabber:client", "to='plays.shakespeare.lit'", Condition::InvalidNamespace),
        ("jabber:component:connect", "to='plays.shakespeare.lit'", Condition::InvalidNamespace),
        ("jabber:component:accept", "to='sonnets.shakespeare.lit'", Condition::HostUnknown),
        ("jabber:component:accept", "to='juliet@plays.shakespeare.lit'", Condition::ImproperAddressing),
        ("jabber:component:accept", "to=''", Condition::ImproperAddressing),
        ("jabber:component:accept", "", Condition::ImproperAddressing),
    ] {
        let said = Script::new().say(&header(ns, to));
        assert_eq!(said.closed(), Some(condition), "{ns} {to}");
        let header = said.text.find("<stream:stream").unwrap();
        assert!(
            header < said.text.find("<stream:error>").unwrap() && said.text.ends_with("</stream:stream>")
        );
    }
}

#[test]
fn a_component_is_found_by_its_canonical_name() {
    let header = HEADER.replace("plays.", "Plays.");
    assert!(Script::new().say(&header).text.contains(" id='"));
}

/// XEP-0114 §3: the domain of `from` must be the component's; any user of it may be the sender.
#[test]
fn a_stanza_in_the_name_of_another_domain_closes_the_stream() {
    for from in [
        "from='shakespeare.lit'",
        "from='juliet@capulet.example'",
        "from='x.plays.shakespeare.lit'",
        "from='plays.shakespeare.lit@evil.example'",
        "from='@'",
    ] {
        let said = Script::established().say(&format!("<message {from} to='romeo@montague.example'/>"));
        assert_eq!((said.closed(), said.stanzas()), (Some(Condition::InvalidFrom), 0), "{from}");
    }
    let said = Script::established().say("<message to='romeo@montague.example'/>");
    let stamped = said.actions.iter().any(|action| match action {
        AcceptingAction::Stanza(stanza) => {
            stanza.from().is_some_and(|from| from.as_str() == domain().as_str())
        }
        _ => false,
    });
    assert!(stamped, "{:?}", said.actions);
    for from in ["plays.shakespeare.lit", "juliet@plays.shakespeare.lit", "anybody@PLAYS.shakespeare.lit/x"] {
        let said =
            Script::established().say(&format!("<message from='{from}' to='romeo@montague.example'/>"));
        assert_eq!(said.stanzas(), 1, "{from}");
    }
}

#[test]
fn a_stanza_to_no_address_can_be_answered() {
    for to in ["", "to='@'"] {
        let said = Script::established().say(&format!("<message from='plays.shakespeare.lit' {to}/>"));
        let misaddressed = |action: &AcceptingAction| matches!(action, AcceptingAction::Misaddressed(_));
        assert_eq!((said.count(misaddressed), said.stanzas()), (1, 0), "{to}");
    }
}

#[test]
fn what_is_no_stanza_closes_the_stream() {
    for (xml, condition) in [
        ("<x xmlns='urn:x'/>", Condition::UnsupportedStanzaType),
        (HANDSHAKE, Condition::UnsupportedStanzaType),
        ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", Condition::UnsupportedStanzaType),
        ("<log/>", Condition::UnsupportedStanzaType),
    ] {
        assert_eq!(Script::established().say(xml).closed(), Some(condition), "{xml}");
    }
}

#[test]
fn the_end_of_the_stream_is_answered() {
    let said = Script::established().say("</stream:stream>");
    assert_eq!(said.text, "</stream:stream>");
    assert!(matches!(said.actions.last(), Some(AcceptingAction::Close(Close::Finished))));
    let error = "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    let said = Script::established().say(error);
    assert!(matches!(said.actions.last(), Some(AcceptingAction::Close(Close::PeerError(_)))));
}

#[test]
fn neither_the_secret_nor_the_handshake_is_shown() {
    let mut script = Script::new();
    let id = script.open();
    let shown = format!("{:?}", script.stream);
    assert!(shown.contains("Secret(..)") && !shown.contains("test"), "{shown}");
    let said = script.say(&handshake(&id));
    assert!(!format!("{:?}", said.actions).contains(&secret().handshake(&id)));
}
