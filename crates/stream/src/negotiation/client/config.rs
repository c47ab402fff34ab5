//! What a client decides before it connects.

use stonechat_stanza::jid::BareJid;

use crate::codec::{Content, Framing};
use crate::negotiation::Tls;

/// How a client negotiates one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// TCP or WebSocket.
    pub framing: Framing,
    /// The namespace of the stanzas. With [`Content::Server`] `from` is a domain, and no secret: it is told before TLS as well.
    pub content: Content,
    /// What protects the connection, and what has to.
    pub tls: Tls,
    /// The domain to reach: that of the account, whatever host the connection leads to (RFC 6120 §4.7.2).
    pub to: BareJid,
    /// Whose session it will be, if that is known. It is told only once TLS protects it (§4.7.1).
    pub from: Option<BareJid>,
    /// The language of the user (§4.7.4).
    pub lang: Option<String>,
}

impl Config {
    /// The defaults for an account: over TCP, with TLS required.
    ///
    /// ```
    /// use stonechat_stanza::jid::BareJid;
    /// use stonechat_stream::negotiation::{Tls, client::Config};
    ///
    /// let config = Config::new(&BareJid::parse("juliet@im.example.com")?);
    /// assert_eq!(config.to, "im.example.com");
    /// assert_eq!(config.tls, Tls::Required);
    /// # Ok::<(), stonechat_stanza::jid::Error>(())
    /// ```
    pub fn new(account: &BareJid) -> Self {
        let from = account.local().is_some().then(|| account.clone());
        Self {
            framing: Framing::Tcp,
            content: Content::Client,
            tls: Tls::Required,
            to: account.to_domain(),
            from,
            lang: None,
        }
    }
}
