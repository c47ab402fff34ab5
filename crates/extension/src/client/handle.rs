//! How tasks and the application reach the client.

use std::time::Duration;

use stonechat_jid::Jid;
use stonechat_stanza::{Element, Stanza, StanzaError};
use tokio::sync::{mpsc, oneshot};

use super::{Closed, Delivery, Event, EventBody, Query, RequestError, Tracker};

/// How long a request waits for its answer unless something else is asked for.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What is asked of the core.
#[derive(Debug)]
pub enum Command {
    /// Send this, and tell how it fares.
    Send(Stanza, Tracker),
    /// Send this element, which is no stanza, on the present stream.
    Element(Element),
    /// Ask this, and give the answer.
    Request(Stanza, Duration, oneshot::Sender<Result<Stanza, RequestError>>),
    /// Put this among the application's events.
    Emit(Event),
}

/// The commands that wait for the core; made by [`channel`].
#[derive(Debug)]
pub struct Commands(mpsc::Receiver<Command>);

impl Commands {
    /// The next command; `None` when nobody can give one any more. Cancel safe.
    pub async fn next(&mut self) -> Option<Command> {
        self.0.recv().await
    }

    /// The next command, if there is one.
    pub fn try_next(&mut self) -> Option<Command> {
        self.0.try_recv().ok()
    }

    /// Takes no more commands; those that wait can still be had.
    pub fn close(&mut self) {
        self.0.close();
    }
}

/// Reaches a client from anywhere: cheap to clone, for tasks of extensions and for the application.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    timeout: Duration,
}

/// A handle, and the commands that it gives. At most `capacity` wait, at least one; who gives more waits.
#[must_use]
pub fn channel(capacity: usize) -> (Handle, Commands) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    (Handle { commands: sender, timeout: DEFAULT_TIMEOUT }, Commands(receiver))
}

impl Handle {
    /// The same, but whose requests wait so long for their answers.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Queues a stanza; waits while the queue is full. While there is no connection, it waits for the next one. Cancel safe: it is either
    /// queued or not.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn send(&self, stanza: Stanza) -> Result<Delivery, Closed> {
        let (tracker, delivery) = Tracker::new();
        self.give(Command::Send(stanza, tracker)).await?;
        Ok(delivery)
    }

    /// Sends an element that is no stanza, as extensions of the stream have them, ahead of stanzas that wait. It belongs to the present
    /// stream: without a session it is dropped, and after a break it is not sent again. Waits while too much is to be written. Cancel safe:
    /// it is either given or not.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn send_element(&self, element: Element) -> Result<(), Closed> {
        self.give(Command::Element(element)).await
    }

    /// Asks `to`, or the own account with `None`, and waits for the answer. It is taken from whom was asked only. Cancel safe: who does not
    /// wait any longer gets no answer, but the request may be carried out.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request<Q: Query>(&self, to: Option<Jid>, query: &Q) -> Result<Q::Answer, RequestError> {
        let mut request = Stanza::iq(Q::KIND).with(query);
        request.set_to(to);
        Ok(Q::read(&self.exchange(request).await?)?)
    }

    /// As [`Handle::request`], for an IQ of type `get` or `set` as it is. It gets an id of ours.
    ///
    /// # Errors
    /// [`RequestError`]; [`RequestError::NotSent`] when it is no request.
    pub async fn exchange(&self, request: Stanza) -> Result<Stanza, RequestError> {
        if !super::requests::is_request(&request) {
            return Err(RequestError::NotSent(StanzaError::bad_request()));
        }
        let (sender, answer) = oneshot::channel();
        self.give(Command::Request(request, self.timeout, sender)).await?;
        answer.await.map_err(|_| RequestError::Closed)?
    }

    /// Puts an event into the application's stream of events. Cancel safe.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn emit(&self, event: impl EventBody) -> Result<(), Closed> {
        self.give(Command::Emit(Event::new(event))).await
    }

    /// Whether the client is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.commands.is_closed()
    }

    async fn give(&self, command: Command) -> Result<(), Closed> {
        self.commands.send(command).await.map_err(|_| Closed)
    }
}
