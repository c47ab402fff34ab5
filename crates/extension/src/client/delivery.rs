//! What becomes of a stanza that was sent.

use stonechat_stanza::StanzaError;
use tokio::sync::watch;

/// Why a stanza did not arrive, or may not have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// An extension did not let it leave.
    #[error("not sent: {0}")]
    Refused(StanzaError),
    /// It is larger than may wait to be sent.
    #[error("the stanza is too large")]
    TooLarge,
    /// It was sent, and the session ended before the server acknowledged it: nobody knows whether it arrived.
    #[error("the session ended before the server acknowledged the stanza")]
    Unknown,
    /// It was not sent before the client was closed.
    #[error("the client was closed before the stanza was sent")]
    Closed,
}

/// How far a stanza has got.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It waits to be sent.
    Queued,
    /// It was written to the connection. Without stream management nothing more is ever known.
    Sent,
    /// The server has it, and answers for it (XEP-0198 §4).
    Acknowledged,
    /// It did not arrive, or may not have.
    Failed(SendError),
}

/// Follows a stanza on its way to the server. May be dropped without consequence.
#[derive(Debug, Clone)]
pub struct Delivery(watch::Receiver<Progress>);

impl Delivery {
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.0.borrow().clone()
    }

    /// Waits until it was written to the connection. Cancel safe.
    ///
    /// # Errors
    /// [`SendError`] when it will not be.
    pub async fn sent(&mut self) -> Result<(), SendError> {
        self.reach(|progress| matches!(progress, Progress::Sent | Progress::Acknowledged)).await
    }

    /// Waits until the server has it. Where the server has no stream management, that is never: then as [`Delivery::sent`]. Cancel safe.
    ///
    /// # Errors
    /// [`SendError`] when it did not arrive or may not have.
    pub async fn acknowledged(&mut self) -> Result<(), SendError> {
        self.reach(|progress| *progress == Progress::Acknowledged).await
    }

    async fn reach(&mut self, enough: impl Fn(&Progress) -> bool) -> Result<(), SendError> {
        let end = |progress: &Progress| enough(progress) || matches!(progress, Progress::Failed(_));
        let reached = self.0.wait_for(end).await.map(|progress| progress.clone());
        match reached.unwrap_or_else(|_| self.progress()) {
            Progress::Failed(error) => Err(error),
            // Nobody follows it any more: the client ended, or has no way to learn more of it.
            Progress::Queued => Err(SendError::Closed),
            Progress::Sent | Progress::Acknowledged => Ok(()),
        }
    }
}

/// The end of a [`Delivery`] that the core holds.
#[derive(Debug)]
pub struct Tracker(watch::Sender<Progress>);

impl Tracker {
    /// A stanza that waits, and who follows it.
    #[must_use]
    pub fn new() -> (Self, Delivery) {
        let (sender, receiver) = watch::channel(Progress::Queued);
        (Self(sender), Delivery(receiver))
    }

    /// Tells how far it is. A stanza that is sent again stays as far as it was.
    pub fn tell(&self, progress: Progress) {
        self.0.send_if_modified(|now| {
            let changed = *now != progress;
            *now = progress;
            changed
        });
    }
}
