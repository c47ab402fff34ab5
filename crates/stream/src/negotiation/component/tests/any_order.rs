//! Whatever comes in whatever order: nothing panics, and nobody is let through who has not proved to be the component.

use proptest::prelude::*;

use super::*;

const FRAMES: &[&str] = &[
    HANDSHAKE,
    GRANTED,
    MESSAGE,
    "<message from='juliet@capulet.example' to='romeo@montague.example'/>",
    "<presence/>",
    "<presence from='plays.shakespeare.lit' to='@'/>",
    "<iq/>",
    "<x xmlns='urn:x'/>",
    "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "<stream:features/>",
];

#[derive(Debug, Clone)]
enum Input {
    Open(&'static str, Option<&'static str>),
    Frame(usize),
    Close,
    /// Something that the driver does, by number.
    Driver(u8),
}

fn input() -> impl Strategy<Value = Input> {
    let ns = prop_oneof![4 => Just("jabber:component:accept"), 1 => Just("jabber:client")];
    let to = prop_oneof![4 => Just(Some("plays.shakespeare.lit")), 1 => Just(Some("a@b")), 1 => Just(None)];
    prop_oneof![
        3 => (ns, to).prop_map(|(ns, to)| Input::Open(ns, to)),
        6 => (0..FRAMES.len()).prop_map(Input::Frame),
        1 => Just(Input::Close),
        6 => (0..6u8).prop_map(Input::Driver),
    ]
}

fn frame(input: &Input) -> Option<Frame> {
    match input {
        Input::Open(ns, to) => {
            let header = crate::StreamHeader {
                to: to.map(str::to_owned),
                id: Some("3BF96D32".to_owned()),
                content_ns: (*ns).into(),
                ..crate::StreamHeader::default()
            };
            Some(Frame::Open(header))
        }
        Input::Frame(at) => {
            let mut reader = Reader::new();
            let _header = reader.read(HEADER);
            reader.read(FRAMES[*at]).pop()
        }
        Input::Close => Some(Frame::Close),
        Input::Driver(_) => None,
    }
}

proptest! {
    #[test]
    fn no_stanza_gets_past_the_server_s_side_without_the_handshake_and_none_of_another_domain_ever(
        inputs in prop::collection::vec(input(), 0..30),
    ) {
        let mut stream = Accepting::new();
        let (mut id, mut proved, mut closed) = (None::<String>, false, false);
        for input in inputs {
            match (&input, frame(&input)) {
                (_, Some(frame)) => stream.frame(frame),
                (Input::Driver(0 | 1), _) => stream.component(Some(secret())),
                (Input::Driver(2), _) => stream.component(None),
                (Input::Driver(3), _) => stream.error(StreamError::reset()),
                (Input::Driver(4), _) => stream.finish(),
                _ => if let Some(id) = &id {
                    let mut reader = Reader::new();
                    let _header = reader.read(HEADER);
                    let handshake = format!("<handshake>{}</handshake>", secret().handshake(id));
                    stream.frame(reader.read(&handshake).remove(0));
                },
            }
            while let Some(action) = stream.next_action() {
                prop_assert!(!closed, "after the end: {action:?}");
                match action {
                    AcceptingAction::Send(bytes) => {
                        let said = text(bytes);
                        if let Some(given) = said.split(" id='").nth(1) {
                            id = given.split('\'').next().map(str::to_owned);
                        }
                    }
                    AcceptingAction::Established => {
                        prop_assert!(id.is_some());
                        proved = true;
                    }
                    AcceptingAction::Stanza(stanza) | AcceptingAction::Misaddressed(stanza) => {
                        prop_assert!(proved);
                        prop_assert_eq!(stanza.from().map(|from| from.domain().to_owned()), Some(domain().to_string()));
                    }
                    AcceptingAction::Close(_) => closed = true,
                    AcceptingAction::Wanted(_) => {}
                }
            }
        }
    }

    #[test]
    fn no_stanza_gets_past_the_component_s_side_before_the_server_has_agreed(
        inputs in prop::collection::vec(input(), 0..30),
    ) {
        let mut stream = Connecting::new(&domain(), secret());
        let (mut agreed, mut closed) = (false, false);
        for input in inputs {
            match (&input, frame(&input)) {
                (_, Some(frame)) => stream.frame(frame),
                (Input::Driver(0), _) => stream.error(StreamError::reset()),
                (Input::Driver(1), _) => stream.finish(),
                _ => {}
            }
            while let Some(action) = stream.next_action() {
                prop_assert!(!closed, "after the end: {action:?}");
                match action {
                    ConnectingAction::Established => agreed = true,
                    ConnectingAction::Stanza(_) => prop_assert!(agreed),
                    ConnectingAction::Close(_) => closed = true,
                    ConnectingAction::Send(_) => {}
                }
            }
            prop_assert_eq!(stream.is_established(), agreed && !closed);
        }
    }
}
