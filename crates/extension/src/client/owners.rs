//! Who owns which requests and which messages.

use std::collections::HashMap;
use std::sync::Arc;

use stonechat_jid::BareJid;
use stonechat_stanza::{Payload, Stanza, StanzaError, iq};

use super::{Answer, Cx, Inbound, Senders, Take};
use crate::hooks::{Entry, Source};
use crate::{HandlerError, InstallError, Reply};

type Call = dyn Fn(&mut Cx<'_>, &Inbound) -> Result<Reply, StanzaError> + Send + Sync;
type TakeCall = dyn Fn(&mut Cx<'_>, &Inbound) -> Result<(), HandlerError> + Send + Sync;

struct Owner<C: ?Sized> {
    senders: Senders,
    entry: Entry<C>,
}

/// Who owns what. Namespaces and names are constants of the owners.
#[derive(Default)]
pub(super) struct Owners {
    requests: HashMap<(&'static str, &'static str, &'static str), Owner<Call>>,
    messages: HashMap<(&'static str, &'static str), Owner<TakeCall>>,
}

/// What an owner says about a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nobody owns it.
    NotOwned,
    /// It is the owner's.
    Yes,
    /// It is owned, and from somebody that it must not come from.
    Forged,
}

impl Owners {
    pub(super) fn request<T: Payload + Send + 'static>(
        &mut self,
        kind: iq::Type,
        senders: Senders,
        source: &Arc<Source>,
        handler: Arc<impl Answer<T>>,
    ) -> Result<(), InstallError> {
        let call: Arc<Call> = Arc::new(move |cx: &mut Cx<'_>, request: &Inbound| {
            let payload = request.stanza.get::<T>()?.ok_or_else(StanzaError::bad_request)?;
            handler.answer(cx, request, payload)
        });
        let key = (kind.as_str(), T::NS, T::NAME);
        let owner = Owner { senders, entry: Entry { source: Arc::clone(source), handler: call } };
        match self.requests.insert(key, owner) {
            None => Ok(()),
            Some(other) => {
                let what = format!("iq {} <{} xmlns='{}'/>", kind.as_str(), T::NAME, T::NS);
                Err(twice(what, &other.entry.source, source))
            }
        }
    }

    pub(super) fn message<T: Payload + Send + 'static>(
        &mut self,
        senders: Senders,
        source: &Arc<Source>,
        handler: Arc<impl Take<T>>,
    ) -> Result<(), InstallError> {
        let call: Arc<TakeCall> = Arc::new(move |cx: &mut Cx<'_>, message: &Inbound| {
            match message.stanza.get::<T>() {
                Ok(Some(payload)) => handler.take(cx, message, payload),
                Ok(None) => Ok(()),
                // The fault of who sent it, and not of the handler.
                Err(error) => {
                    tracing::debug!(%error, "a message with a payload that cannot be read");
                    Ok(())
                }
            }
        });
        let owner = Owner { senders, entry: Entry { source: Arc::clone(source), handler: call } };
        match self.messages.insert((T::NS, T::NAME), owner) {
            None => Ok(()),
            Some(other) => {
                let what = format!("messages with <{} xmlns='{}'/>", T::NAME, T::NS);
                Err(twice(what, &other.entry.source, source))
            }
        }
    }

    /// Has the owner answer; `None` when nobody owns the request, or when it is from somebody that it must not come from: the answer
    /// is the same, so that it tells nothing.
    pub(super) fn answer(
        &self,
        cx: &mut Cx<'_>,
        kind: iq::Type,
        request: &Inbound,
    ) -> Option<Result<Reply, StanzaError>> {
        let child = request.stanza.children().next()?;
        let Owner { senders, entry } = self.requests.get(&(kind.as_str(), child.ns(), child.name()))?;
        if !senders.allow(request.stanza.from(), cx.account()) {
            tracing::warn!(from = ?request.stanza.from(), ns = child.ns(), "a request from somebody that it must not come from");
            return None;
        }
        let answer = entry.source.run("answer", "Iq", || (entry.handler)(cx, request));
        Some(answer.unwrap_or_else(|| Err(StanzaError::internal_server_error())))
    }

    /// Gives a message to the owner of its first payload that has one.
    pub(super) fn take(&self, cx: &mut Cx<'_>, message: &Inbound) -> Taken {
        let Some(Owner { senders, entry }) = self.owner(&message.stanza) else { return Taken::NotOwned };
        if !allowed(senders, &message.stanza, cx.account()) {
            return Taken::Forged;
        }
        if let Some(Err(error)) = entry.source.run("take", "Inbound", || (entry.handler)(cx, message)) {
            entry.source.failed("take", "Inbound", &error.to_string());
        }
        Taken::Yes
    }

    fn owner<'a>(&'a self, message: &'a Stanza) -> Option<&'a Owner<TakeCall>> {
        if self.messages.is_empty() || message.kind().is_error() {
            return None;
        }
        message.children().find_map(|child| self.messages.get(&(child.ns(), child.name())))
    }

    #[cfg(feature = "test-host")]
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'static str> {
        self.requests.keys().map(|(_, ns, _)| *ns).chain(self.messages.keys().map(|(ns, _)| *ns))
    }
}

fn allowed(senders: &Senders, stanza: &Stanza, account: &BareJid) -> bool {
    senders.allow(stanza.from(), account)
}

fn twice(what: String, first: &Source, second: &Source) -> InstallError {
    InstallError::DoubleClaim { what, first: first.name.to_owned(), second: second.name.to_owned() }
}
