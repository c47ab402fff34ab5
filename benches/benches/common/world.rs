//! A host in memory with its sessions: everything between a stanza that was received and the bytes in the mailboxes,
//! without sockets.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{
    AccountError, Accounts, Clock, Descriptor, Host, Hosts, Letters, Limits, Mailbox, NoRemote, Plan,
    Registry, Session, Setup, Tables, Wire,
};
use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::Stanza;
use stonechat_store::Store;
use tokio::runtime::{Builder, Runtime};

use super::stanzas::received;

/// The host's domain.
pub(crate) const DOMAIN: &str = "capulet.example";

/// What stonechatd has when nothing is configured.
pub(crate) const DEFAULT: [&Descriptor; 11] = [
    &stonechat_xep_carbons::SERVER,
    &stonechat_xep_contact::SERVER,
    &stonechat_xep_disco::SERVER,
    &stonechat_xep_last::SERVER,
    &stonechat_xep_offline::SERVER,
    &stonechat_xep_ping::SERVER,
    &stonechat_xep_presence::SERVER,
    &stonechat_xep_register::SERVER,
    &stonechat_xep_roster::SERVER,
    &stonechat_xep_time::SERVER,
    &stonechat_xep_version::SERVER,
];

/// Enough for what one round of any benchmark sends to one session.
const MAILBOX: usize = 1 << 20;

/// A runtime of one thread.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime starts")
}

/// A host in memory.
pub(crate) struct World {
    host: Arc<Host>,
    // Held, as hosts know of each other only weakly.
    _hosts: Arc<Hosts>,
}

/// A session, and what its connection would write.
pub(crate) struct Client {
    host: Arc<Host>,
    session: Arc<Session>,
    letters: Letters,
}

/// Accounts of which everyone exists.
struct Everyone;

impl World {
    /// A host with these extensions in their default configuration.
    pub(crate) fn new(extensions: &[&'static Descriptor]) -> Self {
        let registry = Registry::of(extensions).expect("the names differ");
        let store = Store::memory();
        let tables = Tables::build(&registry, &Plan::defaults(&registry), &store).expect("they install");
        let hosts = Hosts::new(Arc::new(NoRemote));
        let setup = Setup {
            journal: stonechat_extension::Journal::new(&store),
            domain: DOMAIN.parse().expect("it is a domain"),
            tables,
            store,
            accounts: Arc::new(Everyone),
            clock: Clock::System,
            limits: Limits { sessions_per_account: 1000, ..Limits::default() },
        };
        let host = Host::new(setup, &hosts);
        hosts.insert(&host);
        Self { host, _hosts: hosts }
    }

    /// A session of the account that has sent no presence.
    pub(crate) async fn connect(&self, account: &str, resource: &str) -> Client {
        let mailbox = Mailbox::new(Wire::InStream, MAILBOX);
        let session = self.host.bind(&address(account), Some(resource), mailbox, None).await;
        let session = session.expect("the resource is bound");
        Client { host: Arc::clone(&self.host), session, letters: Letters::default() }
    }

    /// The same, available.
    pub(crate) async fn online(&self, account: &str, resource: &str) -> Client {
        let mut client = self.connect(account, resource).await;
        client.send(received("<presence/>")).await;
        client.take();
        client
    }

    /// So many contacts, each with a session, who see the presence of the client.
    pub(crate) async fn subscribers(&self, client: &mut Client, count: usize) -> Vec<Client> {
        let mut contacts = Vec::with_capacity(count);
        for number in 0..count {
            let name = format!("contact-{number}");
            let contact = self.online(&name, "phone").await;
            let to = client.session.account().jid().clone();
            contact.send(received("<presence type='subscribe'/>").with_to(to)).await;
            client.send(received("<presence type='subscribed'/>").with_to(address(&name))).await;
            contacts.push(contact);
        }
        client.take();
        contacts.iter_mut().for_each(|contact| assert!(contact.take() > 0, "the contact is told"));
        contacts
    }
}

impl Client {
    /// Brings a stanza that the client has sent to where it goes.
    pub(crate) async fn send(&self, stanza: Stanza) {
        self.host.from_client(&self.session, stanza).await.expect("the stream stays open");
    }

    /// Takes what is in the mailbox, as the connection does to write it; says how many bytes that is.
    pub(crate) fn take(&mut self) -> usize {
        self.session.mailbox().take(&mut self.letters);
        let length = self.letters.bytes().len();
        self.letters.clear();
        length
    }
}

/// The bare JID of an account.
pub(crate) fn address(account: &str) -> BareJid {
    BareJid::from_parts(Some(account), DOMAIN).expect("it is an address")
}

/// The same stanza for somebody else.
pub(crate) fn sent_to(text: &str, to: &str) -> Stanza {
    received(text).with_to(Jid::parse(to).expect("it is an address"))
}

#[async_trait]
impl Accounts for Everyone {
    async fn exists(&self, _: &BareJid) -> Result<bool, AccountError> {
        Ok(true)
    }

    async fn epoch(&self, _: &BareJid) -> Result<Option<String>, AccountError> {
        Ok(Some(String::new()))
    }

    async fn create(&self, _: &BareJid, _: &str) -> Result<(), AccountError> {
        Err(AccountError::Exists)
    }

    async fn set_password(&self, _: &BareJid, _: &str) -> Result<(), AccountError> {
        Ok(())
    }

    async fn remove(&self, _: &BareJid) -> Result<bool, AccountError> {
        Ok(false)
    }
}
