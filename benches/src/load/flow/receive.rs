//! Where stanzas arrive.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use stonechat_stanza::{Kind, Stanza, iq, message};
use stonechat_stream::codec::Frame;

use super::{Control, Progress};
use crate::client::Reader;
use crate::load::Stamp;
use crate::{Error, Result};

/// Receives the stanzas of a flow as one of its receivers, until something is wrong.
pub(super) async fn receive(mut reader: Reader, progress: &Progress, control: &Control) -> Result<()> {
    let mut expected = 0;
    loop {
        let before = expected;
        let measuring = control.measuring.load(Ordering::Relaxed);
        let mut ages = Vec::new();
        while let Some(frame) = reader.frame()? {
            let Some(stamp) = stamp(&frame)? else { continue };
            if stamp.number != expected {
                return Err(Error::Delivery(format!("stanza {} came in place of {expected}", stamp.number)));
            }
            expected += 1;
            if measuring {
                ages.push(stamp.age());
            }
        }
        if expected > before {
            progress.arrive(before..expected);
            if !ages.is_empty() {
                let mut latencies = control.latencies.lock().unwrap_or_else(PoisonError::into_inner);
                ages.into_iter().for_each(|age| latencies.record(age));
            }
        }
        reader.fill().await?;
    }
}

/// Reads what a sender is told, until it is told of an error.
pub(super) async fn drain(mut reader: Reader) -> Result<()> {
    loop {
        while let Some(frame) = reader.frame()? {
            stamp(&frame)?;
        }
        reader.fill().await?;
    }
}

/// The stamp of a frame, if it is one of ours.
///
/// # Errors
/// When it says that something came back, or that the stream ends.
pub(crate) fn stamp(frame: &Frame) -> Result<Option<Stamp>> {
    match frame {
        Frame::Stanza(stanza) if is_error(stanza) => Err(Error::Delivery(format!("came back: {stanza}"))),
        Frame::Stanza(stanza) => Ok(Stamp::find(stanza)),
        Frame::Close => Err(Error::Server("the server closed the stream".to_owned())),
        Frame::Nonza(nonza) => Err(Error::Server(format!("the server sent {nonza:?}"))),
        Frame::Open(_) => Ok(None),
    }
}

fn is_error(stanza: &Stanza) -> bool {
    matches!(stanza.kind(), Kind::Message(message::Type::Error) | Kind::Iq(iq::Type::Error))
}
