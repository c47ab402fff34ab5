//! Streams between servers, both roles, with stream management: what the other side sends and what the driver answers, in any order. Nothing
//! may panic, nothing happens after the end, and a stanza comes through only for a pair that the driver has found good.
//!
//! The first byte chooses the role and the protection; the rest are pieces that end with a byte 0. The first byte of a piece says whether
//! it is XML from the other side or something that the driver does.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::sm;
use stonechat_stream::codec::{Content, Decoder, Framing, Limits};
use stonechat_stream::dialback::{Answer, Pair, Secret};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::peer::{
    Incoming, IncomingAction, IncomingConfig, Management, Offer, Outgoing, OutgoingAction, OutgoingConfig,
    Purpose,
};

const OPEN: &str = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
                    xmlns:db='jabber:server:dialback' from='capulet.example' to='montague.example' id='1' version='1.0'>";

fn pair() -> Pair {
    let domain = |name: &str| BareJid::parse(name).expect("a domain");
    Pair { sender: domain("capulet.example"), target: domain("montague.example") }
}

fn decoder() -> Decoder {
    Decoder::new(Framing::Tcp, Content::Server, Limits::unauthenticated())
}

fn tls(options: u8) -> Tls {
    match options >> 1 & 3 {
        0 => Tls::Established,
        1 => Tls::Required,
        2 => Tls::Optional,
        _ => Tls::Unavailable,
    }
}

struct Server {
    machine: Incoming,
    decoder: Decoder,
    input: BytesMut,
    external: bool,
    asked: Vec<Pair>,
    good: Vec<Pair>,
    closed: bool,
}

impl Server {
    fn act(&mut self) {
        while let Some(action) = self.machine.next_action() {
            assert!(!self.closed, "{action:?} after the end");
            match action {
                IncomingAction::HostWanted(wanted) => {
                    let external = self.external;
                    let offer = Offer { external, dialback: true, management: true, features: Vec::new() };
                    self.machine.host((wanted.to == "montague.example").then_some(offer));
                }
                IncomingAction::StartTls => {
                    self.decoder = decoder();
                    self.input.clear();
                    self.machine.tls_established();
                }
                IncomingAction::Restart => self.decoder.reset(),
                IncomingAction::Verify { pair, .. } => self.asked.push(pair),
                IncomingAction::Judge { pair, stream, .. } => {
                    self.machine.judged(&pair, &stream, Answer::Invalid)
                }
                IncomingAction::Authorized(pair) => {
                    assert!(self.external || self.good.contains(&pair), "{pair}");
                    self.good.push(pair);
                }
                IncomingAction::Stanza(stanza) => {
                    let (from, to) = (stanza.from().expect("checked"), stanza.to().expect("checked"));
                    assert!(self.good.iter().any(|pair| pair.is(from.domain(), to.domain())), "{stanza}");
                }
                IncomingAction::Enable(_) => {
                    self.machine.enabled(&sm::Enabled { id: None, resume: false, max: None, location: None });
                }
                IncomingAction::Resume(resume) => self.machine.resumed(&resume.previd, 1),
                IncomingAction::AckWanted => self.machine.acknowledge(1),
                IncomingAction::Close(_) => self.closed = true,
                _ => {}
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while !self.closed && self.machine.takes_frames() {
            match self.decoder.decode(&mut self.input) {
                Ok(Some(frame)) => self.machine.frame(frame, self.input.len()),
                Ok(None) => return,
                Err(error) => self.machine.error(error.into()),
            }
            self.act();
        }
    }

    fn drive(&mut self, what: u8) {
        match what % 4 {
            0 => self.machine.finish(),
            1 => self.machine.tls_established(),
            number => {
                let Some(pair) = self.asked.pop() else { return };
                let answer = if number == 2 { Answer::Valid } else { Answer::Invalid };
                if answer == Answer::Valid {
                    self.good.push(pair.clone());
                }
                self.machine.verified(&pair, answer);
            }
        }
        self.act();
    }
}

struct Client {
    machine: Outgoing,
    decoder: Decoder,
    input: BytesMut,
    asked: bool,
    restarted: bool,
    closed: bool,
}

impl Client {
    fn act(&mut self) {
        while let Some(action) = self.machine.next_action() {
            assert!(!self.closed, "{action:?} after the end");
            match action {
                OutgoingAction::Send(bytes) => {
                    self.asked |= String::from_utf8_lossy(&bytes).contains("<db:result");
                }
                OutgoingAction::StartTls => {
                    self.decoder = decoder();
                    self.input.clear();
                    self.machine.tls_established();
                }
                OutgoingAction::Restart => {
                    self.restarted = true;
                    self.decoder.reset();
                }
                OutgoingAction::Established(_) => assert!(self.asked || self.restarted),
                OutgoingAction::Close(_) => self.closed = true,
                _ => {}
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while !self.closed {
            match self.decoder.decode(&mut self.input) {
                Ok(Some(frame)) => self.machine.frame(frame, self.input.len()),
                Ok(None) => return,
                Err(error) => self.machine.give_up(Some(error.into())),
            }
            self.act();
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let [options, pieces @ ..] = data else { return };
    let pieces = pieces.split(|byte| *byte == 0).filter_map(<[u8]>::split_first);
    if options & 1 == 0 {
        let config = IncomingConfig { tls: tls(*options), max_pairs: 3, default_host: None };
        let (asked, good) = (Vec::new(), Vec::new());
        let external = options & 8 != 0;
        let (machine, input) = (Incoming::new(config), BytesMut::new());
        let mut server = Server { machine, decoder: decoder(), input, external, asked, good, closed: false };
        for (what, piece) in pieces {
            match what {
                b'o' => server.read(OPEN.as_bytes()),
                b'd' => server.drive(piece.first().copied().unwrap_or_default()),
                _ => server.read(piece),
            }
        }
    } else {
        let dialback = (options & 8 != 0).then(|| Secret::new([7; 32]));
        let purpose = match options & 16 {
            0 => {
                let management = match options & 64 {
                    0 => Management::Enable,
                    _ => Management::Resume { id: "1".to_owned(), handled: 0 },
                };
                Purpose::Send { external: options & 32 != 0, dialback, management }
            }
            _ => Purpose::Verify { stream: "1".to_owned(), key: "225c".to_owned() },
        };
        let machine = Outgoing::new(OutgoingConfig { pair: pair(), tls: tls(*options), purpose });
        let (input, decoder) = (BytesMut::new(), decoder());
        let mut client = Client { machine, decoder, input, asked: false, restarted: false, closed: false };
        client.act();
        for (what, piece) in pieces {
            match what {
                b'o' => client.read(OPEN.as_bytes()),
                _ => client.read(piece),
            }
        }
    }
});
