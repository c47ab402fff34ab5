//! Components of the host.

use std::sync::Arc;

use stonechat_jid::BareJid;
use stonechat_stanza::Stanza;

use super::TestHost;
use super::peers::Peers;

impl TestHost {
    /// Attaches a component, and tells the extensions that it is connected.
    ///
    /// ```
    /// # use stonechat_extension::test_host::TestHost;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let host = TestHost::with(&[]).await;
    /// host.run(
    ///     "a/1 online
    ///      irc.example.org connects
    ///      a/1 → <message to='#b@irc.example.org' type='chat'><body>hello</body></message>
    ///      irc.example.org ← <message from='a@example.org/1'><body>hello</body></message>
    ///      irc.example.org → <message from='#b@irc.example.org' to='a@example.org/1' type='chat'><body>oh</body></message>
    ///      a/1 ← <message from='#b@irc.example.org'><body>oh</body></message>",
    /// )
    /// .await;
    /// # });
    /// ```
    ///
    /// # Panics
    /// When this is no domain.
    pub async fn component(&self, domain: &str) {
        let jid: BareJid = domain.parse().unwrap_or_else(|error| panic!("{domain}: {error}"));
        let peers = Arc::<Peers>::default();
        peers.open();
        self.hosts.attach(domain, Arc::clone(&peers) as Arc<dyn crate::Remote>);
        self.components.lock().insert(domain.to_owned(), peers);
        self.hosts.component_connected(&jid).await;
    }

    /// Has a stanza come from a component; it gets back what it is told at once.
    ///
    /// # Panics
    /// When it is not one, or its `from` is of no component.
    pub async fn from_component(&self, xml: &str) {
        let stanza = Stanza::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{xml}: {error}"));
        let domain = stanza.from().map(|from| from.domain().to_owned()).unwrap_or_default();
        assert!(self.is_component(&domain), "`{domain}` is no component");
        let original = stanza.clone();
        if let Err(error) = self.hosts.from_component(stanza).await
            && let Some(reply) = original.error_reply(&error)
            && let Some(component) = self.components.lock().get(&domain)
        {
            component.keep(reply);
        }
    }

    /// The next stanza that a component has received.
    #[must_use]
    pub fn to_component(&self, domain: &str) -> Option<Stanza> {
        self.components.lock().get(domain)?.next()
    }

    /// Whether a component of this domain is attached.
    pub(super) fn is_component(&self, domain: &str) -> bool {
        self.components.lock().contains_key(domain)
    }
}
