//! A stream to another server: the machine of `stonechat-stream` with a connection.

use std::collections::VecDeque;
use std::io;

use bytes::BytesMut;
use stonechat_net::{Connection, Transport, Turn};
use stonechat_stanza::{Stanza, sm};
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Decoder, Framing, Limits};
use stonechat_stream::dialback::{Answer, Pair};
use stonechat_stream::negotiation::client;
use stonechat_stream::negotiation::peer::{
    Established, Outgoing, OutgoingAction, OutgoingConfig, OutgoingError,
};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::explain;
use super::failure::Failure;
use super::inward::weight;
use super::link::{OVERHEAD, size};
use super::said::Said;
use super::shake::Handshake;
use super::steps::Record;
use crate::connection::{LAST_WORDS, Socket};

/// So many things are heard before a stream is what it is opened for.
const MOST_EARLY: usize = 1000;

/// A stream to another server.
#[derive(Debug)]
pub(super) struct Conversation {
    /// `None` while hands are shaken.
    connection: Option<Connection<Socket>>,
    decoder: Decoder,
    machine: Outgoing,
    out: Said,
    /// What the machine has said at the end.
    last_words: BytesMut,
    input: BytesMut,
    /// What was read since this was last asked for, in bytes of the rate.
    read: usize,
    /// Why the machine was told to give up.
    failed: Option<Failure>,
    /// What may be read once the other server has let us in.
    limits: Limits,
    /// What has come before the stream was what it is opened for.
    early: VecDeque<Heard>,
    /// The bytes that this takes, and may take.
    early_bytes: usize,
    most_early: usize,
    record: Record,
}

/// What is heard on an established stream.
#[derive(Debug)]
pub(super) enum Heard {
    /// Nothing yet, but something was written, or read that is not whole.
    Nothing,
    /// The other server has handled so many stanzas.
    Acknowledged(u32),
    /// A stanza of the other server, and whether it is counted.
    Stanza(Stanza, bool),
    /// One whose `to` is no address, as [`Stanza`](Self::Stanza).
    Misaddressed(Stanza, bool),
    /// The other server asks how many of its stanzas were handled.
    AckWanted,
    /// It asks whether a key is ours.
    Judge { pair: Pair, stream: String, key: String },
    /// The stream is about to end, and is to be left.
    Leave,
}

impl Heard {
    /// What it takes while it is kept.
    fn size(&self) -> usize {
        match self {
            Self::Stanza(stanza, _) | Self::Misaddressed(stanza, _) => size(stanza),
            Self::Judge { pair, stream, key } => {
                let names = pair.sender.as_str().len() + pair.target.as_str().len();
                OVERHEAD + names + stream.len() + key.len()
            }
            Self::Nothing | Self::Acknowledged(_) | Self::AckWanted | Self::Leave => OVERHEAD,
        }
    }
}

/// What may be read of who has let us in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intake {
    pub(super) limits: Limits,
    /// Bytes of what comes while the stream is still being set up.
    pub(super) early: usize,
}

/// How far a stream came.
#[derive(Debug)]
pub(super) enum Reached {
    /// Stanzas may be sent.
    Established(Established),
    /// The question was answered.
    Answered(Answer),
}

impl Conversation {
    /// Begins a stream on a connection.
    pub(super) fn new(transport: Transport<Socket>, config: OutgoingConfig, intake: Intake) -> Self {
        Self {
            connection: Some(Connection::new(transport)),
            decoder: Decoder::new(Framing::Tcp, Content::Server, Limits::unauthenticated()),
            machine: Outgoing::new(config),
            out: Said::default(),
            last_words: BytesMut::new(),
            input: BytesMut::new(),
            read: 0,
            failed: None,
            limits: intake.limits,
            early: VecDeque::new(),
            early_bytes: 0,
            most_early: intake.early,
            record: Record::default(),
        }
    }

    /// Goes on until the stream is what it is opened for.
    pub(super) async fn negotiate(&mut self, handshake: &Handshake) -> Result<Reached, Failure> {
        self.record = handshake.record.clone();
        loop {
            if let Some(reached) = self.act(handshake).await? {
                return Ok(reached);
            }
            self.turn(self.out.has_few_words()).await?;
        }
    }

    /// Does what the machine asks for while the stream is set up.
    async fn act(&mut self, handshake: &Handshake) -> Result<Option<Reached>, Failure> {
        while let Some(action) = self.machine.next_action() {
            match action {
                OutgoingAction::Send(bytes) => self.out.word(&bytes),
                OutgoingAction::StartTls => self.shake(handshake).await?,
                OutgoingAction::Restart => {
                    self.record.done(|| explain::EXTERNAL.to_owned());
                    self.decoder.reset();
                }
                OutgoingAction::Established(established) => {
                    self.admit();
                    return Ok(Some(Reached::Established(established)));
                }
                OutgoingAction::Answered(answer) => return Ok(Some(Reached::Answered(answer))),
                OutgoingAction::Close(error) => return Err(self.failed.take().unwrap_or(error.into())),
                other => match heard(other, false) {
                    Some(heard) => self.keep_early(heard)?,
                    None => return Err(Failure::Stream(OutgoingError::Unsolicited)),
                },
            }
        }
        self.admit();
        Ok(None)
    }

    /// Once we are let in, stanzas may come that are longer than what was said before.
    fn admit(&mut self) {
        if self.machine.is_bidi() {
            self.decoder.set_limits(self.limits);
        }
    }

    /// What comes before we may send is handled when we may.
    fn keep_early(&mut self, heard: Heard) -> Result<(), Failure> {
        self.early_bytes += heard.size();
        if self.early_bytes > self.most_early || self.early.len() >= MOST_EARLY {
            self.failed = Some(Failure::Early);
            self.machine.give_up(Some(StreamError::resource_constraint()));
            return Ok(());
        }
        self.early.push_back(heard);
        Ok(())
    }

    /// Does what the machine asks for on an established stream, until something is heard.
    fn next_heard(&mut self) -> Result<Option<Heard>, Failure> {
        let mut said = BytesMut::new();
        let heard = loop {
            match self.machine.next_action() {
                Some(OutgoingAction::Send(bytes)) => said.extend_from_slice(&bytes),
                Some(OutgoingAction::Close(error)) => {
                    // In the middle of a stanza nothing else can be said.
                    if self.out.bytes.is_empty() {
                        self.last_words = said;
                    }
                    return Err(self.failed.take().unwrap_or(error.into()));
                }
                Some(other) => match heard(other, true) {
                    Some(heard) => break Some(heard),
                    None => return Err(Failure::Stream(OutgoingError::Unsolicited)),
                },
                None => break None,
            }
        };
        self.out.word(&said);
        Ok(heard)
    }

    async fn shake(&mut self, handshake: &Handshake) -> Result<(), Failure> {
        while self.has_to_write() {
            self.write_turn().await?;
        }
        self.record.done(|| "the server speaks XMPP and begins TLS".to_owned());
        let transport = self.connection.take().map(Connection::into_transport);
        let Some(Transport::Tcp(stream)) = transport else { return Err(gone()) };
        let transport = handshake.shake(stream, false).await?;
        self.connection = Some(Connection::new(transport));
        self.decoder = Decoder::new(Framing::Tcp, Content::Server, Limits::unauthenticated());
        self.input.clear();
        self.machine.tls_established();
        Ok(())
    }

    /// Whether something is to be written.
    pub(super) fn has_to_write(&self) -> bool {
        !self.out.bytes.is_empty()
            || self.connection.as_ref().is_some_and(|connection| !connection.is_flushed())
    }

    /// Writes some of what is to be written, of which there has to be something. Cancel safe.
    pub(super) async fn write_turn(&mut self) -> Result<(), Failure> {
        let connection = self.connection.as_mut().ok_or_else(gone)?;
        connection.turn(&mut self.out.bytes, None).await.map(drop).map_err(broken)
    }

    /// Writes, or reads where that is wanted and has the machine take what has come, whichever can be done first. Cancel safe.
    async fn turn(&mut self, reads: bool) -> Result<(), Failure> {
        if reads && self.frame() {
            return Ok(());
        }
        let connection = self.connection.as_mut().ok_or_else(gone)?;
        let input = reads.then_some(&mut self.input);
        match connection.turn(&mut self.out.bytes, input).await.map_err(broken)? {
            Turn::End => Err(Failure::Broken("the server closed it".to_owned())),
            Turn::Written | Turn::Read => Ok(()),
        }
    }

    /// Has the machine take one frame of what has come; what that leads to may change how the next is to be read. False when there is
    /// none.
    fn frame(&mut self) -> bool {
        match self.decoder.decode(&mut self.input) {
            Ok(Some(frame)) => {
                explain::heard(&frame, &self.record);
                self.read += weight(&frame);
                self.machine.frame(frame, self.input.len());
            }
            Ok(None) => return false,
            Err(error) => {
                self.failed = Some(Failure::Unreadable(error));
                self.machine.give_up(Some(error.into()));
            }
        }
        true
    }

    /// Writes, or takes what has come on an established stream, if it is to be read now. Cancel safe.
    pub(super) async fn listen(&mut self, reads: bool) -> Result<Heard, Failure> {
        if let Some(heard) = self.next_heard()? {
            // In order: it has come behind what is there.
            self.early.push_back(heard);
        }
        let reads = reads && self.out.has_few_words();
        if reads && let Some(heard) = self.early.pop_front() {
            return Ok(heard);
        }
        self.turn(reads).await?;
        Ok(self.next_heard()?.unwrap_or(Heard::Nothing))
    }

    /// What was read since this was last asked for, in bytes of the rate at which the other server may send.
    pub(super) fn take_read(&mut self) -> usize {
        std::mem::take(&mut self.read)
    }

    /// Whether stanzas of the other server come on it, too.
    pub(super) fn is_bidi(&self) -> bool {
        self.machine.is_bidi()
    }

    /// Tells the other server how many of its stanzas were handled.
    pub(super) fn acknowledge(&mut self, handled: u32) {
        self.machine.acknowledge(handled);
    }

    /// Tells it whether a key is ours.
    pub(super) fn judged(&mut self, pair: &Pair, stream: &str, answer: Answer) {
        self.machine.judged(pair, stream, answer);
    }

    /// Closes the stream; what comes until the other server closes it, too, is still to be [heard](Self::listen).
    pub(super) fn finish(&mut self) {
        self.machine.finish();
    }

    /// Appends a stanza to what is to be written, and says how many bytes it takes.
    pub(super) fn write(&mut self, stanza: &Stanza) -> usize {
        let mut bytes = Vec::with_capacity(stanza.payload_bytes().len() + 256);
        Framing::Tcp.write_stanza(stanza, &mut bytes);
        self.out.stanza(&bytes);
        bytes.len()
    }

    /// Asks the other server what it has handled.
    pub(super) fn ask(&mut self) {
        self.out.word(sm::REQUEST);
    }

    /// How many bytes were not written.
    pub(super) fn unwritten(&self) -> usize {
        self.out.bytes.len()
    }

    /// How many ever were.
    pub(super) fn written(&self) -> u64 {
        self.out.written()
    }

    /// As [`close`](Self::close), without what was to be written, which goes another way.
    pub(super) async fn discard(mut self, error: Option<StreamError>) {
        // In the middle of a stanza nothing else can be said.
        if self.out.bytes.is_empty() {
            self.out.word(&self.last_words);
            self.close(error).await;
        }
    }

    /// Writes what is still to be said, closes the stream, and the connection.
    pub(super) async fn close(mut self, error: Option<StreamError>) {
        self.machine.give_up(error);
        while let Some(action) = self.machine.next_action() {
            if let OutgoingAction::Send(bytes) = action {
                self.out.word(&bytes);
            }
        }
        let Some(connection) = self.connection.take() else { return };
        let (mut transport, mut out) = (connection.into_transport(), self.out.bytes);
        let farewell = async {
            transport.write_all_buf(&mut out).await?;
            transport.shutdown().await
        };
        // Whether the other server hears it does not matter any more.
        drop(timeout(LAST_WORDS, farewell).await);
    }
}

/// What is heard by an action that needs no more than that.
fn heard(action: OutgoingAction, counts: bool) -> Option<Heard> {
    match action {
        OutgoingAction::Acknowledged(handled) => Some(Heard::Acknowledged(handled)),
        OutgoingAction::Stanza(stanza) => Some(Heard::Stanza(stanza, counts)),
        OutgoingAction::Misaddressed(stanza) => Some(Heard::Misaddressed(stanza, counts)),
        OutgoingAction::AckWanted => Some(Heard::AckWanted),
        OutgoingAction::Judge { pair, stream, key } => Some(Heard::Judge { pair, stream, key }),
        _ => None,
    }
}

fn broken(error: io::Error) -> Failure {
    Failure::Broken(error.to_string())
}

/// There is no connection, or none that TLS could be begun on: a mistake of the machine's.
fn gone() -> Failure {
    Failure::Stream(OutgoingError::Stream(client::Error::OutOfTurn))
}
