//! The rules of the side that takes the stanzas.

use stonechat_stanza::StanzaError;

use super::*;
use crate::dialback::Answer;
use crate::negotiation::Tls;
use crate::negotiation::server::Close;
use crate::{Condition, StreamError};

/// A machine with who speaks to it.
struct Script {
    stream: Incoming,
    reader: Reader,
    offer: Offer,
}

/// All that a machine has said and asked for after one input.
#[derive(Default)]
struct Said {
    text: String,
    actions: Vec<IncomingAction>,
}

impl Said {
    fn closed(&self) -> Option<Condition> {
        self.actions.iter().find_map(|action| match action {
            IncomingAction::Close(Close::Error(error)) => Some(error.condition.clone()),
            _ => None,
        })
    }

    fn stanzas(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action, IncomingAction::Stanza(_))).count()
    }

    fn authorized(&self) -> Vec<String> {
        let pairs = self.actions.iter().filter_map(|action| match action {
            IncomingAction::Authorized(pair) => Some(pair.to_string()),
            _ => None,
        });
        pairs.collect()
    }
}

impl Script {
    fn new(tls: Tls, offer: Offer) -> Self {
        let config = IncomingConfig { tls, max_pairs: 3, default_host: Some("montague.example".to_owned()) };
        Self { stream: Incoming::new(config), reader: Reader::new(), offer }
    }

    /// Under TLS, with the header answered.
    fn opened(offer: Offer) -> Self {
        let mut script = Self::new(Tls::Established, offer);
        assert!(script.say(HEADER).text.contains("<stream:features"));
        script
    }

    fn say(&mut self, xml: &str) -> Said {
        let mut said = Said::default();
        for frame in self.reader.read(xml) {
            self.stream.frame(frame, 0);
            self.act(&mut said);
        }
        said
    }

    fn act(&mut self, said: &mut Said) {
        while let Some(action) = self.stream.next_action() {
            match action {
                IncomingAction::Send(bytes) => said.text.push_str(&text(bytes)),
                IncomingAction::HostWanted(wanted) => {
                    let known = wanted.to == "montague.example" || wanted.to == "verona.example";
                    self.stream.host(known.then(|| self.offer.clone()));
                }
                IncomingAction::Restart => self.reader.reset(),
                IncomingAction::StartTls => {
                    self.reader.reset();
                    self.stream.tls_established();
                }
                other => said.actions.push(other),
            }
        }
    }

    fn verified(&mut self, answer: Answer) -> Said {
        let mut said = Said::default();
        self.stream.verified(&capulet_to_montague(), answer);
        self.act(&mut said);
        said
    }
}

fn external() -> Offer {
    Offer { external: true, ..Offer::default() }
}

fn dialback() -> Offer {
    Offer { dialback: true, ..Offer::default() }
}

#[test]
fn tls_comes_before_anything_else_where_it_is_required() {
    let mut script = Script::new(Tls::Required, Offer { external: true, ..dialback() });
    let said = script.say(HEADER);
    assert!(said.text.contains("<required/>") && !said.text.contains("EXTERNAL"), "{}", said.text);
    let said = script.say(ASK);
    assert!(said.text.contains("type='error'") && said.text.contains("policy-violation"), "{}", said.text);
    assert!(said.actions.is_empty());
    let said = script.say(AUTH);
    assert!(said.text.contains("encryption-required"), "{}", said.text);
    let said = script.say(STARTTLS);
    assert!(said.text.contains("<proceed"), "{}", said.text);
    let said = script.say(HEADER);
    assert!(
        said.text.contains("EXTERNAL") && said.text.contains("urn:xmpp:features:dialback"),
        "{}",
        said.text
    );
}

#[test]
fn what_comes_behind_starttls_in_the_clear_ends_the_stream() {
    let mut script = Script::new(Tls::Required, external());
    script.say(HEADER);
    let frame = script.reader.read(STARTTLS).remove(0);
    script.stream.frame(frame, 1);
    let mut said = Said::default();
    script.act(&mut said);
    assert!(said.text.contains("<failure"), "{}", said.text);
    assert!(matches!(said.actions[..], [IncomingAction::Close(Close::TlsRefused)]));
}

/// XEP-0178 §3.
#[test]
fn external_authorises_the_domains_of_the_header() {
    for auth in [AUTH, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"] {
        let mut script = Script::opened(external());
        let said = script.say(auth);
        assert!(said.text.contains("<success"), "{}", said.text);
        assert_eq!(said.authorized(), ["capulet.example to montague.example"]);
        let said = script.say(HEADER);
        assert!(!said.text.contains("EXTERNAL"), "{}", said.text);
        assert_eq!(script.say(MESSAGE).stanzas(), 1);
    }
}

#[test]
fn external_may_come_without_a_first_response() {
    let mut script = Script::opened(external());
    let said = script.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'/>");
    assert!(said.text.contains("<challenge"), "{}", said.text);
    let said = script.say("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert_eq!(said.authorized().len(), 1);
}

#[test]
fn external_is_taken_only_where_it_was_offered_and_for_no_other_domain() {
    let said = Script::opened(dialback()).say(AUTH);
    assert!(said.text.contains("invalid-mechanism") && said.authorized().is_empty(), "{}", said.text);
    let mut script = Script::opened(external());
    let other =
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>dmVyb25hLmV4YW1wbGU=</auth>";
    let said = script.say(other);
    assert!(said.text.contains("invalid-authzid") && said.authorized().is_empty(), "{}", said.text);
    script.say(other);
    assert_eq!(script.say(other).closed(), Some(Condition::PolicyViolation));
}

/// CVE-2018-10847: what was authenticated is not to be changed by the header that follows.
#[test]
fn after_external_the_domains_of_the_stream_are_fixed() {
    for (from, to) in [("capulet.example", "verona.example"), ("verona.example", "montague.example")] {
        let mut script = Script::opened(external());
        script.say(AUTH);
        let other = HEADER.replace("capulet.example", from).replace("montague.example", to);
        assert_eq!(script.say(&other).closed(), Some(Condition::NotAuthorized), "{from} {to}");
    }
}

#[test]
fn dialback_authorises_a_pair_when_its_key_was_found_good() {
    let mut script = Script::opened(dialback());
    let said = script.say(ASK);
    let [IncomingAction::Verify { pair, key, .. }] = &said.actions[..] else { panic!("{:?}", said.actions) };
    assert_eq!((pair, key.as_str()), (&capulet_to_montague(), "b483"));
    assert_eq!(script.say("  ").stanzas(), 0);
    let said = script.verified(Answer::Valid);
    let expected = "<db:result from='montague.example' to='capulet.example' type='valid'/>";
    assert_eq!(said.text, expected);
    assert_eq!(said.authorized().len(), 1);
    assert_eq!(script.say(MESSAGE).stanzas(), 1);
}

/// XEP-0220 §2.2.1.
#[test]
fn a_wrong_key_ends_the_stream_unless_others_are_on_it_by_right() {
    let mut script = Script::opened(dialback());
    script.say(ASK);
    let said = script.verified(Answer::Invalid);
    assert!(said.text.contains("type='invalid'"), "{}", said.text);
    assert_eq!(said.closed(), Some(Condition::NotAuthorized));

    let mut script = Script::opened(dialback());
    script.say(ASK);
    script.verified(Answer::Valid);
    script.say(&ASK.replace("montague", "verona"));
    let pair = Pair { target: domain("verona.example"), ..capulet_to_montague() };
    script.stream.verified(&pair, Answer::Invalid);
    let mut said = Said::default();
    script.act(&mut said);
    assert!(said.text.contains("<forbidden") && said.closed().is_none(), "{}", said.text);
    assert_eq!(script.say(MESSAGE).stanzas(), 1);
}

#[test]
fn an_error_is_no_answer_and_the_pair_may_ask_again() {
    let mut script = Script::opened(dialback());
    script.say(ASK);
    let said = script.verified(Answer::Error(Box::new(StanzaError::remote_server_timeout())));
    assert!(said.text.contains("remote-server-timeout") && said.closed().is_none(), "{}", said.text);
    assert_eq!(script.say(ASK).actions.len(), 1);
}

#[test]
fn several_pairs_on_one_stream_are_each_asked_about_and_are_limited() {
    let mut script = Script::opened(dialback());
    for target in ["montague", "verona", "mantua"] {
        assert_eq!(script.say(&ASK.replace("montague", target)).actions.len(), 1, "{target}");
    }
    let said = script.say(&ASK.replace("montague", "padua"));
    assert!(said.text.contains("resource-constraint") && said.actions.is_empty(), "{}", said.text);
    script.verified(Answer::Valid);
    assert_eq!(script.say(MESSAGE).stanzas(), 1);
    // The others have not been found good.
    assert_eq!(script.say(&MESSAGE.replace("montague", "verona")).closed(), Some(Condition::HostUnknown));
}

#[test]
fn questions_that_never_come_to_anything_are_borne_only_so_often() {
    let mut script = Script::opened(dialback());
    for _ in 0..12 {
        assert!(script.say(ASK).closed().is_none());
        script.verified(Answer::Error(Box::new(StanzaError::remote_server_timeout())));
    }
    assert_eq!(script.say(ASK).closed(), Some(Condition::PolicyViolation));
}

/// CVE-2012-3525.
#[test]
fn answers_to_what_was_not_asked_end_the_stream() {
    for unsolicited in [
        "<db:result from='capulet.example' to='montague.example' type='valid'/>",
        "<db:result from='montague.example' to='capulet.example' type='valid'/>",
        "<db:verify from='capulet.example' to='montague.example' id='1' type='valid'/>",
    ] {
        let mut script = Script::opened(dialback());
        script.say(ASK);
        let said = script.say(unsolicited);
        assert_eq!(said.closed(), Some(Condition::NotAuthorized), "{unsolicited}");
        assert!(said.authorized().is_empty());
    }
}

#[test]
fn a_key_is_judged_for_whoever_asks() {
    let mut script = Script::opened(Offer::default());
    let said = script.say("<db:verify from='capulet.example' to='montague.example' id='7'>225c</db:verify>");
    let [IncomingAction::Judge { pair, stream, key }] = &said.actions[..] else {
        panic!("{:?}", said.actions)
    };
    // It is the asker's stream, and our side that would have sent on it.
    assert_eq!(pair.to_string(), "montague.example to capulet.example");
    assert_eq!((stream.as_str(), key.as_str()), ("7", "225c"));
    script.stream.judged(pair, stream, Answer::Valid);
    let mut said = Said::default();
    script.act(&mut said);
    assert_eq!(said.text, "<db:verify from='montague.example' id='7' to='capulet.example' type='valid'/>");
}

#[test]
fn a_stanza_of_a_pair_that_is_not_authorised_ends_the_stream() {
    for (from, to, condition) in [
        ("juliet@capulet.example", "romeo@verona.example", Condition::HostUnknown),
        ("juliet@verona.example", "romeo@montague.example", Condition::InvalidFrom),
        ("montague.example", "romeo@montague.example", Condition::InvalidFrom),
        ("capulet.example.evil.example", "romeo@montague.example", Condition::InvalidFrom),
    ] {
        let mut script = Script::opened(external());
        script.say(AUTH);
        script.say(HEADER);
        let said = script.say(&format!("<presence from='{from}' to='{to}'/>"));
        assert_eq!((said.closed(), said.stanzas()), (Some(condition), 0), "{from} {to}");
    }
    assert_eq!(Script::opened(dialback()).say(MESSAGE).closed(), Some(Condition::InvalidFrom));
}

/// RFC 6120 §8.1.1.2, §8.1.2.2.
#[test]
fn a_stanza_without_addresses_ends_the_stream_and_one_with_a_bad_to_is_answered() {
    let open = || {
        let mut script = Script::opened(external());
        script.say(AUTH);
        script.say(HEADER);
        script
    };
    for xml in ["<presence to='montague.example'/>", "<presence from='capulet.example'/>"] {
        assert_eq!(open().say(xml).closed(), Some(Condition::ImproperAddressing), "{xml}");
    }
    let said = open().say("<presence from='capulet.example' to='@montague.example'/>");
    assert!(matches!(said.actions[..], [IncomingAction::Misaddressed { .. }]), "{:?}", said.actions);
}

#[test]
fn headers_that_are_not_for_servers_of_this_kind_are_refused() {
    for (header, condition) in [
        (HEADER.replace("jabber:server'", "jabber:client'"), Condition::InvalidNamespace),
        (HEADER.replace(" version='1.0'", ""), Condition::UnsupportedVersion),
        (HEADER.replace("to='montague.example'", "to='nobody.example'"), Condition::HostUnknown),
        (HEADER.replace("to='montague.example'", ""), Condition::ImproperAddressing),
        (HEADER.replace("from='capulet.example'", "from='a@capulet.example'"), Condition::ImproperAddressing),
    ] {
        // The codec finds the namespace first.
        let mut script = Script::new(Tls::Established, external());
        let mut bytes = bytes::BytesMut::from(header.as_str());
        match script.reader.0.decode(&mut bytes) {
            Ok(Some(frame)) => script.stream.frame(frame, 0),
            Ok(None) => panic!("{header} is not whole"),
            Err(error) => script.stream.error(error.into()),
        }
        let mut said = Said::default();
        script.act(&mut said);
        assert_eq!(said.closed(), Some(condition), "{header}");
        assert!(said.text.starts_with("<?xml version='1.0'?><stream:stream"), "{}", said.text);
    }
}

#[test]
fn who_is_not_spoken_with_is_told() {
    let mut script = Script::opened(dialback());
    script.stream.error(StreamError::policy_violation().with_text("no"));
    let mut said = Said::default();
    script.act(&mut said);
    assert!(said.text.ends_with("</stream:error></stream:stream>"), "{}", said.text);
    assert_eq!(script.say(ASK).actions.len(), 0);
}
