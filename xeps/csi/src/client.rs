//! The client's side: [`ClientState`] is the service of the extension, by which an application says whether its person looks.
//!
//! A stream begins active (§4.2), also one that a session is resumed on (§5.2); so while the client is inactive every new stream is told, and
//! otherwise only changes are. A server that has not said to know this is told nothing (§4.1). One that binds sessions together with the login
//! (XEP-0386 §3.2) is told then, too, so that nothing comes before it knows.
//!
//! ```no_run
//! # use stonechat_extension::client::{Closed, Tables};
//! use stonechat_xep_csi::client::ClientState;
//!
//! # async fn run(tables: &Tables) -> Result<(), Closed> {
//! let state = tables.service::<ClientState>().expect("the extension is installed");
//! state.set_active(false).await?;
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::client::{
    Begin, Closed, Connected, Cx, Extension as ClientExtension, Handle, Installer, React,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, NoConfig};
use stonechat_stanza::{Element, Payload};

use crate::{Active, Inactive, NS};

/// What is known of the person and the server.
#[derive(Debug)]
struct State {
    is_active: bool,
    /// Whether the present stream may have begun as one of a client that is not active.
    begun_inactive: bool,
    /// Whether the server has said to know this.
    is_offered: bool,
}

/// The client extension; it provides [`ClientState`].
#[derive(Debug)]
pub struct Extension(Arc<Mutex<State>>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("csi").about("says whether the client's person looks").xep(352, "1.0.0");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let state = Arc::new(Mutex::new(State { is_active: true, begun_inactive: false, is_offered: false }));
        client.provide(Arc::new(ClientState { handle: client.handle(), state: Arc::clone(&state) }))?;
        let extension = client.share(Self(state));
        client.begin(NS, &extension);
        client.react::<Connected>(&extension);
        Ok(())
    }
}

impl Begin for Extension {
    fn begin(&self, _: &Cx<'_>) -> Option<Element> {
        let mut state = self.0.lock();
        state.begun_inactive = !state.is_active;
        state.begun_inactive.then(|| Inactive.to_element())
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        let mut state = self.0.lock();
        // A session that is resumed together with the login is that of the server which has shown its features before.
        if !event.resumed || !event.features.is_empty() {
            state.is_offered = event.features.iter().any(|feature| feature.is("csi", NS));
        }
        // What was said with the login may not have been heard, or may not be so any more.
        match (state.is_active, state.begun_inactive) {
            _ if !state.is_offered => {}
            (false, _) => cx.send_element(Inactive.to_element()),
            (true, true) => cx.send_element(Active.to_element()),
            (true, false) => {}
        }
        Ok(())
    }
}

/// Says whether the client's person looks; a service of the client extension.
#[derive(Debug)]
pub struct ClientState {
    handle: Handle,
    state: Arc<Mutex<State>>,
}

impl ClientState {
    /// Whether the client is active; it is until it is said not to be.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state.lock().is_active
    }

    /// The person looks, or does not look any more. The server is told, now or as soon as there is a session. What it makes of that
    /// is for the server alone to know (§5), and has nothing to do with presence. Cancel safe: who does not wait may leave the server
    /// untold until the next stream.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn set_active(&self, active: bool) -> Result<(), Closed> {
        {
            let mut state = self.state.lock();
            if std::mem::replace(&mut state.is_active, active) == active {
                return Ok(());
            }
        }
        // Somebody else may say otherwise meanwhile; the last word has to be what is so.
        while let Some(element) = self.told() {
            let said = element.name() == Active::NAME;
            self.handle.send_element(element).await?;
            if said == self.is_active() {
                break;
            }
        }
        Ok(())
    }

    /// What the server is to be told; `None` for nothing.
    fn told(&self) -> Option<Element> {
        let state = self.state.lock();
        let element = if state.is_active { Active.to_element() } else { Inactive.to_element() };
        state.is_offered.then_some(element)
    }
}

stonechat_extension::register!(client: Extension);
