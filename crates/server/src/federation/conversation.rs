//! A stream to another server: the machine of `stonechat-stream` with a connection.

use std::io;

use bytes::BytesMut;
use stonechat_net::{Connection, Transport, Turn};
use stonechat_stanza::{Stanza, sm};
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};
use stonechat_stream::dialback::Answer;
use stonechat_stream::negotiation::client;
use stonechat_stream::negotiation::peer::{
    Established, Outgoing, OutgoingAction, OutgoingConfig, OutgoingError,
};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::explain;
use super::failure::Failure;
use super::shake::Handshake;
use super::steps::Record;
use crate::connection::{LAST_WORDS, Socket};

/// A stream to another server.
#[derive(Debug)]
pub(super) struct Conversation {
    /// `None` while hands are shaken.
    connection: Option<Connection<Socket>>,
    decoder: Decoder,
    machine: Outgoing,
    out: BytesMut,
    input: BytesMut,
    /// Why the machine was told to give up.
    failed: Option<Failure>,
    /// What the other server has last said to have handled.
    acknowledged: Option<u32>,
    record: Record,
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
    pub(super) fn new(transport: Transport<Socket>, config: OutgoingConfig) -> Self {
        Self {
            connection: Some(Connection::new(transport)),
            decoder: Decoder::new(Framing::Tcp, Content::Server, Limits::unauthenticated()),
            machine: Outgoing::new(config),
            out: BytesMut::new(),
            input: BytesMut::new(),
            failed: None,
            acknowledged: None,
            record: Record::default(),
        }
    }

    /// Goes on until the stream is what it is opened for.
    pub(super) async fn negotiate(&mut self, handshake: &Handshake) -> Result<Reached, Failure> {
        self.record = handshake.record.clone();
        loop {
            if let Some(reached) = self.act(Some(handshake)).await? {
                return Ok(reached);
            }
            self.turn().await?;
        }
    }

    /// Does what the machine asks for.
    async fn act(&mut self, handshake: Option<&Handshake>) -> Result<Option<Reached>, Failure> {
        while let Some(action) = self.machine.next_action() {
            match action {
                OutgoingAction::Send(bytes) => self.out.extend_from_slice(&bytes),
                OutgoingAction::StartTls => match handshake {
                    Some(handshake) => self.shake(handshake).await?,
                    None => return Err(gone()),
                },
                OutgoingAction::Restart => {
                    self.record.done(|| explain::EXTERNAL.to_owned());
                    self.decoder.reset();
                }
                OutgoingAction::Established(established) => {
                    return Ok(Some(Reached::Established(established)));
                }
                OutgoingAction::Acknowledged(handled) => self.acknowledged = Some(handled),
                OutgoingAction::Answered(answer) => return Ok(Some(Reached::Answered(answer))),
                OutgoingAction::Close(error) => return Err(self.failed.take().unwrap_or(error.into())),
                _ => return Err(Failure::Stream(OutgoingError::Unsolicited)),
            }
        }
        Ok(None)
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

    fn has_to_write(&self) -> bool {
        !self.out.is_empty() || self.connection.as_ref().is_some_and(|connection| !connection.is_flushed())
    }

    /// Writes some of what is to be written, of which there has to be something. Cancel safe.
    pub(super) async fn write_turn(&mut self) -> Result<(), Failure> {
        let connection = self.connection.as_mut().ok_or_else(gone)?;
        connection.turn(&mut self.out, None).await.map(drop).map_err(broken)
    }

    /// Writes, or reads and has the machine take what has come, whichever can be done first. Cancel safe.
    pub(super) async fn turn(&mut self) -> Result<(), Failure> {
        if self.frame() {
            return Ok(());
        }
        let connection = self.connection.as_mut().ok_or_else(gone)?;
        match connection.turn(&mut self.out, Some(&mut self.input)).await.map_err(broken)? {
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

    /// Writes, or takes what has come on an established stream: how much the other server has handled, if it says so, and that it ends.
    /// Cancel safe.
    pub(super) async fn listen(&mut self) -> Result<Option<u32>, Failure> {
        self.turn().await?;
        match self.act(None).await? {
            None => Ok(self.acknowledged.take()),
            Some(_) => Err(Failure::Stream(OutgoingError::Unsolicited)),
        }
    }

    /// Appends a stanza to what is to be written, and says how many bytes it takes.
    pub(super) fn write(&mut self, stanza: &Stanza) -> usize {
        let mut bytes = Vec::with_capacity(stanza.payload_bytes().len() + 256);
        Framing::Tcp.write_stanza(stanza, &mut bytes);
        self.out.extend_from_slice(&bytes);
        bytes.len()
    }

    /// Asks the other server what it has handled.
    pub(super) fn ask(&mut self) {
        self.out.extend_from_slice(sm::REQUEST);
    }

    /// How many bytes were not written.
    pub(super) fn unwritten(&self) -> usize {
        self.out.len()
    }

    /// As [`close`](Self::close), without what was to be written, which goes another way.
    pub(super) async fn discard(self, error: Option<StreamError>) {
        // In the middle of a stanza nothing else can be said.
        if self.out.is_empty() {
            self.close(error).await;
        }
    }

    /// Writes what is still to be said, closes the stream, and the connection.
    pub(super) async fn close(mut self, error: Option<StreamError>) {
        self.say_end(error);
        let Some(connection) = self.connection.take() else { return };
        let (mut transport, mut out) = (connection.into_transport(), self.out);
        let farewell = async {
            transport.write_all_buf(&mut out).await?;
            transport.shutdown().await
        };
        // Whether the other server hears it does not matter any more.
        drop(timeout(LAST_WORDS, farewell).await);
    }

    /// Closes a stream on which all is said, in the order of RFC 6120 §4.4: the other server closes its side, too, or has had the time to,
    /// before the connection ends.
    pub(super) async fn finish(mut self) {
        self.say_end(None);
        // Whatever is wrong now, it is over.
        drop(timeout(LAST_WORDS, self.closed()).await);
        let Some(connection) = self.connection.take() else { return };
        drop(timeout(LAST_WORDS, connection.into_transport().shutdown()).await);
    }

    /// Returns when all is written and the other server has closed its side.
    async fn closed(&mut self) -> Result<(), Failure> {
        while self.has_to_write() {
            self.write_turn().await?;
        }
        loop {
            match self.decoder.decode(&mut self.input) {
                Ok(Some(Frame::Close)) => return Ok(()),
                // Nothing that it can say here is to be answered.
                Ok(Some(_)) => {}
                Ok(None) => {
                    let connection = self.connection.as_mut().ok_or_else(gone)?;
                    let turn = connection.turn(&mut self.out, Some(&mut self.input)).await.map_err(broken)?;
                    if turn == Turn::End {
                        return Ok(());
                    }
                }
                Err(error) => return Err(Failure::Unreadable(error)),
            }
        }
    }

    fn say_end(&mut self, error: Option<StreamError>) {
        self.machine.give_up(error);
        while let Some(action) = self.machine.next_action() {
            if let OutgoingAction::Send(bytes) = action {
                self.out.extend_from_slice(&bytes);
            }
        }
    }
}

fn broken(error: io::Error) -> Failure {
    Failure::Broken(error.to_string())
}

/// There is no connection, or none that TLS could be begun on: a mistake of the machine's.
fn gone() -> Failure {
    Failure::Stream(OutgoingError::Stream(client::Error::OutOfTurn))
}
