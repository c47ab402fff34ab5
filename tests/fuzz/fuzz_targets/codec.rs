//! Bytes of a stream, cut in pieces: the frames must not depend on the cuts, and nothing may panic.
//!
//! The first byte chooses framing and limits, the second how long the pieces are.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};

const OPEN: &[u8] =
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:p'>";

fn frames(framing: Framing, limits: Limits, pieces: &mut dyn Iterator<Item = &[u8]>) -> String {
    let mut decoder = Decoder::new(framing, Content::Client, limits);
    let mut buffer = BytesMut::new();
    let mut seen = String::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(Frame::Stanza(stanza))) => seen += &format!("{stanza} {:?}\n", stanza.to_element()),
                Ok(Some(Frame::Nonza(nonza))) => {
                    seen += &format!("{nonza:?} {:?}\n", nonza.element().unwrap())
                }
                Ok(Some(frame)) => seen += &format!("{frame:?}\n"),
                Ok(None) => break,
                Err(error) => return seen + &error.to_string(),
            }
            if framing == Framing::WebSocket {
                break;
            }
        }
    }
    seen
}

fuzz_target!(|data: &[u8]| {
    let [options, step, bytes @ ..] = data else { return };
    let framing = if options & 1 == 0 { Framing::Tcp } else { Framing::WebSocket };
    let limits = if options & 2 == 0 { Limits::authenticated() } else { Limits::unauthenticated() };
    let open: &[u8] = if options & 4 == 0 && framing == Framing::Tcp { OPEN } else { b"" };
    let whole = [open, bytes].concat();
    let seen = frames(framing, limits, &mut [&whole[..]].into_iter());
    if framing == Framing::Tcp {
        assert_eq!(frames(framing, limits, &mut whole.chunks(usize::from(*step).max(1))), seen);
    }
});
