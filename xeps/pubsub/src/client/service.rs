//! The service that an application has.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use stonechat_extension::client::{Admitted, Circle, Expected, Handle, RequestError};
use stonechat_stanza::error::Condition;
use stonechat_stanza::forms::Form;
use stonechat_stanza::jid::{BareJid, Jid, JidRef};
use stonechat_stanza::{ParseError, Payload, Stanza, StanzaError, iq};
use stonechat_xep_disco::InfoQuery;
use stonechat_xep_roster::client::Roster;

use crate::{Item, Owner, PubSub, Standing, Subscription, precondition_not_met};

/// So many services may be expected to send events.
const MOST_SERVICES: usize = 1000;

/// The feature of services that check conditions (XEP-0060 §7.1.5).
const KNOWS_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";

/// What the extension and its service share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The application's nodes.
    own: HashSet<String>,
    /// The nodes of extensions.
    followed: Mutex<HashSet<String>>,
    expected: Expected,
    services: Mutex<HashMap<Jid, Admitted>>,
    account: OnceLock<BareJid>,
    roster: OnceLock<Option<Arc<Roster>>>,
}

impl Shared {
    pub(super) fn new(follow: Vec<String>) -> Self {
        Self {
            own: follow.into_iter().collect(),
            followed: Mutex::default(),
            expected: Expected::default(),
            services: Mutex::default(),
            account: OnceLock::new(),
            roster: OnceLock::new(),
        }
    }

    pub(super) fn expected(&self) -> &Expected {
        &self.expected
    }

    pub(super) fn follow(&self, node: &str) {
        self.followed.lock().insert(node.to_owned());
    }

    /// Whether extensions want to know of a node and the application does not.
    pub(super) fn is_followed_by_extension(&self, node: &str) -> bool {
        !self.own.contains(node) && self.followed.lock().contains(node)
    }

    pub(super) fn begin(&self, account: &BareJid, roster: Option<Arc<Roster>>) {
        self.account.get_or_init(|| account.clone());
        self.roster.get_or_init(|| roster);
    }

    fn expect(&self, service: Jid) -> bool {
        let mut services = self.services.lock();
        let room = services.len() < MOST_SERVICES;
        if room {
            services.entry(service).or_insert_with_key(|service| self.expected.admit(service.clone()));
        }
        room
    }
}

/// XEP-0163 §4: contacts whose presence we see send us events, from their bare addresses (§4.3.1).
impl Circle for Shared {
    fn has(&self, from: JidRef<'_>) -> bool {
        let roster = self.roster.get().and_then(Option::as_ref);
        let sees =
            |roster: &Arc<Roster>| roster.get(&from.to_bare()).is_some_and(|item| item.subscription.is_to());
        from.is_bare() && roster.is_some_and(sees)
    }
}

/// Which items of a node are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All that the service gives at once (§6.5.2).
    All,
    /// So many of the newest (§6.5.7).
    Newest(u32),
    /// The one with this id (§6.5.8).
    One(String),
}

/// Publishes, fetches and follows; a service of the client extension. A service of `None` is the own account.
#[derive(Debug)]
pub struct Nodes {
    handle: Handle,
    shared: Arc<Shared>,
}

impl Nodes {
    pub(super) fn new(handle: Handle, shared: Arc<Shared>) -> Self {
        Self { handle, shared }
    }

    /// Publishes an item (§7.1), and gives its id, where it is known. A personal node that is not there is made.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn publish(
        &self,
        service: Option<&Jid>,
        node: &str,
        item: Item,
        options: Option<&Form>,
    ) -> Result<Option<String>, RequestError> {
        let id = item.id.clone();
        let answer = self.set(service, &PubSub::publish(node, item, options.cloned())).await?;
        let published = match answer.get::<PubSub>() {
            Ok(Some(PubSub::Publish { item: Some(item), .. })) => item.id,
            _ => None,
        };
        Ok(published.or(id))
    }

    /// Publishes an item on a node that has to be as `options` say (§7.1.5): a node that is not there is made so, and one that is otherwise is
    /// configured first. A service that would not check that, and might show the item to whom it is not for, is asked beforehand and not given it. Where
    /// it does not know some of the conditions, the node is configured by all of them, and that which says who may see the item is the one left.
    ///
    /// # Errors
    /// [`RequestError`]; [`RequestError::NotSent`] when the service does not know conditions.
    pub async fn publish_as(
        &self,
        service: Option<&Jid>,
        node: &str,
        item: Item,
        options: &Form,
    ) -> Result<Option<String>, RequestError> {
        if !self.knows_options(service).await? {
            let error = StanzaError::feature_not_implemented();
            return Err(RequestError::NotSent(error.with_text("the service knows no conditions")));
        }
        match self.publish(service, node, item.clone(), Some(options)).await {
            Err(RequestError::Refused(error)) if precondition_not_met(&error) => {
                self.configure(service, node, crate::options::as_config(options)).await?;
                self.publish(service, node, item, Some(options)).await
            }
            Err(RequestError::Refused(error)) if may_be_unknown(&error) => {
                self.prepare(service, node, crate::options::as_config(options)).await?;
                self.publish(service, node, item, Some(&crate::options::access_alone(options))).await
            }
            other => other,
        }
    }

    /// A node that is so, whether or not there was one.
    async fn prepare(
        &self,
        service: Option<&Jid>,
        node: &str,
        configuration: Form,
    ) -> Result<(), RequestError> {
        match self.configure(service, node, configuration.clone()).await {
            Err(RequestError::Refused(StanzaError { condition: Condition::ItemNotFound, .. })) => {
                self.create(service, Some(node), Some(configuration)).await.map(drop)
            }
            other => other,
        }
    }

    /// Whether a service checks the conditions of publications (§7.1.5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn knows_options(&self, service: Option<&Jid>) -> Result<bool, RequestError> {
        let account = || self.shared.account.get().cloned().map(Jid::from);
        let service = service.cloned().or_else(account).ok_or_else(no_session)?;
        Ok(self.handle.request(Some(service), &InfoQuery::default()).await?.has(KNOWS_OPTIONS))
    }

    /// Takes an item away (§7.2). `notify`: subscribers are told, whatever the node does by itself.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn retract(
        &self,
        service: Option<&Jid>,
        node: &str,
        id: &str,
        notify: bool,
    ) -> Result<(), RequestError> {
        let notify = notify.then_some(true);
        self.done(service, &PubSub::Retract { node: node.to_owned(), id: id.to_owned(), notify }).await
    }

    /// Fetches items (§6.5).
    ///
    /// # Errors
    /// [`RequestError`]; `item-not-found` when there is no such node.
    pub async fn items(
        &self,
        service: Option<&Jid>,
        node: &str,
        wanted: Wanted,
    ) -> Result<Vec<Item>, RequestError> {
        items(&self.handle.exchange(self.question(service, &request(node, wanted))).await?)
            .map_err(Into::into)
    }

    /// Follows a node (§6.1) with our address without a resource, so that no session has to do it anew. From here on the service's events count, and
    /// after the next start when it is [expected](Self::expect). Personal nodes need this only where we do not see their owner's presence.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn subscribe(&self, service: Option<&Jid>, node: &str) -> Result<Subscription, RequestError> {
        let jid: Jid = self.shared.account.get().cloned().ok_or_else(no_session)?.into();
        if let Some(service) = service
            && !self.expect(service)
        {
            return Err(RequestError::NotSent(StanzaError::resource_constraint()));
        }
        let node = node.to_owned();
        let answer = self.set(service, &PubSub::Subscribe { node: node.clone(), jid: jid.clone() }).await?;
        match answer.get()? {
            Some(PubSub::Subscription(subscription)) => Ok(subscription),
            _ => Ok(Subscription { node: Some(node), jid, subid: None, standing: Standing::Subscribed }),
        }
    }

    /// Follows a node no more (§6.2). `subid` tells which subscription, where there are several.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn unsubscribe(
        &self,
        service: Option<&Jid>,
        node: &str,
        subid: Option<&str>,
    ) -> Result<(), RequestError> {
        let jid = self.shared.account.get().cloned().ok_or_else(no_session)?.into();
        let subid = subid.map(str::to_owned);
        self.done(service, &PubSub::Unsubscribe { node: node.to_owned(), jid, subid }).await
    }

    /// Our subscriptions at a service (§5.6), of a node or of all. A service with some is [expected](Self::expect) from here on.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn subscriptions(
        &self,
        service: &Jid,
        node: Option<&str>,
    ) -> Result<Vec<Subscription>, RequestError> {
        let question = PubSub::Subscriptions { node: node.map(str::to_owned), all: Vec::new() };
        let answer = self.handle.exchange(self.question(Some(service), &question)).await?;
        let Some(PubSub::Subscriptions { all, .. }) = answer.get()? else {
            return Err(ParseError::missing_child("pubsub", "subscriptions").into());
        };
        if !all.is_empty() {
            self.expect(service);
        }
        Ok(all)
    }

    /// Takes a service's events for what they are, as [`subscribe`](Self::subscribe) does. False when there are too many such services.
    pub fn expect(&self, service: &Jid) -> bool {
        self.shared.expect(service.clone())
    }

    /// Takes a service's events no more.
    pub fn forget(&self, service: &Jid) {
        self.shared.services.lock().remove(service);
    }

    /// Makes a node (§8.1), and gives its name, which the service makes where there is none.
    ///
    /// # Errors
    /// [`RequestError`]; `conflict` when it is there.
    pub async fn create(
        &self,
        service: Option<&Jid>,
        node: Option<&str>,
        configuration: Option<Form>,
    ) -> Result<Option<String>, RequestError> {
        let node = node.map(str::to_owned);
        let answer = self.set(service, &PubSub::Create { node: node.clone(), configuration }).await?;
        match answer.get::<PubSub>() {
            Ok(Some(PubSub::Create { node: Some(made), .. })) => Ok(Some(made)),
            _ => Ok(node),
        }
    }

    /// How a node is configured, as a form to fill out (§8.2).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn configuration(&self, service: Option<&Jid>, node: &str) -> Result<Form, RequestError> {
        let question = Owner::Configure { node: node.to_owned(), form: None };
        match self.handle.exchange(self.question(service, &question)).await?.get()? {
            Some(Owner::Configure { form: Some(form), .. }) => Ok(form),
            _ => Err(ParseError::missing_child("configure", "x").into()),
        }
    }

    /// Configures a node (§8.2); see [`node_config`](crate::node_config).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn configure(&self, service: Option<&Jid>, node: &str, form: Form) -> Result<(), RequestError> {
        self.done(service, &Owner::Configure { node: node.to_owned(), form: Some(form) }).await
    }

    /// Deletes a node (§8.4).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn delete(&self, service: Option<&Jid>, node: &str) -> Result<(), RequestError> {
        self.done(service, &Owner::Delete { node: node.to_owned(), redirect: None }).await
    }

    /// Takes all items of a node away (§8.5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn purge(&self, service: Option<&Jid>, node: &str) -> Result<(), RequestError> {
        self.done(service, &Owner::Purge { node: node.to_owned() }).await
    }

    fn question(&self, service: Option<&Jid>, what: &impl Payload) -> Stanza {
        let mut question = Stanza::iq(iq::Type::Get).with(what);
        question.set_to(service.cloned());
        question
    }

    async fn set(&self, service: Option<&Jid>, what: &impl Payload) -> Result<Stanza, RequestError> {
        let mut request = Stanza::iq(iq::Type::Set).with(what);
        request.set_to(service.cloned());
        self.handle.exchange(request).await
    }

    async fn done(&self, service: Option<&Jid>, what: &impl Payload) -> Result<(), RequestError> {
        self.set(service, what).await.map(drop)
    }
}

/// The request for items of the own account, for extensions that [ask](stonechat_extension::client::Cx::ask) in their place.
#[must_use]
pub fn fetch(node: &str, wanted: Wanted) -> Stanza {
    Stanza::iq(iq::Type::Get).with(&request(node, wanted))
}

fn request(node: &str, wanted: Wanted) -> PubSub {
    let (max, items) = match wanted {
        Wanted::All => (None, Vec::new()),
        Wanted::Newest(max) => (Some(max), Vec::new()),
        Wanted::One(id) => (None, vec![Item::default().with_id(id)]),
    };
    PubSub::Items { node: node.to_owned(), max, items }
}

/// The items in an answer.
///
/// # Errors
/// When there is none of them.
pub fn items(answer: &Stanza) -> Result<Vec<Item>, ParseError> {
    match answer.get()? {
        Some(PubSub::Items { items, .. }) => Ok(items),
        _ => Err(ParseError::missing_child("pubsub", "items")),
    }
}

/// Whether a publication may have been refused for a condition that is not known; services do not agree how that is said (XEP-0060 §7.1.5).
fn may_be_unknown(error: &StanzaError) -> bool {
    matches!(
        error.condition,
        Condition::BadRequest
            | Condition::NotAcceptable
            | Condition::ResourceConstraint
            | Condition::Conflict
    )
}

fn no_session() -> RequestError {
    RequestError::NotSent(StanzaError::not_acceptable().with_text("there was no session yet"))
}
