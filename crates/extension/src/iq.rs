//! IQ requests: one owner for each namespace, name, type and address.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use stonechat_jid::BareJid;
use stonechat_stanza::{Payload, Stanza, StanzaError, iq};

use crate::handler::{Answer, AsyncAnswer, Reply};
use crate::hooks::{Entry, Source};
use crate::{Cx, InstallError};

/// Whom a request has to be addressed to, for an owner to get it; a set.
///
/// ```
/// use stonechat_extension::On;
/// assert!((On::HOST | On::OWN_ACCOUNT).covers(On::HOST));
/// assert!(!On::ACCOUNT.covers(On::HOST));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct On(u8);

impl On {
    /// The host itself, `example.org`.
    pub const HOST: Self = Self(1);
    /// An account of the host, whoever asks.
    pub const ACCOUNT: Self = Self(2 | 4);
    /// An account of the host, when one of its own sessions asks. From anybody else the request is answered as if
    /// nobody owned it, with `service-unavailable`, so that the answer gives nothing away.
    pub const OWN_ACCOUNT: Self = Self(2);
    /// An account of the host, when somebody else asks. Whether there is such an account is not checked before: an owner answers
    /// those who may not know with the same words either way.
    pub const OTHER_ACCOUNT: Self = Self(4);

    /// Whether every address of `other` is in the set.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The one address that a request is for: this account, or the host.
    pub(crate) fn of(account: Option<&BareJid>, stanza: &Stanza) -> Self {
        match account {
            None => Self::HOST,
            Some(account) if stanza.from().is_some_and(|from| from.bare_str() == account.as_str()) => {
                Self::OWN_ACCOUNT
            }
            Some(_) => Self::OTHER_ACCOUNT,
        }
    }

    const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl std::ops::BitOr for On {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// An IQ request to the host or the bare JID of an account, as its owner sees it; also the point at which guards see it before.
/// [`Cx::session`](crate::Cx::session) is the asker's session where that is one of this host.
#[derive(Debug)]
pub struct Request {
    /// The whole stanza, `from` stamped or checked.
    pub stanza: Stanza,
    /// The account that the request is for; `None` when it is for the host. When somebody else asks, it may not exist.
    pub account: Option<BareJid>,
    /// One of [`On::HOST`], [`On::OWN_ACCOUNT`] and [`On::OTHER_ACCOUNT`].
    pub on: On,
}

#[async_trait]
trait Erased: Send + Sync {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request) -> Result<Reply, StanzaError>;
}

struct Waiting<T, H>(Arc<H>, std::marker::PhantomData<fn(T)>);

#[async_trait]
impl<T: Payload + Send + 'static, H: AsyncAnswer<T>> Erased for Waiting<T, H> {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request) -> Result<Reply, StanzaError> {
        let payload = payload::<T>(request)?;
        self.0.answer(cx, request, payload).await
    }
}

fn payload<T: Payload>(request: &Request) -> Result<T, StanzaError> {
    request.stanza.get::<T>()?.ok_or_else(StanzaError::bad_request)
}

type Call = dyn Fn(&mut Cx<'_>, &Request) -> Result<Reply, StanzaError> + Send + Sync;

enum Owner {
    Now(Entry<Call>),
    Later(Entry<dyn Erased>),
}

impl Owner {
    fn source(&self) -> &Source {
        match self {
            Self::Now(entry) => &entry.source,
            Self::Later(entry) => &entry.source,
        }
    }
}

struct Row {
    name: &'static str,
    kind: iq::Type,
    on: On,
    owner: Owner,
}

/// Who owns which request.
#[derive(Default)]
pub(crate) struct IqTable {
    rows: HashMap<&'static str, Vec<Row>>,
}

impl IqTable {
    pub(crate) fn now<T: Payload + Send + 'static, H: Answer<T>>(
        &mut self,
        kind: iq::Type,
        on: On,
        source: Arc<Source>,
        handler: Arc<H>,
    ) -> Result<(), InstallError> {
        let call: Arc<Call> = Arc::new(move |cx: &mut Cx<'_>, request: &Request| {
            handler.answer(cx, request, payload::<T>(request)?)
        });
        self.add(T::NS, Row { name: T::NAME, kind, on, owner: Owner::Now(Entry { source, handler: call }) })
    }

    pub(crate) fn later<T: Payload + Send + 'static, H: AsyncAnswer<T>>(
        &mut self,
        kind: iq::Type,
        on: On,
        source: Arc<Source>,
        handler: Arc<H>,
    ) -> Result<(), InstallError> {
        let handler: Arc<dyn Erased> = Arc::new(Waiting::<T, H>(handler, std::marker::PhantomData));
        self.add(T::NS, Row { name: T::NAME, kind, on, owner: Owner::Later(Entry { source, handler }) })
    }

    fn add(&mut self, ns: &'static str, row: Row) -> Result<(), InstallError> {
        let rows = self.rows.entry(ns).or_default();
        let twice =
            |other: &&Row| other.name == row.name && other.kind == row.kind && other.on.overlaps(row.on);
        if let Some(other) = rows.iter().find(twice) {
            return Err(InstallError::DoubleClaim {
                what: format!(
                    "iq {} <{} xmlns='{ns}'/>",
                    if row.kind == iq::Type::Get { "get" } else { "set" },
                    row.name
                ),
                first: other.owner.source().name.to_owned(),
                second: row.owner.source().name.to_owned(),
            });
        }
        rows.push(row);
        Ok(())
    }

    /// The namespaces of which something is owned.
    #[cfg(feature = "test-host")]
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &'static str> {
        self.rows.keys().copied()
    }

    /// Has the owner answer; `None` when nobody owns the request.
    pub(crate) async fn answer(
        &self,
        cx: &mut Cx<'_>,
        kind: iq::Type,
        request: &Request,
    ) -> Option<Result<Reply, StanzaError>> {
        let child = request.stanza.children().next()?;
        let row = self
            .rows
            .get(child.ns())?
            .iter()
            .find(|row| row.name == child.name() && row.kind == kind && row.on.covers(request.on))?;
        let answer = match &row.owner {
            Owner::Now(Entry { source, handler }) => source.run("answer", "Iq", || handler(cx, request)),
            Owner::Later(Entry { source, handler }) => {
                source.wait("answer", "Iq", handler.answer(cx, request)).await
            }
        };
        Some(answer.unwrap_or_else(|| Err(StanzaError::internal_server_error())))
    }
}
