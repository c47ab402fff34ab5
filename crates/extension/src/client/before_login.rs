//! What is said to a server before anybody has logged in.

use stonechat_stanza::{Element, Stanza};

use super::RequestError;

/// A stream whose server has shown its features, and on which nobody has logged in: what the core gives to extensions that have something to ask
/// there, such as for an account. TLS is there wherever it has to be.
pub trait BeforeLogin: Send {
    /// The features that the server has shown.
    fn features(&self) -> &[Element];

    /// Asks the server something, an IQ of type `get` or `set`, and waits for the answer. It gets an id of ours.
    ///
    /// # Errors
    /// [`RequestError`]; [`RequestError::Lost`] when the stream is over.
    fn exchange(&mut self, request: Stanza) -> impl Future<Output = Result<Stanza, RequestError>> + Send;
}
