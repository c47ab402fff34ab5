//! For extensions that show and end what has access to an account.

use async_trait::async_trait;
use jiff::Timestamp;
use stonechat_extension::HandlerError;
use stonechat_stanza::jid::BareJid;

use super::Extension;

/// The installations of an account that have tokens; a service of this extension.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The installations with a token that holds in this [epoch](stonechat_extension::login::Claim::epoch) of the account and has not
    /// expired at `now`, at most as many as the configuration lets have tokens.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn with_tokens(
        &self,
        account: &BareJid,
        epoch: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, HandlerError>;

    /// Ends the tokens of an installation; says whether it had any.
    ///
    /// # Errors
    /// When they cannot be ended.
    async fn end_tokens(&self, account: &BareJid, installation: &str) -> Result<bool, HandlerError>;
}

#[async_trait]
impl Clients for Extension {
    async fn with_tokens(
        &self,
        account: &BareJid,
        epoch: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, HandlerError> {
        let all = self.tokens.installations(account).await?;
        let alive = all.into_iter().filter(|(_, slots)| slots.are_alive(epoch, now));
        Ok(alive.map(|(installation, _)| installation).collect())
    }

    async fn end_tokens(&self, account: &BareJid, installation: &str) -> Result<bool, HandlerError> {
        self.tokens.end(account, installation).await
    }
}
