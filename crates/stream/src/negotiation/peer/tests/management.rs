//! Stream management between servers (XEP-0198), each side against a script.

use stonechat_stanza::sm;

use super::*;
use crate::dialback::Answer;
use crate::negotiation::Tls;
use crate::negotiation::server::Close;

const OFFER: &str = "<stream:features><sm xmlns='urn:xmpp:sm:3'><optional/></sm></stream:features>";
const VALID: &str = "<db:result from='montague.example' to='capulet.example' type='valid'/>";
const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
const RESUME: &str = "<resume xmlns='urn:xmpp:sm:3' h='0' previd='some-long-sm-id'/>";
const UNEXPECTED: &str = "<failed xmlns='urn:xmpp:sm:3'><unexpected-request";

/// What a machine has said, and what it has asked of its driver.
#[derive(Debug)]
struct Said<A> {
    text: String,
    actions: Vec<A>,
}

impl<A> Default for Said<A> {
    fn default() -> Self {
        Self { text: String::new(), actions: Vec::new() }
    }
}

/// The side that sends, let through by dialback.
struct Sender(Outgoing, Reader);

impl Sender {
    fn new(management: Management, features: &str) -> Self {
        let purpose = Purpose::Send { external: false, dialback: Some(secret()), management, bidi: false };
        let config = OutgoingConfig { pair: capulet_to_montague(), tls: Tls::Established, purpose };
        let mut sender = Self(Outgoing::new(config), Reader::new());
        assert!(sender.say(&format!("{ANSWER}{features}")).text.contains("<db:result"));
        sender
    }

    fn say(&mut self, xml: &str) -> Said<OutgoingAction> {
        let mut said = Said::default();
        for frame in self.1.read(xml) {
            self.0.frame(frame, 0);
            while let Some(action) = self.0.next_action() {
                match action {
                    OutgoingAction::Send(bytes) => said.text.push_str(&text(bytes)),
                    other => said.actions.push(other),
                }
            }
        }
        said
    }
}

impl Said<OutgoingAction> {
    #[track_caller]
    fn established(&self) -> Established {
        match &self.actions[..] {
            [OutgoingAction::Established(established)] => established.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.actions.last(), Some(OutgoingAction::Close(_)))
    }
}

fn resume() -> Management {
    Management::Resume { id: "some-long-sm-id".to_owned(), handled: 0 }
}

#[test]
fn a_sender_has_its_stanzas_counted_before_it_sends_any() {
    let mut sender = Sender::new(Management::Enable, OFFER);
    let said = sender.say(VALID);
    assert_eq!((said.text.as_str(), said.actions.len()), (ENABLE, 0));
    assert!(!sender.0.is_established());
    let said = sender.say("<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' resume='true'/>");
    let counting = Counting::Anew { id: Some("some-long-sm-id".to_owned()) };
    assert_eq!(said.established(), Established { counting, handled_before: None });
    let said = sender.say("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(said.actions[..], [OutgoingAction::Acknowledged(3)]));
    // Nothing is counted that comes, as nothing may come.
    assert_eq!(sender.say("<r xmlns='urn:xmpp:sm:3'/>").text, "<a xmlns='urn:xmpp:sm:3' h='0'/>");
}

#[test]
fn a_sender_takes_nothing_for_granted_that_is_not_offered_or_granted() {
    let mut sender = Sender::new(Management::Enable, "<stream:features/>");
    assert_eq!(sender.say(VALID).established(), Established::default());
    let mut sender = Sender::new(Management::Enable, OFFER);
    sender.say(VALID);
    let said = sender.say("<failed xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(said.established().counting, Counting::Off);
    assert!(sender.say("<a xmlns='urn:xmpp:sm:3' h='1'/>").is_closed());
    // Prosody says so.
    let mut sender = Sender::new(Management::Enable, OFFER);
    sender.say(VALID);
    let said = sender.say("<enabled xmlns='urn:xmpp:sm:3' resume='true'/>");
    assert_eq!(said.established().counting, Counting::Anew { id: None });
    // Nor is an id kept that is longer than it should be.
    let mut sender = Sender::new(Management::Enable, OFFER);
    sender.say(VALID);
    let long = "x".repeat(4001);
    let said = sender.say(&format!("<enabled xmlns='urn:xmpp:sm:3' id='{long}' resume='true'/>"));
    assert_eq!(said.established().counting, Counting::Anew { id: None });
    let mut sender = Sender::new(Management::Off, OFFER);
    assert_eq!(sender.say(VALID).established(), Established::default());
}

/// §5.
#[test]
fn a_sender_goes_on_where_it_was_or_learns_how_far_that_was() {
    let mut sender = Sender::new(resume(), OFFER);
    assert_eq!(sender.say(VALID).text, RESUME);
    let said = sender.say("<resumed xmlns='urn:xmpp:sm:3' h='7' previd='some-long-sm-id'/>");
    assert_eq!(said.established().counting, Counting::Resumed { handled: 7 });

    for (h, handled_before) in [("h='7'", Some(7)), ("", None)] {
        let mut sender = Sender::new(resume(), OFFER);
        sender.say(VALID);
        let said = sender.say(&format!("<failed xmlns='urn:xmpp:sm:3' {h}/>"));
        assert_eq!((said.text.as_str(), said.actions.len()), (ENABLE, 0));
        let said = sender.say("<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>");
        let counting = Counting::Anew { id: Some("x".to_owned()) };
        assert_eq!(said.established(), Established { counting, handled_before });
    }

    let mut sender = Sender::new(resume(), OFFER);
    sender.say(VALID);
    assert!(sender.say("<resumed xmlns='urn:xmpp:sm:3' h='7' previd='another'/>").is_closed());
}

/// §6.
#[test]
fn who_acknowledges_more_than_there_was_is_told_so() {
    let mut sender = Sender::new(Management::Enable, OFFER);
    sender.say(VALID);
    sender.say("<enabled xmlns='urn:xmpp:sm:3'/>");
    sender.0.give_up(Some(too_high(10, 8)));
    let Some(OutgoingAction::Send(bytes)) = sender.0.next_action() else { panic!() };
    let told = text(bytes);
    assert!(told.contains("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>"), "{told}");

    let mut target = Target::new(Offer { dialback: true, management: true, ..Offer::default() });
    target.let_through();
    target.say(ENABLE);
    assert!(target.say("<a xmlns='urn:xmpp:sm:3' h='0'/>").actions.is_empty());
    let said = target.say("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    assert!(said.text.contains("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='1' send-count='0'/>"));
}

/// The side that takes the stanzas, whose driver knows one stream that can be resumed.
struct Target(Incoming, Reader);

impl Target {
    fn new(offer: Offer) -> Self {
        let config = IncomingConfig { tls: Tls::Established, max_pairs: 2, default_host: None };
        let mut target = Self(Incoming::new(config), Reader::new());
        target.0.frame(target.1.read(HEADER).remove(0), 0);
        let wanted = target.0.next_action();
        assert!(matches!(wanted, Some(IncomingAction::HostWanted(_))), "{wanted:?}");
        let offers = offer.management;
        target.0.host(Some(offer));
        assert_eq!(target.act().text.contains("<sm xmlns='urn:xmpp:sm:3'/>"), offers);
        target
    }

    fn let_through(&mut self) {
        self.say(ASK);
        self.0.verified(&capulet_to_montague(), Answer::Valid);
        self.act();
    }

    fn say(&mut self, xml: &str) -> Said<IncomingAction> {
        let mut all = Said::default();
        for frame in self.1.read(xml) {
            self.0.frame(frame, 0);
            let Said { text, actions } = self.act();
            all.text.push_str(&text);
            all.actions.extend(actions);
        }
        all
    }

    fn act(&mut self) -> Said<IncomingAction> {
        let mut said = Said::default();
        while let Some(action) = self.0.next_action() {
            match action {
                IncomingAction::Send(bytes) => said.text.push_str(&text(bytes)),
                IncomingAction::Enable(sm::Enable { resume, .. }) => {
                    let id = resume.then(|| "new".to_owned());
                    self.0.enabled(&sm::Enabled { id, resume, max: Some(60), location: None });
                }
                IncomingAction::Resume(sm::Resume { previd, .. }) if previd == "some-long-sm-id" => {
                    assert_eq!(self.0.authorized().collect::<Vec<_>>(), [&capulet_to_montague()]);
                    self.0.resumed(&previd, 7);
                }
                IncomingAction::Resume(_) => self.0.not_resumed(Some(5)),
                other => said.actions.push(other),
            }
        }
        said
    }
}

fn target() -> Target {
    Target::new(Offer { dialback: true, management: true, ..Offer::default() })
}

/// §3.
#[test]
fn counting_begins_once_and_not_before_the_sender_is_let_through() {
    let mut target = target();
    for early in [ENABLE, RESUME, "<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='0'/>"] {
        assert!(target.say(early).text.starts_with(UNEXPECTED), "{early}");
    }
    target.let_through();
    let enabled = target.say(ENABLE).text;
    assert!(enabled.starts_with("<enabled "), "{enabled}");
    for attribute in ["id='new'", "resume='true'", "max='60'"] {
        assert!(enabled.contains(attribute), "{attribute}: {enabled}");
    }
    for again in [ENABLE, RESUME] {
        assert!(target.say(again).text.starts_with(UNEXPECTED), "{again}");
    }
}

#[test]
fn what_was_handled_is_told_when_it_is_asked_for() {
    let mut target = target();
    target.let_through();
    target.0.acknowledge(1);
    assert_eq!(target.act().text, "", "nothing is counted");
    target.say(ENABLE);
    let said = target.say(&format!("{MESSAGE}<r xmlns='urn:xmpp:sm:3'/>"));
    assert!(matches!(said.actions[..], [IncomingAction::Stanza(_), IncomingAction::AckWanted]));
    target.0.acknowledge(1);
    assert_eq!(target.act().text, "<a xmlns='urn:xmpp:sm:3' h='1'/>");
}

/// §5.
#[test]
fn a_stream_goes_on_or_the_sender_learns_how_far_it_was_and_begins_anew() {
    let mut stream = target();
    stream.let_through();
    assert_eq!(stream.say(RESUME).text, "<resumed xmlns='urn:xmpp:sm:3' h='7' previd='some-long-sm-id'/>");
    assert!(stream.0.counts());
    let mut stream = target();
    stream.let_through();
    let said = stream.say("<resume xmlns='urn:xmpp:sm:3' h='0' previd='another'/>");
    assert!(said.text.starts_with("<failed xmlns='urn:xmpp:sm:3' h='5'><item-not-found"), "{}", said.text);
    assert!(stream.say(ENABLE).text.starts_with("<enabled"));
}

#[test]
fn what_only_a_target_says_or_says_nothing_is_not_taken_from_a_sender() {
    for wrong in ["<enabled xmlns='urn:xmpp:sm:3'/>", "<failed xmlns='urn:xmpp:sm:3'/>"] {
        let mut target = target();
        target.let_through();
        let said = target.say(wrong);
        assert!(matches!(said.actions[..], [IncomingAction::Close(Close::Error(_))]), "{wrong}");
    }
    let said = target().say("<a xmlns='urn:xmpp:sm:3' h='x'/>");
    assert!(said.text.contains("<bad-request"), "{}", said.text);
    // Where it is not offered it is as any element that nobody knows.
    let mut target = Target::new(dialback());
    assert!(target.say(ENABLE).text.contains("<unsupported-stanza-type"));
}

fn dialback() -> Offer {
    Offer { dialback: true, ..Offer::default() }
}
