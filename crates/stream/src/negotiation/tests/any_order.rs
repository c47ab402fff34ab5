//! Whatever comes in whatever order: nothing panics, and no step can be skipped.

use proptest::prelude::*;
use stonechat_stanza::StanzaError;

use super::server::host;
use super::*;
use crate::negotiation::{client, server};
use crate::sasl;

const FRAMES: &[&str] = &[
    PLAIN,
    SCRAM,
    RESPONSE,
    ABORT,
    STARTTLS,
    MESSAGE,
    REGISTER,
    BIND,
    UNKNOWN,
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%</response>",
    "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>biws</challenge>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>",
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\
     <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
    "<iq id='bind-1' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b/c</jid></bind></iq>",
    "<iq id='bind-1' type='error'/>",
];

#[derive(Debug, Clone)]
enum Input {
    Open {
        to: Option<&'static str>,
    },
    Frame(usize),
    Pipelined(usize),
    Close,
    /// Something that the driver does, by number.
    Driver(u8),
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        3 => prop_oneof![Just(Some("im.example.com")), Just(Some("other.example")), Just(None)]
            .prop_map(|to| Input::Open { to }),
        6 => (0..FRAMES.len()).prop_map(Input::Frame),
        1 => (0..FRAMES.len()).prop_map(Input::Pipelined),
        1 => Just(Input::Close),
        8 => (0..13u8).prop_map(Input::Driver),
    ]
}

fn tls() -> impl Strategy<Value = Tls> {
    prop_oneof![Just(Tls::Established), Just(Tls::Required), Just(Tls::Optional), Just(Tls::Unavailable)]
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![Just(Framing::Tcp), Just(Framing::WebSocket)]
}

/// The frame of an input from the peer, with what is pending behind it.
fn frame(input: &Input) -> Option<(Frame, usize)> {
    match input {
        Input::Open { to } => Some((Frame::Open(StreamHeader { to: to.map(str::to_owned), ..header() }), 0)),
        Input::Frame(index) => Some((read(FRAMES[*index]), 0)),
        Input::Pipelined(index) => Some((read(FRAMES[*index]), 1)),
        Input::Close => Some((Frame::Close, 0)),
        Input::Driver(_) => None,
    }
}

fn drive_server(stream: &mut server::Negotiation, what: u8) {
    match what {
        0 => stream.host(Some(host())),
        1 => stream.host(None),
        2 => stream.tls_established(),
        3 => stream.challenge(b"c"),
        4 => stream.success(juliet(), None),
        5 => stream.failure(sasl::Condition::NotAuthorized.into()),
        6 => stream.bound(balcony()),
        7 => stream.bind_failed(&StanzaError::conflict()),
        8 => stream.answer_iq(None),
        9 => stream.answer_nonza(server::Answer::Reply(Vec::new())),
        10 => stream.answer_nonza(server::Answer::Authenticated { account: juliet(), reply: Vec::new() }),
        11 => stream.answer_nonza(server::Answer::Challenge(Vec::new())),
        _ => stream.error(StreamError::reset()),
    }
}

/// The answer that the machine waits for, if it waits for one: makes a random walk go far.
fn right_answer(stream: &mut server::Negotiation, last: Option<&server::Action>, what: u8) {
    match last {
        Some(server::Action::HostWanted(_)) => stream.host(Some(host())),
        Some(server::Action::Authenticate { .. } | server::Action::Respond(_)) => match what % 3 {
            0 => stream.challenge(b"c"),
            1 => stream.success(juliet(), None),
            _ => stream.failure(sasl::Condition::NotAuthorized.into()),
        },
        Some(server::Action::StartTls) => stream.tls_established(),
        Some(server::Action::Bind { .. }) => stream.bound(balcony()),
        Some(server::Action::Iq(_)) => stream.answer_iq(None),
        Some(server::Action::Nonza(_)) => stream.answer_nonza(match what % 4 {
            0 => server::Answer::Unsupported,
            1 => server::Answer::Failed(Vec::new()),
            2 => server::Answer::Authenticated { account: juliet(), reply: Vec::new() },
            _ => server::Answer::Challenge(Vec::new()),
        }),
        _ => {}
    }
}

fn drive_client(stream: &mut client::Negotiation, what: u8) {
    match what {
        0 | 1 => stream.tls_established(),
        2 | 3 => stream.authenticate("PLAIN", Some(b"x")),
        4 => stream.respond(b"r"),
        5 => stream.abort(),
        6 | 7 => stream.accept(),
        8 | 9 => stream.bind(Some("r")),
        10 => stream.authenticated(),
        _ => stream.give_up(Some(StreamError::reset())),
    }
}

/// What must hold of every server, whatever happens to it.
#[derive(Default)]
struct Watch {
    tls: bool,
    succeeded: bool,
    closed: bool,
}

impl Watch {
    fn see(&mut self, action: &server::Action, tls_required: bool) {
        assert!(!self.closed, "{action:?} after the stream was over");
        match action {
            server::Action::StartTls => self.tls = true,
            server::Action::Authenticate { .. } | server::Action::Iq(_) | server::Action::Nonza(_) => {
                assert!(self.tls || !tls_required, "{action:?} in the clear");
            }
            server::Action::Bind { .. } => assert!(self.succeeded, "binding without authentication"),
            server::Action::Established(_) => assert!(self.succeeded, "a session without authentication"),
            server::Action::Close(_) => self.closed = true,
            _ => {}
        }
    }
}

/// One step of a negotiation that goes well.
#[derive(Clone, Copy)]
enum Step {
    Open,
    Frame(&'static str),
    Tls,
    Challenge,
    Success,
    Bound,
}

const DIALOGUE: &[Step] = &[
    Step::Open,
    Step::Frame(STARTTLS),
    Step::Tls,
    Step::Open,
    Step::Frame(SCRAM),
    Step::Challenge,
    Step::Frame(RESPONSE),
    Step::Success,
    Step::Open,
    Step::Frame(BIND),
    Step::Bound,
];

fn take(stream: &mut server::Negotiation, step: Step) {
    match step {
        Step::Open => {
            stream.frame(Frame::Open(header()), 0);
            stream.host(Some(host()));
        }
        Step::Frame(xml) => stream.frame(read(xml), 0),
        Step::Tls => stream.tls_established(),
        Step::Challenge => stream.challenge(b"c"),
        Step::Success => stream.success(juliet(), None),
        Step::Bound => stream.bound(balcony()),
    }
}

#[test]
fn no_step_of_a_dialogue_can_be_left_out() {
    for left_out in 0..=DIALOGUE.len() {
        // A challenge can be spared, together with its answer.
        if matches!(left_out, 5 | 6) {
            continue;
        }
        let mut stream = server::Negotiation::new(server::Config::new(Framing::Tcp));
        for (at, step) in DIALOGUE.iter().enumerate() {
            if at != left_out {
                take(&mut stream, *step);
            }
        }
        let actions: Vec<_> = std::iter::from_fn(|| stream.next_action()).collect();
        let established = actions.iter().any(|action| matches!(action, server::Action::Established(_)));
        assert_eq!(established, left_out == DIALOGUE.len(), "without step {left_out}: {actions:?}");
    }
}

proptest! {
    #[test]
    fn something_foreign_in_a_dialogue_skips_no_step(input in input(), place in 0..=DIALOGUE.len(), swap in any::<bool>()) {
        let mut stream = server::Negotiation::new(server::Config::new(Framing::Tcp));
        let mut watch = Watch::default();
        for at in 0..=DIALOGUE.len() {
            if at == place {
                match (frame(&input), &input) {
                    (Some((frame, pending)), _) => stream.frame(frame, pending),
                    (None, Input::Driver(what)) => drive_server(&mut stream, *what),
                    _ => {}
                }
            }
            if let Some(step) = DIALOGUE.get(at) && !(swap && at == place) {
                take(&mut stream, *step);
            }
            watch.succeeded |= stream.account().is_some();
            while let Some(action) = stream.next_action() {
                watch.see(&action, true);
            }
        }
    }

    #[test]
    fn the_server_bears_any_order(
        inputs in proptest::collection::vec(input(), 0..40), tls in tls(), framing in framing(), obedient in any::<bool>(),
    ) {
        let config = server::Config { tls, ..server::Config::new(framing) };
        let mut stream = server::Negotiation::new(config);
        let (mut watch, mut last) = (Watch::default(), None);
        for input in &inputs {
            match (frame(input), input) {
                (Some((frame, pending)), _) if !obedient || stream.awaits() == server::Awaits::Frame => {
                    stream.frame(frame, pending);
                }
                (None, Input::Driver(what)) if obedient => right_answer(&mut stream, last.as_ref(), *what),
                (None, Input::Driver(what)) => drive_server(&mut stream, *what),
                _ => {}
            }
            watch.succeeded |= stream.account().is_some();
            while let Some(action) = stream.next_action() {
                watch.see(&action, tls == Tls::Required);
                last = Some(action);
            }
        }
    }

    #[test]
    fn the_client_bears_any_order(
        inputs in proptest::collection::vec(input(), 0..40), tls in tls(), framing in framing(),
    ) {
        let mut stream = client::Negotiation::new(client::Config { tls, framing, ..client::Config::new(&juliet()) });
        let (mut accepted, mut closed) = (false, false);
        for input in &inputs {
            match (frame(input), input) {
                (Some((frame, pending)), _) => stream.frame(frame, pending),
                (None, Input::Driver(what)) => {
                    accepted |= matches!(what, 6 | 7 | 10);
                    drive_client(&mut stream, *what);
                }
                _ => {}
            }
            while let Some(action) = stream.next_action() {
                prop_assert!(!closed, "{:?} after the stream was over", action);
                match action {
                    client::Action::Established(_) => prop_assert!(accepted, "a session without the driver's word"),
                    client::Action::Authenticate(_) => {
                        prop_assert!(stream.is_secure() || tls != Tls::Required, "credentials in the clear");
                    }
                    client::Action::Close(_) => closed = true,
                    _ => {}
                }
            }
        }
    }
}
