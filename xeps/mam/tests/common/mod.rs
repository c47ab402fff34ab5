//! What the tests share.
#![allow(dead_code, reason = "not every test needs all of it")]

use stonechat_extension::Descriptor;
use stonechat_extension::test_host::{PRESENCE, TestHost};
use stonechat_stanza::sid::StanzaId;
use stonechat_stanza::{Stanza, StanzaError, iq, ns, rsm};
use stonechat_xep_mam::{Archived, Fin, Query, SERVER};

/// A host with an archive and offline storage.
pub(crate) async fn host() -> TestHost {
    configured("").await
}

/// The same with a section of the archive.
pub(crate) async fn configured(section: &str) -> TestHost {
    TestHost::configured(ALL, &[("mam", section)]).await
}

/// The same with a section of offline storage.
pub(crate) async fn with_offline(section: &str) -> TestHost {
    TestHost::configured(ALL, &[("offline", section)]).await
}

const ALL: &[&Descriptor] =
    &[&PRESENCE, &stonechat_xep_carbons::SERVER, &stonechat_xep_offline::SERVER, &SERVER];

/// What a client got for a query.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) results: Vec<Archived>,
    pub(crate) fin: Fin,
}

impl Found {
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.results.iter().map(|result| result.id.as_str()).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.results.iter().map(|result| body(&result.forwarded.stanza)).collect()
    }
}

/// The text of a message.
pub(crate) fn body(message: &Stanza) -> String {
    message.find(ns::CLIENT, "body").and_then(|body| Some(body.element().ok()?.text())).unwrap_or_default()
}

/// Asks an archive; everything else that the client received is forgotten.
pub(crate) async fn ask(host: &TestHost, client: &str, query: &Query) -> Result<Found, StanzaError> {
    let client = host.client(client);
    client.received();
    let request = Stanza::iq(iq::Type::Set).with_id("q").with(query);
    client.try_send(request).await.expect("the stream stays open");
    let mut results = Vec::new();
    for stanza in client.received() {
        if stanza.id() == Some("q") {
            // "the server MUST send the iq result after last query result" (XEP-0313 §4).
            assert!(client.next().is_none(), "something follows the answer");
            if let Some(error) = stanza.error() {
                return Err(error);
            }
            return Ok(Found { results, fin: stanza.get().expect("it parses").expect("a fin") });
        }
        assert_eq!(
            stanza.from().map(|from| from.to_string()),
            Some(client.session().account().jid().to_string())
        );
        results.push(stanza.get::<Archived>().expect("it parses").expect("a result"));
    }
    panic!("no answer")
}

/// All of an archive.
pub(crate) async fn all(host: &TestHost, client: &str) -> Found {
    ask(host, client, &Query::default()).await.expect("an answer")
}

pub(crate) fn page(set: rsm::Request) -> Query {
    Query { set: Some(set), ..Query::default() }
}

/// The id that a message has in the archive of an account.
pub(crate) fn id_of(message: &Stanza, account: &str) -> Option<String> {
    let ids = message.children().filter(|child| child.is(ns::SID, "stanza-id"));
    let mut ids = ids.map(|child| child.parse::<StanzaId>().expect("a whole id"));
    let found = ids.by_ref().find(|id| id.by.as_str() == account).map(|id| id.id);
    assert!(ids.all(|id| id.by.as_str() != account), "one id only (XEP-0359 §3)");
    found
}
