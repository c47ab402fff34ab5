//! A connection with the server.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use stonechat_net::{Connection, Transport, Turn};
use stonechat_stanza::Stanza;
use stonechat_stream::codec::{Content, Decoder, Framing, Limits};
use stonechat_stream::negotiation::component::{Connecting, ConnectingAction};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Error;
use crate::driver::Server;

/// How long a connection that is given up has to take what was still to be said.
const FAREWELL: Duration = Duration::from_secs(5);
/// While so many bytes wait to be written, nothing more is taken.
const WRITE: usize = 64 << 10;

/// What has happened on a stream.
pub(crate) enum Heard {
    Established,
    Stanza(Stanza),
}

/// A connection with the server, and the stream on it.
pub(crate) struct Open {
    connection: Connection,
    decoder: Decoder,
    machine: Connecting,
    out: BytesMut,
    input: BytesMut,
    /// Since when there is the connection.
    pub(crate) since: Instant,
    /// When something was written.
    pub(crate) spoke: Instant,
}

impl Open {
    pub(crate) fn new(stream: TcpStream, server: &Server) -> Self {
        let now = Instant::now();
        Self {
            connection: Connection::new(Transport::Tcp(stream)),
            decoder: Decoder::new(Framing::Tcp, Content::Component, Limits::authenticated()),
            machine: Connecting::new(&server.domain, server.secret.clone()),
            out: BytesMut::new(),
            input: BytesMut::new(),
            since: now,
            spoke: now,
        }
    }

    /// Whether stanzas may be sent.
    pub(crate) fn is_established(&self) -> bool {
        self.machine.is_established()
    }

    /// Whether more can be taken to be written.
    pub(crate) fn has_room(&self) -> bool {
        self.out.len() < WRITE
    }

    /// What has happened on the stream; `None` when more has to come.
    ///
    /// # Errors
    /// The end of the stream.
    pub(crate) fn next(&mut self) -> Result<Option<Heard>, Error> {
        loop {
            while let Some(action) = self.machine.next_action() {
                match action {
                    ConnectingAction::Send(bytes) => self.out.extend_from_slice(&bytes),
                    ConnectingAction::Established => return Ok(Some(Heard::Established)),
                    ConnectingAction::Stanza(stanza) => return Ok(Some(Heard::Stanza(stanza))),
                    ConnectingAction::Close(error) => return Err(error.into()),
                    _ => {}
                }
            }
            match self.decoder.decode(&mut self.input) {
                Ok(Some(frame)) => self.machine.frame(frame),
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.machine.error(error.into());
                    self.drain();
                    return Err(error.into());
                }
            }
        }
    }

    /// Takes what the machine still has to say.
    fn drain(&mut self) {
        while let Some(action) = self.machine.next_action() {
            if let ConnectingAction::Send(bytes) = action {
                self.out.extend_from_slice(&bytes);
            }
        }
    }

    pub(crate) fn send(&mut self, stanza: &Stanza) {
        let mut bytes = Vec::with_capacity(stanza.payload_bytes().len() + 256);
        Framing::Tcp.write_stanza(stanza, &mut bytes);
        self.out.extend_from_slice(&bytes);
    }

    /// White space, so that a dead connection is found out.
    pub(crate) fn say_nothing(&mut self) {
        self.out.extend_from_slice(b" ");
    }

    /// Writes, or reads if that is wanted. Cancel safe.
    ///
    /// # Errors
    /// The broken connection.
    pub(crate) async fn turn(&mut self, reads: bool) -> Result<(), Error> {
        match self.connection.turn(&mut self.out, reads.then_some(&mut self.input)).await? {
            Turn::End => Err(Error::Cut),
            Turn::Written => {
                self.spoke = Instant::now();
                Ok(())
            }
            Turn::Read => Ok(()),
        }
    }

    /// Says what is still to be said, and ends stream and connection.
    pub(crate) async fn close(mut self) {
        self.machine.finish();
        self.drain();
        let mut transport = self.connection.into_transport();
        let farewell = async {
            transport.write_all_buf(&mut self.out).await?;
            transport.shutdown().await
        };
        // Whether the server hears it does not matter any more.
        drop(timeout(FAREWELL, farewell).await);
    }
}
