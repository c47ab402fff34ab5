//! Receiving a stanza: finding its end, all checks, the header, one copy. Beside what others need to read
//! the same bytes, from the least anybody can do (`memchr` over the brackets) to a whole tree.
//!
//! Inputs: a chat message of about 340 bytes, a presence with capabilities of about 300, an IQ with an
//! OMEMO bundle of about 8 KiB.

use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::StreamExt;
use rxml::{Parse, RawParser};
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::stream_features::StreamFeatures;
use tokio_xmpp::xmlstream::{StreamHeader, Timeouts, XmlStream, XmppStreamElement, accept_stream};

const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>";

const MESSAGE: &str = "<message from='romeo@montague.example/orchard' to='juliet@capulet.example' type='chat' id='5a3b1c0e-7d7f-4c7e-9a51-0f2f6c0c2d11' xml:lang='en'>\
<body>Neither, fair saint, if either thee dislike.</body>\
<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>\
<origin-id xmlns='urn:xmpp:sid:0' id='5a3b1c0e-7d7f'/></message>";

const PRESENCE: &str = "<presence from='romeo@montague.example/orchard' id='p-4711' xml:lang='en'>\
<show>away</show><status>In the orchard &amp; soon back</status><priority>5</priority>\
<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://conversations.im' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>\
<idle xmlns='urn:xmpp:idle:1' since='2026-11-22T10:00:00Z'/></presence>";

fn bundle() -> String {
    let key = "BYtkZ8mR4mU1sX0wZ8cJ3pV4bT6qLw2nH7dK5fG9aSx1";
    let keys: String = (1..=96).map(|id| format!("<pk id='{id}'>{key}</pk>")).collect();
    format!(
        "<iq from='romeo@montague.example/orchard' to='romeo@montague.example' type='set' id='omemo-1'>\
         <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:omemo:2:bundles'><item id='31415'>\
         <bundle xmlns='urn:xmpp:omemo:2'><spk id='1'>{key}</spk><spks>{key}{key}</spks><ik>{key}</ik>\
         <prekeys>{keys}</prekeys></bundle></item></publish></pubsub></iq>"
    )
}

fn inputs() -> [(&'static str, String); 3] {
    [("message", MESSAGE.into()), ("presence", PRESENCE.into()), ("bundle", bundle())]
}

/// An open stream.
fn decoder() -> Decoder {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated());
    let opened = decoder.decode(&mut BytesMut::from(HEADER));
    assert!(matches!(opened, Ok(Some(Frame::Open(_)))), "the header is read");
    decoder
}

fn quick_xml_tokens(input: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(input);
    let mut events = 0;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return events,
            Ok(event) => {
                black_box(event);
                events += 1;
            }
            Err(_) => return 0,
        }
    }
}

fn rxml_tokens(parser: &mut RawParser, input: &[u8]) -> usize {
    let mut rest = input;
    let mut events = 0;
    while let Ok(Some(event)) = parser.parse(&mut rest, false) {
        black_box(event);
        events += 1;
    }
    events
}

/// What a server of tokio-xmpp reads: the header once, then the same stanza for ever. It goes through rxml
/// into xmpp-parsers' types, as there is nothing between bytes and those.
struct Endless {
    bytes: Vec<u8>,
    stanza: usize,
    at: usize,
}

impl Endless {
    fn new(stanza: &str) -> Endless {
        Endless { bytes: [HEADER.as_bytes(), stanza.as_bytes()].concat(), stanza: HEADER.len(), at: 0 }
    }
}

impl AsyncRead for Endless {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        unreachable!("read through its buffer")
    }
}

impl AsyncBufRead for Endless {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.at == this.bytes.len() {
            this.at = this.stanza;
        }
        Poll::Ready(Ok(&this.bytes[this.at..]))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.at += amount;
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

async fn tokio_xmpp(stanza: &str) -> io::Result<XmlStream<Endless, XmppStreamElement>> {
    let accepted = accept_stream(Endless::new(stanza), ns::DEFAULT_NS, Timeouts::default()).await?;
    let pending = accepted.send_header(StreamHeader::default()).await?;
    pending.send_features(&StreamFeatures::default()).await
}

fn receive(c: &mut Criterion) {
    for (name, input) in inputs() {
        let mut group = c.benchmark_group(format!("codec/{name}"));
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_function("memchr", |b| {
            b.iter(|| memchr::memchr2_iter(b'<', b'>', black_box(input.as_bytes())).count());
        });
        let mut decoder = decoder();
        let mut buffer = BytesMut::new();
        group.bench_function("stonechat", |b| {
            b.iter(|| {
                buffer.clear();
                buffer.extend_from_slice(black_box(input.as_bytes()));
                let frame = decoder.decode(&mut buffer);
                assert!(matches!(frame, Ok(Some(Frame::Stanza(_)))));
                frame
            });
        });
        group.bench_function("quick_xml", |b| b.iter(|| quick_xml_tokens(black_box(&input))));
        let mut parser = RawParser::new();
        rxml_tokens(&mut parser, HEADER.as_bytes());
        group.bench_function("rxml", |b| b.iter(|| rxml_tokens(&mut parser, black_box(input.as_bytes()))));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts");
        let mut stream = runtime.block_on(tokio_xmpp(&input)).expect("the header is read");
        group.bench_function("tokio_xmpp", |b| {
            b.iter_custom(|iterations| {
                runtime.block_on(async {
                    let start = std::time::Instant::now();
                    for _ in 0..iterations {
                        let read = stream.next().await;
                        assert!(matches!(black_box(read), Some(Ok(XmppStreamElement::Stanza(_)))));
                    }
                    start.elapsed()
                })
            });
        });
        group.finish();
    }
}

/// Writing what was received, and changing it first.
fn send(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec/write");
    for (name, input) in inputs() {
        let Ok(Some(Frame::Stanza(stanza))) = decoder().decode(&mut BytesMut::from(&*input)) else {
            continue;
        };
        let mut out = Vec::new();
        group.bench_with_input(BenchmarkId::from_parameter(name), &stanza, |b, stanza| {
            b.iter(|| {
                out.clear();
                Framing::Tcp.write_stanza(stanza, &mut out);
                out.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, receive, send);
criterion_main!(benches);
