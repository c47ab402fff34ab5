//! From bytes to frames.

use bytes::{Buf, BytesMut};
use stonechat_stanza::xml::{self, Content, Limit, Limits, Scanner, Scope, Syntax};
use stonechat_stanza::{Nonza, Stanza, ns};

use super::opening::{self, Opening};
use super::{Error, Frame, Framing, declaration};

/// Reads one direction of a stream, whoever the peer is.
///
/// The bytes stay in the caller's buffer until a frame is complete; each is looked at once, however they
/// are cut. Between frames the decoder keeps no bytes, so an empty buffer can be given back, and less than
/// 1 KiB of memory beside what the header declared.
///
/// # Limits
/// [`Limits`] bound each first-level element and the header itself. They hold while bytes arrive: a buffer
/// never has to grow beyond [`Limits::bytes`] for the decoder to go on. Begin with
/// [`Limits::unauthenticated`], and raise them when the peer has authenticated.
///
/// ```
/// use bytes::BytesMut;
/// use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};
///
/// let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::unauthenticated());
/// let mut buffer = BytesMut::from(
///     "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
///      to='example.com' version='1.0'> <presence/><mess",
/// );
/// let Some(Frame::Open(header)) = decoder.decode(&mut buffer)? else { panic!() };
/// assert_eq!(header.to.as_deref(), Some("example.com"));
/// assert!(matches!(decoder.decode(&mut buffer)?, Some(Frame::Stanza(_))));
/// assert!(decoder.decode(&mut buffer)?.is_none());
/// buffer.extend_from_slice(b"age/></stream:stream>");
/// assert!(matches!(decoder.decode(&mut buffer)?, Some(Frame::Stanza(_))));
/// assert!(matches!(decoder.decode(&mut buffer)?, Some(Frame::Close)));
/// # Ok::<(), stonechat_stream::codec::Error>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    content: Content,
    scanner: Scanner,
    scope: Scope,
    lang: Option<Box<str>>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// An XML declaration or the header is due.
    Start,
    /// The header is due.
    Header,
    /// First-level elements. On TCP, with the name of the header's tag.
    Open(Box<[u8]>),
    /// In the end tag of the stream, behind its name; what of it was looked at.
    Ending(usize),
    /// Nothing more is to come.
    Closed,
}

impl Decoder {
    /// A decoder for a stream that is about to begin, whose stanzas are in the namespace `content`.
    pub fn new(framing: Framing, content: Content, limits: Limits) -> Decoder {
        Decoder {
            framing,
            content,
            scanner: Scanner::new(limits),
            scope: Scope::outside(Some(content)),
            lang: None,
            state: State::Start,
        }
    }

    /// Takes the next frame off the front of `buffer`; `None` if there is none yet.
    ///
    /// On TCP, new bytes are appended to `buffer` between calls, and nothing else may change in it. On a
    /// WebSocket, `buffer` holds exactly one message, which one call takes whole.
    ///
    /// # Errors
    /// The first thing that is wrong, and the same one however the bytes were cut. Nothing can be read
    /// from the stream any more.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Error> {
        match self.framing {
            Framing::Tcp => self.decode_stream(buffer),
            Framing::WebSocket => self.decode_message(buffer),
        }
    }

    /// Changes the limits, from the next byte on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.scanner.set_limits(limits);
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.scanner.limits()
    }

    /// Expects a new header (RFC 6120 §4.3.3). What is in the buffer belongs to the new stream, and nothing
    /// of it is lost.
    pub fn reset(&mut self) {
        self.scanner.reset();
        self.scope = Scope::outside(Some(self.content));
        self.lang = None;
        self.state = State::Start;
    }

    /// Has a frame begun that is not complete?
    pub fn is_inside_frame(&self) -> bool {
        self.scanner.is_inside() || matches!(self.state, State::Ending(_))
    }

    fn decode_stream(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Error> {
        loop {
            if !self.scanner.is_inside() && !matches!(self.state, State::Ending(_)) {
                let space = self.scanner.space_ahead(buffer);
                self.take(buffer, space);
                if buffer.is_empty() {
                    return Ok(None);
                }
            }
            match &mut self.state {
                State::Start => match declaration::length(buffer)? {
                    Some(length) => {
                        self.take(buffer, length);
                        self.state = State::Header;
                    }
                    None => return Ok(None),
                },
                State::Header => return self.header(buffer),
                State::Open(name) if !self.scanner.is_inside() => match end_tag(name, buffer)? {
                    EndTag::None => return self.element(buffer),
                    EndTag::Unclear => return Ok(None),
                    EndTag::Named(length) => self.state = State::Ending(length),
                },
                State::Open(_) => return self.element(buffer),
                State::Ending(seen) => {
                    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
                    *seen += buffer[*seen..].iter().take_while(|byte| space(byte)).count();
                    let seen = *seen;
                    match buffer.get(seen) {
                        Some(b'>') => {
                            self.take(buffer, seen + 1);
                            self.state = State::Closed;
                            return Ok(Some(Frame::Close));
                        }
                        Some(_) => return Err(Error::EndTag),
                        None if seen > self.limits().bytes => return Err(xml(Limit::Bytes)),
                        None => return Ok(None),
                    }
                }
                State::Closed => {
                    buffer.clear();
                    return Ok(None);
                }
            }
        }
    }

    fn take(&mut self, buffer: &mut BytesMut, length: usize) {
        if length != 0 {
            buffer.advance(length);
            self.scanner.consume(length);
        }
    }

    fn header(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Error> {
        let scanned = self.scanner.scan_start_tag(buffer, &self.scope).map_err(|error| match error {
            xml::Error::Syntax(Syntax::UndeclaredPrefix) => Error::Prefix,
            error => Error::Xml(error),
        });
        let Some(length) = scanned? else { return Ok(None) };
        let Opening { header, scope, name } = opening::tcp(&self.scanner, buffer, &self.scope, self.content)?;
        if buffer[length - 2] == b'/' {
            // An empty stream: legal XML, but nothing that could ever be used.
            return Err(Error::Header);
        }
        self.take(buffer, length);
        self.scope = scope;
        self.lang = header.lang.as_deref().map(Box::from);
        self.state = State::Open(name);
        Ok(Some(Frame::Open(header)))
    }

    fn element(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Error> {
        let scanned = self.scanner.scan(buffer, &self.scope);
        // The second header would never end: it has to be refused before it is complete.
        if !self.scanner.is_stanza() && self.scanner.name(buffer, &self.scope) == Some((ns::STREAM, "stream"))
        {
            return Err(Error::Reopened);
        }
        let Some(length) = scanned? else { return Ok(None) };
        let frame = self.frame(buffer)?;
        self.take(buffer, length);
        Ok(Some(frame))
    }

    /// The complete element at the start of `bytes`.
    fn frame(&self, bytes: &[u8]) -> Result<Frame, Error> {
        Ok(if self.scanner.is_stanza() {
            Frame::Stanza(Stanza::scanned(&self.scanner, bytes, &self.scope, self.lang.as_deref())?)
        } else {
            Frame::Nonza(Nonza::scanned(&self.scanner, bytes, &self.scope)?)
        })
    }

    fn decode_message(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Error> {
        if buffer.is_empty() || matches!(self.state, State::Closed) {
            buffer.clear();
            return Ok(None);
        }
        if buffer[0] != b'<' {
            return Err(Error::Message);
        }
        self.scanner.reset();
        let length = declaration::length(buffer)?.ok_or(Error::Xml(xml::Error::Incomplete))?;
        let space = self.scanner.space_ahead(&buffer[length..]);
        buffer.advance(length + space);
        let length = self.scanner.scan(buffer, &self.scope)?.ok_or(Error::Xml(xml::Error::Incomplete))?;
        let rest = &buffer[length..];
        if self.scanner.space_ahead(rest) != rest.len() {
            return Err(xml(xml::Error::Trailing));
        }
        let frame = self.message(buffer)?;
        self.scanner.reset();
        buffer.clear();
        Ok(Some(frame))
    }

    /// The element of a message.
    fn message(&mut self, bytes: &[u8]) -> Result<Frame, Error> {
        let opened = matches!(self.state, State::Open(_));
        match self.scanner.name(bytes, &self.scope) {
            Some((ns::FRAMING, "open")) if opened => return Err(Error::Reopened),
            Some((ns::FRAMING, "open")) => {
                let mut tag = Scanner::new(self.limits());
                tag.scan_start_tag(bytes, &self.scope)?;
                let header = opening::header(tag.attributes(bytes));
                self.lang = header.lang.as_deref().map(Box::from);
                self.state = State::Open(Box::default());
                return Ok(Frame::Open(header));
            }
            Some((ns::FRAMING, "close")) => {
                self.state = State::Closed;
                return Ok(Frame::Close);
            }
            // RFC 7395 §3.3.2 asks for this error.
            Some((_, "open" | "close")) if !opened => return Err(Error::Namespace),
            _ => {}
        }
        self.frame(bytes)
    }
}

enum EndTag {
    /// Something else starts here.
    None,
    /// More bytes are needed to tell.
    Unclear,
    /// It is the end tag of the stream up to its name, which is so long.
    Named(usize),
}

fn end_tag(name: &[u8], bytes: &[u8]) -> Result<EndTag, Error> {
    match bytes {
        [b'<'] => Ok(EndTag::Unclear),
        [b'<', b'/', rest @ ..] if rest.starts_with(name) => Ok(EndTag::Named(2 + name.len())),
        [b'<', b'/', rest @ ..] if name.starts_with(rest) => Ok(EndTag::Unclear),
        [b'<', b'/', ..] => Err(Error::EndTag),
        _ => Ok(EndTag::None),
    }
}

fn xml(error: impl Into<xml::Error>) -> Error {
    Error::Xml(error.into())
}
