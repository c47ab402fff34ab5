//! The kinds of handler that take part in a login.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_stanza::Element;
use zeroize::Zeroizing;

use super::{Claim, Failed, Login, Offer, Succeeded, Word};
use crate::{Cx, HandlerError, Session};

/// A way to speak of SASL (a profile by RFC 4422 §4) beside that of RFC 6120, which the core speaks itself. It translates, and keeps
/// nothing; it is spoken under TLS only.
pub trait Profile: Send + Sync + 'static {
    /// The stream feature that offers it; `inline` are the [inline features](InlineFeature). It is kept for all streams with the
    /// same offer.
    fn feature(&self, offer: &Offer<'_>, inline: Vec<Element>) -> Element;

    /// Reads an element of the profile's namespace; `None` if it is none that a client sends.
    fn read(&self, element: &Element) -> Option<Result<Word, Failed>>;

    /// The mechanism's next message.
    fn challenge(&self, data: &[u8]) -> Element;

    /// The client has authenticated.
    fn success(&self, success: Succeeded) -> Element;

    /// The client has not.
    fn failure(&self, failed: &Failed) -> Element;
}

/// Tells in the feature of a [`Profile`] what a client can ask for together with its login.
pub trait InlineFeature: Send + Sync + 'static {
    /// The feature on a stream with this offer, if it can be had there. It is kept for all streams with the same offer.
    fn inline_feature(&self, offer: &Offer<'_>) -> Option<Element>;
}

/// A token that would prove a claim; wiped when dropped.
pub type Secret = Zeroizing<String>;

/// Owns the tokens with which clients may prove who they are in the place of a password.
///
/// Whether the account exists and may log in, and the slowing down of guesses, are seen to by the core, which also asks for the
/// tokens of accounts that do not exist, so that this takes as long. On an error the client gets `temporary-auth-failure`.
#[async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// The tokens that would prove the claim, few of them; none if nothing would.
    ///
    /// # Errors
    /// Logged and counted; the client is refused.
    async fn secrets(&self, cx: &mut Cx<'_>, claim: &Claim) -> Result<Vec<Secret>, HandlerError>;

    /// The client has proved to have this one of them. Why it is refused all the same, say because the token has expired or was used
    /// meanwhile; `None` if it is let in.
    ///
    /// # Errors
    /// Logged and counted; the client is refused.
    async fn accept(
        &self,
        cx: &mut Cx<'_>,
        claim: &Claim,
        secret: &Secret,
    ) -> Result<Option<Failed>, HandlerError>;
}

/// What came of a request to have an earlier session back.
#[derive(Debug, Clone, Default)]
pub struct Resumption {
    /// The session, of the login's account, which has no connection any more and now gets this one; `None` if there is none to be had.
    pub session: Option<Arc<Session>>,
    /// What the client is told in either case.
    pub answer: Option<Element>,
}

/// Owns a request that gives a client an earlier session back in the place of a new one.
#[async_trait]
pub trait Resume: Send + Sync + 'static {
    /// Gives the session back. Where that fails a request to [`Bind`] is heeded, and else ignored (XEP-0386 §3.2).
    ///
    /// # Errors
    /// Logged and counted; there is neither session nor answer.
    async fn resume(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        request: &Element,
    ) -> Result<Resumption, HandlerError>;
}

/// Owns a request for a new session. The children of the request that are of other namespaces are what is to be done
/// [at the bind](AtBind).
pub trait Bind: Send + Sync + 'static {
    /// The resource that the session gets; `None` for one that cannot be guessed.
    fn resource(&self, login: &Login, request: &Element) -> Option<String>;

    /// The session is bound, [`Cx::session`] is it. `answers` are those of what was done at the bind; the result is what the client
    /// is told.
    fn bound(&self, cx: &mut Cx<'_>, login: &Login, request: &Element, answers: Vec<Element>) -> Element;
}

/// Does what a client wants done when its session is bound, before anything can be sent to it.
#[async_trait]
pub trait AtBind: Send + Sync + 'static {
    /// Does it for [`Cx::session`], and gives the answer if there is one. `request` is `None` for who is called
    /// [at every bind](crate::Installer::at_every_bind).
    ///
    /// # Errors
    /// Logged and counted; there is no answer.
    async fn at_bind(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        request: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError>;
}

/// Does what follows from a login, after sessions were bound or resumed: [`Cx::session`] is the one, if there is one. Called for each
/// login by a [`Profile`], whatever its requests.
#[async_trait]
pub trait AtLogin: Send + Sync + 'static {
    /// Does it, and gives what the client is to be told, if anything.
    ///
    /// # Errors
    /// Logged and counted; the client is told nothing.
    async fn at_login(&self, cx: &mut Cx<'_>, login: &Login) -> Result<Option<Element>, HandlerError>;
}
