//! Where stanzas arrive.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use stonechat_stanza::{Kind, Stanza, iq, message};
use stonechat_stream::codec::Frame;

use super::{Control, Progress};
use crate::client::{Reader, Word, Writer, acknowledgement};
use crate::load::Stamp;
use crate::{Error, Result};

/// A connection of which is read.
pub(super) struct Side {
    reader: Reader,
    writer: Writer,
    /// What the server has asked for and does not have yet.
    answers: Vec<u8>,
}

impl Side {
    pub(super) fn new(reader: Reader, writer: Writer) -> Self {
        Self { reader, writer, answers: Vec::new() }
    }

    /// The next frame of what was read that is about something else than acknowledgements.
    fn frame(&mut self, progress: &Progress) -> Result<Option<Frame>> {
        while let Some(frame) = self.reader.frame()? {
            let Frame::Nonza(nonza) = &frame else { return Ok(Some(frame)) };
            match Word::read(nonza) {
                Some(Word::Request) => {
                    let handled = self.reader.handled().unwrap_or_default();
                    self.answers.extend(acknowledgement(handled));
                }
                Some(Word::Acknowledged(handled)) => progress.acknowledge(handled),
                None => return Ok(Some(frame)),
            }
        }
        Ok(None)
    }

    /// Answers, and waits for more.
    async fn fill(&mut self) -> Result<()> {
        if !self.answers.is_empty() {
            self.writer.send(&self.answers).await?;
            self.answers.clear();
        }
        self.reader.fill().await
    }
}

/// Receives the stanzas of a flow as one of its receivers, until the stream is closed or something is wrong.
pub(super) async fn receive(mut side: Side, progress: Arc<Progress>, control: Arc<Control>) -> Result<()> {
    let mut expected = 0;
    loop {
        let before = expected;
        let measuring = control.measuring.load(Ordering::Relaxed);
        let mut ages = Vec::new();
        while let Some(frame) = side.frame(&progress)? {
            if control.is_over(&frame) {
                return Ok(());
            }
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
        side.fill().await?;
    }
}

/// Reads what a sender is told, until the stream is closed or it is told of an error.
pub(super) async fn drain(mut side: Side, progress: Arc<Progress>, control: Arc<Control>) -> Result<()> {
    loop {
        while let Some(frame) = side.frame(&progress)? {
            if control.is_over(&frame) {
                return Ok(());
            }
            stamp(&frame)?;
        }
        side.fill().await?;
    }
}

impl Control {
    /// Whether a frame is the end that was asked for.
    fn is_over(&self, frame: &Frame) -> bool {
        matches!(frame, Frame::Close) && self.closing.load(Ordering::Acquire)
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
