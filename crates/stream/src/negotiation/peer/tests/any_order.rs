//! Whatever comes in whatever order: nothing panics, and nobody is let through who was not found to be who he says.

use proptest::prelude::*;
use stonechat_stanza::{StanzaError, sm};

use super::*;
use crate::dialback::Answer;
use crate::negotiation::Tls;
use crate::{StreamError, StreamHeader, Version};

const FRAMES: &[&str] = &[
    STARTTLS,
    AUTH,
    ASK,
    MESSAGE,
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'/>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>dmVyb25hLmV4YW1wbGU=</auth>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGE=</auth>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%</response>",
    "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<db:result from='verona.example' to='montague.example'>b483</db:result>",
    "<db:result from='capulet.example' to='montague.example' type='valid'/>",
    "<db:result from='montague.example' to='capulet.example' type='valid'/>",
    "<db:result from='montague.example' to='capulet.example' type='invalid'/>",
    "<db:result from='montague.example' to='capulet.example' type='error'/>",
    "<db:result from='montague.example'/>",
    "<db:verify from='capulet.example' to='montague.example' id='1'>225c</db:verify>",
    "<db:verify from='montague.example' to='capulet.example' id='1' type='valid'/>",
    "<message from='juliet@verona.example' to='romeo@montague.example'/>",
    "<presence from='capulet.example' to='@'/>",
    "<presence/>",
    "<x xmlns='urn:x'/>",
    "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>\
     </stream:features>",
    "<stream:features/>",
    "<stream:features><sm xmlns='urn:xmpp:sm:3'/></stream:features>",
    "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
    "<enabled xmlns='urn:xmpp:sm:3' resume='true' id='some-long-sm-id'/>",
    "<resume xmlns='urn:xmpp:sm:3' h='1' previd='some-long-sm-id'/>",
    "<resumed xmlns='urn:xmpp:sm:3' h='1' previd='some-long-sm-id'/>",
    "<failed xmlns='urn:xmpp:sm:3'/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<a xmlns='urn:xmpp:sm:3' h='1'/>",
    "<bidi xmlns='urn:xmpp:bidi'/>",
    "<stream:features><bidi xmlns='urn:xmpp:features:bidi'/></stream:features>",
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>\
     <bidi xmlns='urn:xmpp:features:bidi'/></stream:features>",
    "<db:verify from='montague.example' to='capulet.example' id='1'>225c</db:verify>",
    BACK,
    "<message from='juliet@verona.example' to='juliet@capulet.example'/>",
    "<presence from='montague.example' to='@'/>",
];

#[derive(Debug, Clone)]
enum Input {
    Open {
        from: Option<&'static str>,
        to: Option<&'static str>,
    },
    Frame(usize),
    Pipelined(usize),
    Close,
    /// Something that the driver does, by number.
    Driver(u8),
}

fn input() -> impl Strategy<Value = Input> {
    let domain = || {
        prop_oneof![
            4 => Just(Some("capulet.example")),
            4 => Just(Some("montague.example")),
            1 => Just(Some("verona.example")),
            1 => Just(None)
        ]
    };
    prop_oneof![
        4 => (domain(), domain()).prop_map(|(from, to)| Input::Open { from, to }),
        6 => (0..FRAMES.len()).prop_map(Input::Frame),
        1 => (0..FRAMES.len()).prop_map(Input::Pipelined),
        1 => Just(Input::Close),
        8 => (0..8u8).prop_map(Input::Driver),
    ]
}

fn tls() -> impl Strategy<Value = Tls> {
    prop_oneof![Just(Tls::Established), Just(Tls::Required), Just(Tls::Optional), Just(Tls::Unavailable)]
}

fn frame(input: &Input) -> Option<(Frame, usize)> {
    let read = |xml: &str| {
        let mut reader = Reader::new();
        reader.read(HEADER);
        reader.read(xml).remove(0)
    };
    match input {
        Input::Open { from, to } => {
            let header = StreamHeader {
                from: from.map(str::to_owned),
                to: to.map(str::to_owned),
                id: Some("417GAF25".to_owned()),
                version: Some(Version::V1_0),
                content_ns: stonechat_stanza::ns::SERVER.into(),
                ..StreamHeader::default()
            };
            Some((Frame::Open(header), 0))
        }
        Input::Frame(index) => Some((read(FRAMES[*index]), 0)),
        Input::Pipelined(index) => Some((read(FRAMES[*index]), 1)),
        Input::Close => Some((Frame::Close, 0)),
        Input::Driver(_) => None,
    }
}

fn answer(number: u8) -> Answer {
    match number % 3 {
        0 => Answer::Valid,
        1 => Answer::Invalid,
        _ => Answer::Error(Box::new(StanzaError::remote_server_timeout())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn stanzas_get_through_only_for_pairs_that_were_found_good(
        tls in tls(), external: bool, dialback: bool, management: bool, bidi: bool,
        inputs in prop::collection::vec(input(), 0..40),
    ) {
        let mut stream = Incoming::new(IncomingConfig { tls, max_pairs: 2, default_host: None });
        let mut secure = tls == Tls::Established;
        let mut asked_back = false;
        // What the driver has said to be good, and who has asked.
        let (mut asked, mut good, mut offered) = (Vec::<Pair>::new(), Vec::<Pair>::new(), false);
        let (mut header, mut closed, mut back) = (None, false, None);
        for input in inputs {
            if let Input::Open { from, to } = &input
                && stream.takes_frames()
            {
                header = from.zip(*to);
            }
            if let Input::Frame(index) | Input::Pipelined(index) = &input {
                asked_back |= FRAMES[*index] == "<bidi xmlns='urn:xmpp:bidi'/>";
            }
            match (frame(&input), &input) {
                (Some((frame, pending)), _) => stream.frame(frame, pending),
                (None, Input::Driver(number)) => match number {
                    0..3 => {
                        let offer = Offer { external, dialback, management, bidi, features: Vec::new() };
                        offered |= external && secure;
                        stream.host(Some(offer));
                    }
                    3 => stream.tls_established(),
                    4 => stream.error(StreamError::reset()),
                    5 => stream.judged(&capulet_to_montague(), "1", answer(*number)),
                    _ => if let Some(pair) = asked.pop() {
                        let answer = answer(*number);
                        if answer == Answer::Valid {
                            good.push(pair.clone());
                        }
                        stream.verified(&pair, answer);
                    },
                },
                _ => {}
            }
            while let Some(action) = stream.next_action() {
                prop_assert!(!closed, "{action:?} after the end");
                match action {
                    IncomingAction::StartTls => secure = true,
                    IncomingAction::Verify { pair, .. } => {
                        prop_assert!(dialback && (secure || tls != Tls::Required));
                        asked.push(pair);
                    }
                    IncomingAction::Judge { .. } => prop_assert!(secure || tls != Tls::Required),
                    IncomingAction::Authorized(pair) => {
                        let by_certificate = external
                            && (offered || tls != Tls::Required)
                            && header.is_some_and(|(from, to)| pair.is(from, to));
                        prop_assert!(by_certificate || good.contains(&pair), "{pair}");
                        good.push(pair);
                    }
                    IncomingAction::Stanza(stanza) => {
                        let (from, to) = (stanza.from().unwrap(), stanza.to().unwrap());
                        prop_assert!(good.iter().any(|pair| pair.is(from.domain(), to.domain())));
                    }
                    IncomingAction::Misaddressed { stanza, target } => {
                        let from = stanza.from().unwrap();
                        prop_assert!(good.iter().any(|pair| pair.is(from.domain(), target.domain())));
                    }
                    IncomingAction::Enable(_) => {
                        prop_assert!(management && stream.is_authorized());
                        stream.enabled(&sm::Enabled { id: None, resume: false, max: None, location: None });
                    }
                    IncomingAction::Resume(_) => {
                        prop_assert!(management && stream.is_authorized());
                        stream.not_resumed(None);
                    }
                    IncomingAction::AckWanted => prop_assert!(stream.counts()),
                    IncomingAction::Bidirectional(pair) => {
                        prop_assert!(bidi && asked_back && (secure || tls != Tls::Required) && back.is_none());
                        prop_assert!(good.contains(&pair.inverse()) && stream.takes_frames());
                        back = Some(pair);
                    }
                    IncomingAction::Acknowledged(_) => prop_assert!(back.is_some() && stream.counts()),
                    IncomingAction::Close(_) => closed = true,
                    IncomingAction::Send(_) | IncomingAction::HostWanted(_) | IncomingAction::Restart => {}
                }
            }
        }
    }

    #[test]
    fn nothing_is_sent_to_who_has_not_let_us_through(
        tls in tls(), external: bool, dialback: bool, verify: bool, resume: bool, bidi: bool,
        inputs in prop::collection::vec(input(), 0..40),
    ) {
        let management = match resume {
            true => Management::Resume { id: "some-long-sm-id".to_owned(), handled: 0 },
            false => Management::Enable,
        };
        let purpose = if verify {
            Purpose::Verify { stream: "1".to_owned(), key: "225c".to_owned() }
        } else {
            Purpose::Send { external, dialback: dialback.then(secret), management, bidi }
        };
        let mut stream = Outgoing::new(OutgoingConfig { pair: capulet_to_montague(), tls, purpose });
        let (mut secure, mut closed) = (tls == Tls::Established, false);
        let (mut authenticated, mut asked, mut valid, mut established) = (false, false, false, false);
        let mut asked_back = false;
        for input in inputs {
            let mut success = false;
            if let Input::Frame(index) | Input::Pipelined(index) = &input {
                success = FRAMES[*index].starts_with("<success");
                valid |= asked && FRAMES[*index] == "<db:result from='montague.example' to='capulet.example' type='valid'/>";
            }
            match (frame(&input), &input) {
                (Some((frame, pending)), _) => stream.frame(frame, pending),
                (None, Input::Driver(3)) => stream.tls_established(),
                (None, Input::Driver(4)) => stream.give_up(Some(StreamError::reset())),
                _ => {}
            }
            while let Some(action) = stream.next_action() {
                prop_assert!(!closed, "{action:?} after the end");
                match action {
                    OutgoingAction::Send(bytes) => {
                        let sent = text(bytes);
                        asked |= sent.contains("<db:result");
                        prop_assert!(!sent.contains("urn:xmpp:bidi") || (bidi && secure && !verify && !authenticated));
                        asked_back |= sent.contains("urn:xmpp:bidi");
                        prop_assert!(!sent.contains("<auth") || secure);
                        prop_assert!(!sent.contains("<db:") || secure || tls != Tls::Required);
                        prop_assert!(!sent.contains("urn:xmpp:sm:3") || authenticated || (valid && dialback));
                    }
                    OutgoingAction::StartTls => secure = true,
                    OutgoingAction::Restart => {
                        prop_assert!(success && external && secure);
                        authenticated = true;
                    }
                    OutgoingAction::Established(_) => {
                        prop_assert!(!verify && !established && (authenticated || (valid && dialback)));
                        established = true;
                    }
                    OutgoingAction::Acknowledged(_) => prop_assert!(established),
                    OutgoingAction::Answered(_) => prop_assert!(verify),
                    OutgoingAction::Stanza(stanza) => {
                        prop_assert!(asked_back && (authenticated || (valid && dialback)));
                        let (from, to) = (stanza.from().unwrap(), stanza.to().unwrap());
                        prop_assert!(capulet_to_montague().inverse().is(from.domain(), to.domain()));
                    }
                    OutgoingAction::Misaddressed(stanza) => {
                        prop_assert!(asked_back && stanza.from().unwrap().domain() == "montague.example");
                    }
                    OutgoingAction::AckWanted => prop_assert!(established && asked_back),
                    OutgoingAction::Judge { pair, stream: id, .. } => {
                        prop_assert!(asked_back);
                        stream.judged(&pair, &id, Answer::Invalid);
                    }
                    OutgoingAction::Close(_) => closed = true,
                }
            }
        }
    }
}
