//! Streams for both directions (XEP-0288), each side against a script.

use super::*;
use crate::Condition;
use crate::dialback::Answer;
use crate::negotiation::Tls;
use crate::negotiation::server::Close;

const REQUEST: &str = "<bidi xmlns='urn:xmpp:bidi'/>";
const FEATURE: &str = "<bidi xmlns='urn:xmpp:features:bidi'/>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const VALID: &str = "<db:result from='montague.example' to='capulet.example' type='valid'/>";

/// A machine, with who speaks to it.
struct Script<M>(M, Reader);

/// What a machine has said, and what it has asked of its driver.
type Said<A> = (String, Vec<A>);

impl Script<Incoming> {
    fn new(tls: Tls) -> Self {
        let config = IncomingConfig { tls, max_pairs: 3, default_host: None };
        Self(Incoming::new(config), Reader::new())
    }

    /// Under TLS, with the header answered.
    fn opened() -> Self {
        let mut script = Self::new(Tls::Established);
        assert!(script.say(HEADER).0.contains(FEATURE));
        script
    }

    fn say(&mut self, xml: &str) -> Said<IncomingAction> {
        let mut said = Said::default();
        for frame in self.1.read(xml) {
            self.0.frame(frame, 0);
            self.act(&mut said);
        }
        said
    }

    fn act(&mut self, said: &mut Said<IncomingAction>) {
        while let Some(action) = self.0.next_action() {
            match action {
                IncomingAction::Send(bytes) => said.0.push_str(&text(bytes)),
                IncomingAction::HostWanted(_) => {
                    let offer = Offer { external: true, dialback: true, bidi: true, ..Offer::default() };
                    self.0.host(Some(offer));
                }
                IncomingAction::Restart => self.1.reset(),
                IncomingAction::StartTls => {
                    self.1.reset();
                    self.0.tls_established();
                }
                other => said.1.push(other),
            }
        }
    }

    fn verified(&mut self, pair: &Pair) -> Vec<IncomingAction> {
        let mut said = Said::default();
        self.0.verified(pair, Answer::Valid);
        self.act(&mut said);
        said.1
    }
}

/// The pair that may be sent back from there on.
fn back(actions: &[IncomingAction]) -> Option<String> {
    actions.iter().find_map(|action| match action {
        IncomingAction::Bidirectional(pair) => Some(pair.to_string()),
        _ => None,
    })
}

fn closed(actions: &[IncomingAction]) -> Option<Condition> {
    actions.iter().find_map(|action| match action {
        IncomingAction::Close(Close::Error(error)) => Some(error.condition.clone()),
        _ => None,
    })
}

/// §2.1: offered before and after TLS, and asked for after it.
#[test]
fn it_is_offered_before_tls_as_well_and_asked_for_behind_it() {
    let mut script = Script::<Incoming>::new(Tls::Required);
    let (text, _) = script.say(HEADER);
    assert!(text.contains(FEATURE) && !text.contains("EXTERNAL"), "{text}");
    script.say(STARTTLS);
    assert!(script.say(HEADER).0.contains(FEATURE));
    let mut script = Script::<Incoming>::new(Tls::Required);
    script.say(HEADER);
    assert_eq!(closed(&script.say(REQUEST).1), Some(Condition::PolicyViolation));
}

/// §2.2, SECURITY 39.
#[test]
fn nothing_is_sent_back_before_it_is_known_to_whom() {
    let expected = Some("montague.example to capulet.example".to_owned());
    // By certificate: when the stream has begun anew.
    let mut script = Script::opened();
    assert_eq!(back(&script.say(REQUEST).1), None);
    assert_eq!(back(&script.say(AUTH).1), None);
    let (text, actions) = script.say(HEADER);
    assert_eq!(back(&actions), expected);
    assert!(!text.contains(FEATURE), "{text}");
    // By dialback, whichever comes first.
    for asked_first in [true, false] {
        let mut script = Script::opened();
        if asked_first {
            script.say(REQUEST);
        }
        script.say(ASK);
        let actions = script.verified(&capulet_to_montague());
        assert_eq!(back(&actions), expected.clone().filter(|_| asked_first));
        if !asked_first {
            assert_eq!(back(&script.say(REQUEST).1), expected);
        }
    }
    // Who does not ask for it gets nothing.
    let mut script = Script::opened();
    script.say(AUTH);
    assert_eq!(back(&script.say(HEADER).1), None);
}

#[test]
fn of_several_pairs_the_first_is_the_one_that_is_sent_back() {
    let mut script = Script::opened();
    script.say(REQUEST);
    script.say(ASK);
    assert!(back(&script.verified(&capulet_to_montague())).is_some());
    script.say(&ASK.replace("montague", "verona"));
    let second = Pair { target: domain("verona.example"), ..capulet_to_montague() };
    assert_eq!(back(&script.verified(&second)), None);
    assert!(script.say(MESSAGE).1.iter().any(|action| matches!(action, IncomingAction::Stanza(_))));
    // Nor does the stream begin anew under what is sent.
    assert!(script.say(AUTH).0.contains("<invalid-mechanism"));
}

/// §4: unsolicited answers decide nothing.
#[test]
fn answers_to_what_was_not_asked_end_the_stream_all_the_same() {
    for unsolicited in [VALID, "<db:result from='capulet.example' to='montague.example' type='valid'/>"] {
        let mut script = Script::opened();
        script.say(REQUEST);
        let (_, actions) = script.say(unsolicited);
        assert_eq!((closed(&actions), back(&actions)), (Some(Condition::NotAuthorized), None));
    }
}

impl Script<Outgoing> {
    fn new(bidi: bool, features: &str) -> (Self, Said<OutgoingAction>) {
        let dialback = Some(secret());
        let purpose = Purpose::Send { external: true, dialback, management: Management::Off, bidi };
        let config = OutgoingConfig { pair: capulet_to_montague(), tls: Tls::Established, purpose };
        let mut script = Self(Outgoing::new(config), Reader::new());
        script.say(ANSWER);
        let said = script.say(features);
        (script, said)
    }

    /// Let through by dialback, on a stream for both directions.
    fn established() -> Self {
        let (mut script, _) = Self::new(true, &format!("<stream:features>{FEATURE}</stream:features>"));
        assert!(matches!(script.say(VALID).1[..], [OutgoingAction::Established(_)]));
        script
    }

    fn say(&mut self, xml: &str) -> Said<OutgoingAction> {
        let mut said = Said::default();
        for frame in self.1.read(xml) {
            self.0.frame(frame, 0);
            while let Some(action) = self.0.next_action() {
                match action {
                    OutgoingAction::Send(bytes) => said.0.push_str(&text(bytes)),
                    OutgoingAction::Restart => self.1.reset(),
                    other => said.1.push(other),
                }
            }
        }
        said
    }
}

/// §2.2, example 5.
#[test]
fn it_is_asked_for_before_authentication_where_it_is_offered() {
    let external =
        "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
    let features = format!("<stream:features>{external}{FEATURE}</stream:features>");
    let (mut script, said) = Script::<Outgoing>::new(true, &features);
    assert_eq!(said.0, format!("{REQUEST}{AUTH}"));
    // Nobody has let us in.
    assert!(!script.0.is_bidi());
    script.say(SUCCESS);
    script.say(ANSWER);
    assert!(matches!(script.say("<stream:features/>").1[..], [OutgoingAction::Established(_)]));
    assert!(matches!(script.say(BACK).1[..], [OutgoingAction::Stanza(_)]));

    let (_, said) = Script::<Outgoing>::new(true, &format!("<stream:features>{FEATURE}</stream:features>"));
    assert!(said.0.starts_with(&format!("{REQUEST}<db:result")), "{}", said.0);
    for (bidi, features) in [(false, features.as_str()), (true, "<stream:features/>")] {
        assert!(!Script::<Outgoing>::new(bidi, features).1.0.contains(REQUEST), "{bidi} {features}");
    }
}

#[test]
fn stanzas_that_come_before_this_side_is_let_in_end_the_stream() {
    let (mut script, _) =
        Script::<Outgoing>::new(true, &format!("<stream:features>{FEATURE}</stream:features>"));
    assert!(matches!(script.say(BACK).1[..], [OutgoingAction::Close(OutgoingError::Unsolicited)]));
}

/// SECURITY 38.
#[test]
fn only_the_domain_that_was_reached_speaks_on_it_and_only_to_the_one_that_has() {
    for (from, to, condition) in [
        ("romeo@verona.example", "juliet@capulet.example", "<invalid-from"),
        ("juliet@capulet.example", "juliet@capulet.example", "<invalid-from"),
        ("romeo@montague.example", "benvolio@montague.example", "<host-unknown"),
        ("romeo@montague.example", "nurse@verona.example", "<host-unknown"),
    ] {
        let (said, actions) = Script::established().say(&format!("<presence from='{from}' to='{to}'/>"));
        assert!(said.contains(condition), "{from} {to}: {said}");
        assert!(matches!(actions[..], [OutgoingAction::Close(_)]), "{from} {to}");
    }
    for nobody in ["<presence to='capulet.example'/>", "<presence from='montague.example'/>"] {
        assert!(Script::established().say(nobody).0.contains("<improper-addressing"), "{nobody}");
    }
    let bad = Script::established().say("<presence from='montague.example' to='@'/>");
    assert!(matches!(bad.1[..], [OutgoingAction::Misaddressed(_)]));
}

/// §2.2: the other side may ask for more on it.
#[test]
fn a_key_is_judged_and_another_pair_is_told_to_open_a_stream_of_its_own() {
    let mut script = Script::established();
    let (_, actions) =
        script.say("<db:verify from='montague.example' to='capulet.example' id='7'>225c</db:verify>");
    let [OutgoingAction::Judge { pair, stream, key }] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!((pair, stream.as_str(), key.as_str()), (&capulet_to_montague(), "7", "225c"));
    script.0.judged(pair, stream, Answer::Valid);
    let Some(OutgoingAction::Send(bytes)) = script.0.next_action() else { panic!() };
    assert_eq!(text(bytes), "<db:verify from='capulet.example' id='7' to='montague.example' type='valid'/>");
    for (from, answer) in [("montague", "type='valid'"), ("rooms.montague", "<resource-constraint")] {
        let (said, actions) =
            script.say(&format!("<db:result from='{from}.example' to='capulet.example'>b483</db:result>"));
        assert!(said.contains(answer) && actions.is_empty(), "{from}: {said}");
    }
    assert!(matches!(script.say(BACK).1[..], [OutgoingAction::Stanza(_)]));
}
