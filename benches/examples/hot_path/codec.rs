//! Receiving and writing.

use std::hint::black_box;

use bytes::BytesMut;
use stonechat_jid::Jid;
use stonechat_stream::codec::{Frame, Framing};

use crate::common::stanzas::{MESSAGE, decoder, received};
use crate::work::{Rounds, Work, rounds};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "jid", unit: "address parsed", units: 1, rounds: 2_000, prepare: jid },
    Work { name: "decode", unit: "message received", units: 1, rounds: 1_000, prepare: decode },
    Work { name: "write", unit: "message written", units: 1, rounds: 1_000, prepare: write },
];

fn jid() -> Rounds {
    rounds(|| drop(black_box(Jid::parse(black_box("juliet@capulet.example/balcony")))))
}

fn decode() -> Rounds {
    let (mut decoder, mut buffer) = (decoder(), BytesMut::new());
    rounds(move || {
        buffer.clear();
        buffer.extend_from_slice(black_box(MESSAGE.as_bytes()));
        let frame = decoder.decode(&mut buffer);
        assert!(matches!(black_box(frame), Ok(Some(Frame::Stanza(_)))));
    })
}

fn write() -> Rounds {
    let (stanza, mut out) = (received(MESSAGE), Vec::new());
    rounds(move || {
        out.clear();
        Framing::Tcp.write_stanza(black_box(&stanza), &mut out);
        black_box(&out);
    })
}
