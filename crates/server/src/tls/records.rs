//! TLS records in and out of buffers: rustls' state machine, driven. No sockets.

use std::io;

use bytes::BytesMut;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, ReadTraffic, UnbufferedStatus, WriteTraffic,
};

/// How far the records that were there have brought a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The handshake waits for the client.
    Handshaking,
    /// Data may flow.
    Open,
    /// The client sends no more data.
    Ended,
}

/// Does what the records at the start of `buffer` ask for: data is appended to `plain`, answers to `outgoing`. Says how
/// many bytes are done with; the rest has to come again, at the start, with more behind it.
pub(super) fn process(
    connection: &mut UnbufferedServerConnection,
    buffer: &mut [u8],
    outgoing: &mut Vec<u8>,
    plain: &mut BytesMut,
) -> (usize, Result<State, rustls::Error>) {
    let mut used = 0;
    loop {
        let UnbufferedStatus { mut discard, state } = connection.process_tls_records(&mut buffer[used..]);
        let reached = match state {
            Ok(ConnectionState::ReadTraffic(traffic)) => read(traffic, plain, &mut discard).err().map(Err),
            Ok(ConnectionState::EncodeTlsData(data)) => encode(data, outgoing).err().map(Err),
            // It is sent from `outgoing`, where everything is in order.
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                None
            }
            Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => Some(Ok(State::Ended)),
            Ok(ConnectionState::WriteTraffic(_)) => Some(Ok(State::Open)),
            Ok(ConnectionState::BlockedHandshake) => Some(Ok(State::Handshaking)),
            // Early data is never on.
            Ok(_) => Some(Err(rustls::Error::General("an unexpected state".to_owned()))),
            Err(error) => {
                alert(connection, outgoing);
                return (used, Err(error));
            }
        };
        used += discard;
        if let Some(reached) = reached {
            return (used, reached);
        }
    }
}

/// Appends the data of all records that are there.
fn read(
    mut traffic: ReadTraffic<'_, '_, ServerConnectionData>,
    plain: &mut BytesMut,
    discard: &mut usize,
) -> Result<(), rustls::Error> {
    while let Some(record) = traffic.next_record() {
        let record = record?;
        *discard += record.discard;
        plain.extend_from_slice(record.payload);
    }
    Ok(())
}

/// Encodes what the connection has to say of the error that it has just found.
fn alert(connection: &mut UnbufferedServerConnection, outgoing: &mut Vec<u8>) {
    while connection.wants_write() {
        let UnbufferedStatus { state, .. } = connection.process_tls_records(&mut []);
        let Ok(ConnectionState::EncodeTlsData(data)) = state else { return };
        if encode(data, outgoing).is_err() {
            return;
        }
    }
}

fn encode(
    mut data: EncodeTlsData<'_, ServerConnectionData>,
    outgoing: &mut Vec<u8>,
) -> Result<(), rustls::Error> {
    let unexpected = || rustls::Error::General("a record was not encoded".to_owned());
    let Err(EncodeError::InsufficientSize(needed)) = data.encode(&mut []) else { return Err(unexpected()) };
    let at = outgoing.len();
    outgoing.resize(at + needed.required_size, 0);
    data.encode(&mut outgoing[at..]).map(drop).map_err(|_| unexpected())
}

/// Encrypts `plain` into the start of `buffer`, which grows if need be, and says how long that is. `incoming` is what has not
/// come whole. What has to be sent before is appended to `outgoing`.
pub(super) fn encrypt(
    connection: &mut UnbufferedServerConnection,
    incoming: &mut Vec<u8>,
    outgoing: &mut Vec<u8>,
    plain: &[u8],
    buffer: &mut Vec<u8>,
) -> io::Result<usize> {
    with_traffic(connection, incoming, outgoing, |mut traffic| {
        grow(buffer, |buffer| traffic.encrypt(plain, buffer))
    })
}

/// Appends the record to `outgoing` by which the client learns that nothing more comes; nothing where the handshake was not done.
pub(super) fn say_farewell(
    connection: &mut UnbufferedServerConnection,
    incoming: &mut Vec<u8>,
    outgoing: &mut Vec<u8>,
) -> io::Result<()> {
    if connection.is_handshaking() {
        return Ok(());
    }
    let mut buffer = Vec::new();
    let length = with_traffic(connection, incoming, outgoing, |mut traffic| {
        grow(&mut buffer, |buffer| traffic.queue_close_notify(buffer))
    })?;
    outgoing.extend_from_slice(&buffer[..length]);
    Ok(())
}

/// Calls `write` when the connection takes data.
fn with_traffic<T>(
    connection: &mut UnbufferedServerConnection,
    incoming: &mut Vec<u8>,
    outgoing: &mut Vec<u8>,
    write: impl FnOnce(WriteTraffic<'_, ServerConnectionData>) -> io::Result<T>,
) -> io::Result<T> {
    loop {
        // With what is kept of the input, as rustls counts on being shown that again.
        let UnbufferedStatus { discard, state } = connection.process_tls_records(incoming);
        match state.map_err(io::Error::other)? {
            ConnectionState::WriteTraffic(traffic) => {
                incoming.drain(..discard);
                return write(traffic);
            }
            ConnectionState::EncodeTlsData(data) => encode(data, outgoing).map_err(io::Error::other)?,
            ConnectionState::TransmitTlsData(data) => data.done(),
            // Whatever was whole has been read.
            _ => return Err(io::ErrorKind::NotConnected.into()),
        }
        incoming.drain(..discard);
    }
}

fn grow(
    buffer: &mut Vec<u8>,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
) -> io::Result<usize> {
    match write(buffer) {
        Err(EncryptError::InsufficientSize(needed)) => {
            buffer.resize(needed.required_size, 0);
            write(buffer)
        }
        result => result,
    }
    .map_err(io::Error::other)
}
