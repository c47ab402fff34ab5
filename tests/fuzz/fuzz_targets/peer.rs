//! Streams between servers, both roles, for one direction and for both, with stream management: what the other side sends and what the driver
//! answers, in any order. Nothing may panic, nothing happens after the end, a stanza comes through only for a pair that the driver has found
//! good, and back only where that was asked for.
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
    Incoming, IncomingAction, IncomingConfig, Management, Offer, Outgoing, OutgoingAction, OutgoingConfig, Purpose,
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
    bidi: bool,
    asked: Vec<Pair>,
    good: Vec<Pair>,
    back: Option<Pair>,
    closed: bool,
}

impl Server {
    fn act(&mut self) {
        while let Some(action) = self.machine.next_action() {
            assert!(!self.closed, "{action:?} after the end");
            match action {
                IncomingAction::HostWanted(wanted) => {
                    let (external, bidi) = (self.external, self.bidi);
                    let offer = Offer { external, dialback: true, management: true, bidi, features: Vec::new() };
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
                IncomingAction::Bidirectional(pair) => {
                    assert!(self.bidi && self.back.is_none() && self.good.contains(&pair.inverse()), "{pair}");
                    self.back = Some(pair);
                }
                IncomingAction::Enable(_) => {
                    self.machine.enabled(&sm::Enabled { id: None, resume: false, max: None, location: None });
                }
                IncomingAction::Resume(resume) => self.machine.resumed(&resume.previd, 1),
                IncomingAction::AckWanted => self.machine.acknowledge(1),
                IncomingAction::Acknowledged(_) => assert!(self.back.is_some() && self.machine.counts()),
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
    asked_back: bool,
    restarted: bool,
    closed: bool,
}

impl Client {
    fn act(&mut self) {
        while let Some(action) = self.machine.next_action() {
            assert!(!self.closed, "{action:?} after the end");
            match action {
                OutgoingAction::Send(bytes) => {
                    let sent = String::from_utf8_lossy(&bytes);
                    self.asked |= sent.contains("<db:result");
                    self.asked_back |= sent.contains("urn:xmpp:bidi");
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
                OutgoingAction::Stanza(stanza) => {
                    assert!(self.asked_back && (self.asked || self.restarted), "{stanza}");
                    let (from, to) = (stanza.from().expect("checked"), stanza.to().expect("checked"));
                    assert!(pair().inverse().is(from.domain(), to.domain()), "{stanza}");
                }
                OutgoingAction::AckWanted => {
                    assert!(self.asked_back);
                    self.machine.acknowledge(1);
                }
                OutgoingAction::Judge { pair, stream, .. } => {
                    assert!(self.asked_back);
                    self.machine.judged(&pair, &stream, Answer::Invalid);
                }
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
        let (external, bidi) = (options & 8 != 0, options & 16 != 0);
        let (machine, input) = (Incoming::new(config), BytesMut::new());
        let decoder = decoder();
        let (back, closed) = (None, false);
        let mut server = Server { machine, decoder, input, external, bidi, asked, good, back, closed };
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
                Purpose::Send { external: options & 32 != 0, dialback, management, bidi: options & 128 != 0 }
            }
            _ => Purpose::Verify { stream: "1".to_owned(), key: "225c".to_owned() },
        };
        let machine = Outgoing::new(OutgoingConfig { pair: pair(), tls: tls(*options), purpose });
        let (input, decoder) = (BytesMut::new(), decoder());
        let (asked, asked_back, restarted, closed) = (false, false, false, false);
        let mut client = Client { machine, decoder, input, asked, asked_back, restarted, closed };
        client.act();
        for (what, piece) in pieces {
            match what {
                b'o' => client.read(OPEN.as_bytes()),
                b'd' if !client.closed => {
                    client.machine.finish();
                    client.act();
                }
                b'd' => {}
                _ => client.read(piece),
            }
        }
    }
});
