//! Dialback among three parties of which one lies: it sees the keys of the others, and says what it likes in whatever order.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use bytes::BytesMut;
use proptest::prelude::*;
use stonechat_stanza::jid::BareJid;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};
use stonechat_stream::dialback::{Answer, Pair, Secret};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::peer::{
    Incoming, IncomingAction, IncomingConfig, Management, Offer, Outgoing, OutgoingAction, OutgoingConfig,
    Purpose,
};

/// Honest, with a key of its own.
const CAPULET: &str = "capulet.example";
/// Whose server takes all streams.
const MONTAGUE: &str = "montague.example";
/// Who lies.
const VERONA: &str = "verona.example";

fn pair(sender: &str, target: &str) -> Pair {
    Pair { sender: BareJid::parse(sender).unwrap(), target: BareJid::parse(target).unwrap() }
}

/// A stream to Montague's server.
struct Stream {
    machine: Incoming,
    decoder: Decoder,
    input: BytesMut,
    /// What is to be found out, with the id and the key of the question.
    asked: Vec<(Pair, String, String)>,
    authorized: Vec<Pair>,
    /// From whose domains stanzas have come through.
    heard: Vec<String>,
    said: String,
    closed: bool,
}

impl Stream {
    fn new() -> Self {
        let config = IncomingConfig { tls: Tls::Established, max_pairs: 3, default_host: None };
        Self {
            machine: Incoming::new(config),
            decoder: Decoder::new(Framing::Tcp, Content::Server, Limits::unauthenticated()),
            input: BytesMut::new(),
            asked: Vec::new(),
            authorized: Vec::new(),
            heard: Vec::new(),
            said: String::new(),
            closed: false,
        }
    }

    fn take(&mut self, xml: &str) {
        if self.closed {
            return;
        }
        self.input.extend_from_slice(xml.as_bytes());
        while !self.closed {
            match self.decoder.decode(&mut self.input) {
                Ok(Some(frame)) => self.machine.frame(frame, 0),
                Ok(None) => return,
                Err(error) => self.machine.error(error.into()),
            }
            self.act();
        }
    }

    fn act(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                IncomingAction::Send(bytes) => self.said.push_str(&String::from_utf8(bytes).unwrap()),
                IncomingAction::HostWanted(wanted) => {
                    let offer = Offer { dialback: true, ..Offer::default() };
                    self.machine.host((wanted.to == MONTAGUE).then_some(offer));
                }
                IncomingAction::Verify { pair, stream, key } => self.asked.push((pair, stream, key)),
                IncomingAction::Judge { pair, stream, .. } => {
                    self.machine.judged(&pair, &stream, Answer::Invalid);
                }
                IncomingAction::Authorized(pair) => self.authorized.push(pair),
                IncomingAction::Stanza(stanza) => {
                    self.heard.push(stanza.from().unwrap().domain().to_owned());
                }
                IncomingAction::Misaddressed { stanza, .. } => {
                    self.heard.push(stanza.from().unwrap().domain().to_owned());
                }
                IncomingAction::Close(_) => self.closed = true,
                IncomingAction::Restart => self.decoder.reset(),
                _ => {}
            }
        }
    }

    /// Answers one question as the sender's own server does. Verona's says yes to everything, and is asked about its own domain alone.
    fn resolve(&mut self, which: usize, capulet: &Secret) {
        if self.asked.is_empty() {
            return;
        }
        let (pair, stream, key) = self.asked.remove(which % self.asked.len());
        let valid = match pair.sender.as_str() {
            CAPULET => capulet.is_key(&pair, &stream, &key),
            VERONA => true,
            _ => false,
        };
        self.machine.verified(&pair, if valid { Answer::Valid } else { Answer::Invalid });
        self.act();
    }
}

/// Capulet's server, on a stream of its own.
struct Honest {
    machine: Outgoing,
    decoder: Decoder,
    /// How much of what Montague's side has said was read.
    read: usize,
    established: bool,
    /// Keys that went over the network, for whoever listens.
    keys: Vec<String>,
}

impl Honest {
    fn new(secret: &Secret) -> Self {
        let dialback = Some(secret.clone());
        let purpose = Purpose::Send { external: false, dialback, management: Management::Off, bidi: false };
        let config = OutgoingConfig { pair: pair(CAPULET, MONTAGUE), tls: Tls::Established, purpose };
        Self {
            machine: Outgoing::new(config),
            decoder: Decoder::new(Framing::Tcp, Content::Server, Limits::unauthenticated()),
            read: 0,
            established: false,
            keys: Vec::new(),
        }
    }

    /// Says what there is to say, and takes one frame.
    fn step(&mut self, stream: &mut Stream) {
        self.act(stream);
        let mut input = BytesMut::from(&stream.said.as_bytes()[self.read..]);
        let before = input.len();
        let frame: Option<Frame> = self.decoder.decode(&mut input).unwrap();
        self.read += before - input.len();
        if let Some(frame) = frame {
            self.machine.frame(frame, 0);
            self.act(stream);
        }
    }

    fn act(&mut self, stream: &mut Stream) {
        while let Some(action) = self.machine.next_action() {
            match action {
                OutgoingAction::Send(bytes) => {
                    let said = String::from_utf8(bytes).unwrap();
                    if let Some((_, key)) = said.split_once("<db:result") {
                        let key = key.split_once('>').unwrap().1;
                        self.keys.push(key.split_once('<').unwrap().0.to_owned());
                    }
                    stream.take(&said);
                }
                OutgoingAction::Established(_) => self.established = true,
                _ => {}
            }
        }
    }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    Honest,
    /// The liar opens its stream as this domain.
    Open(&'static str),
    /// It asks to be let through for a pair, with a key that it has seen, or one that it has made up.
    Ask {
        sender: &'static str,
        target: &'static str,
        seen: bool,
    },
    /// It answers what it was not asked.
    Answer {
        sender: &'static str,
        verify: bool,
    },
    /// It writes in somebody's name.
    Write {
        sender: &'static str,
        target: &'static str,
    },
    /// One question of the liar's stream, or of the honest one, is answered.
    Resolve {
        honest: bool,
        which: usize,
    },
}

fn domain() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(CAPULET), Just(MONTAGUE), Just(VERONA)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Honest),
        2 => domain().prop_map(Step::Open),
        4 => (domain(), domain(), any::<bool>())
            .prop_map(|(sender, target, seen)| Step::Ask { sender, target, seen }),
        1 => (domain(), any::<bool>()).prop_map(|(sender, verify)| Step::Answer { sender, verify }),
        2 => (domain(), domain()).prop_map(|(sender, target)| Step::Write { sender, target }),
        4 => (any::<bool>(), 0..3_usize).prop_map(|(honest, which)| Step::Resolve { honest, which }),
    ]
}

fn spoken(step: &Step, keys: &[String]) -> String {
    match step {
        Step::Open(from) => format!(
            "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
             xmlns:db='jabber:server:dialback' from='{from}' to='{MONTAGUE}' version='1.0'>"
        ),
        Step::Ask { sender, target, seen } => {
            let key =
                keys.last().filter(|_| *seen).map_or("b4835385f37fe2895af6c196b59097b1", String::as_str);
            format!("<db:result from='{sender}' to='{target}'>{key}</db:result>")
        }
        Step::Answer { sender, verify: true } => {
            format!("<db:verify from='{sender}' to='{MONTAGUE}' id='1' type='valid'/>")
        }
        Step::Answer { sender, verify: false } => {
            format!("<db:result from='{sender}' to='{MONTAGUE}' type='valid'/>")
        }
        Step::Write { sender, target } => format!("<message from='x@{sender}' to='y@{target}'/>"),
        Step::Honest | Step::Resolve { .. } => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// SECURITY 35, 36, 38: the key of one stream opens no other, and nobody speaks for who does not know it.
    #[test]
    fn who_lies_is_never_let_through_for_another_domain(steps in prop::collection::vec(step(), 0..60)) {
        let secret = Secret::new([7; 32]);
        let (mut with_honest, mut with_liar) = (Stream::new(), Stream::new());
        let mut honest = Honest::new(&secret);
        for step in steps {
            match &step {
                Step::Honest => honest.step(&mut with_honest),
                Step::Resolve { honest: true, which } => with_honest.resolve(*which, &secret),
                Step::Resolve { honest: false, which } => with_liar.resolve(*which, &secret),
                lie => with_liar.take(&spoken(lie, &honest.keys)),
            }
            prop_assert!(with_liar.authorized.iter().all(|let_in| let_in.sender == VERONA));
            prop_assert!(with_liar.heard.iter().all(|from| from == VERONA));
            prop_assert!(with_honest.authorized.iter().all(|let_in| *let_in == pair(CAPULET, MONTAGUE)));
        }
        // Whatever the liar does elsewhere, who does not lie gets through.
        for _ in 0..8 {
            honest.step(&mut with_honest);
            with_honest.resolve(0, &secret);
        }
        prop_assert!(honest.established);
    }
}
