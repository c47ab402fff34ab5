//! Pages of the own archive (XEP-0313 §4).

use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_client::RequestError;
use stonechat_extension::client::{Cx, Descriptor, Extension, Handle, Inbound, Installer, Senders, Take};
use stonechat_extension::{HandlerError, InstallError, Manifest, NoConfig};
use stonechat_stanza::{ParseError, StanzaError, iq, rsm};
use stonechat_xep_mam::{Archived, Filter, Fin, Query};

use crate::session::ask;
use crate::stanzas::fresh_id;

/// So many messages are asked for at once at most.
pub(crate) const MOST: u32 = 100;

/// The client extension: gathers the messages of a page, and provides [`Pages`].
pub(crate) static EXTENSION: Descriptor = Descriptor::of::<Archive>();

struct Archive;

impl Extension for Archive {
    const MANIFEST: Manifest =
        Manifest::new("archive").about("reads pages of the own archive").xep(313, "1.1.3");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let shelf = client.share(Shelf::default());
        client.take(Senders::ACCOUNT, &shelf)?;
        client.provide(Arc::new(Pages { shelf, turn: tokio::sync::Mutex::new(()) }))
    }
}

/// The messages of the page that is being asked for, while there is one.
#[derive(Debug, Default)]
struct Shelf(Mutex<Option<(String, Vec<Archived>)>>);

impl Take<Archived> for Shelf {
    /// What nobody asked for is dropped (§8.2), and so is more than a page.
    fn take(&self, _: &mut Cx<'_>, _: &Inbound, result: Archived) -> Result<(), HandlerError> {
        if let Some((queryid, page)) = self.0.lock().as_mut()
            && result.queryid.as_deref() == Some(queryid)
            && page.len() < MOST as usize
        {
            page.push(result);
        }
        Ok(())
    }
}

/// Reads pages of the own archive, one at a time.
#[derive(Debug)]
pub(crate) struct Pages {
    shelf: Arc<Shelf>,
    turn: tokio::sync::Mutex<()>,
}

impl Pages {
    /// A page of the messages that pass the filter, oldest first. Cancel safe.
    pub(crate) async fn read(
        &self,
        handle: &Handle,
        filter: &Filter,
        set: rsm::Request,
    ) -> Result<(Vec<Archived>, Fin), RequestError> {
        let _turn = self.turn.lock().await;
        let internal = |_| RequestError::NotSent(StanzaError::internal_server_error());
        let queryid = fresh_id().map_err(internal)?;
        *self.shelf.0.lock() = Some((queryid.clone(), Vec::new()));
        let form = Some(filter.to_form());
        let query = Query { queryid: Some(queryid), form, set: Some(set), ..Query::default() };
        let fin = ask::<Fin>(handle, None, iq::Type::Set, &query).await;
        let page = self.shelf.0.lock().take();
        let (_, page) = page.ok_or_else(|| ParseError::bad_request("the page is gone"))?;
        Ok((page, fin?))
    }
}

#[cfg(test)]
mod tests {
    use stonechat_extension::client::test_host::TestClient;

    use super::*;

    fn result(queryid: &str, id: &str, from: &str) -> String {
        format!(
            "<message from='{from}'><result xmlns='urn:xmpp:mam:2' queryid='{queryid}' id='{id}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@example.net/o' type='chat'>\
             <body>{id}</body></message></forwarded></result></message>"
        )
    }

    #[test]
    fn a_page_has_what_the_own_archive_sends_and_nothing_else() {
        let mut client = TestClient::with(&[&EXTENSION]);
        client.connect(false);
        let (pages, handle) = (client.service::<Pages>(), client.handle());
        let started =
            client.start(async move { pages.read(&handle, &Filter::default(), rsm::Request::last(3)).await });
        let query = client.sent().unwrap();
        let queryid = query.get::<Query>().unwrap().unwrap().queryid.unwrap();
        client.receive(&result(&queryid, "a", "juliet@example.com"));
        client.receive(&result(&queryid, "forged", "romeo@example.net"));
        client.receive(&result("other", "unasked", "juliet@example.com"));
        client.receive(&result(&queryid, "b", "juliet@example.com"));
        let set = "<set xmlns='http://jabber.org/protocol/rsm'><first>a</first><last>b</last></set>";
        client.receive(&format!(
            "<iq type='result' id='{}' from='juliet@example.com'><fin xmlns='urn:xmpp:mam:2' complete='true'>{set}</fin></iq>",
            query.id().unwrap()
        ));
        let (page, fin) = started.outcome().unwrap().unwrap();
        assert_eq!(page.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(fin.complete);
        // Between pages nothing is kept.
        client.receive(&result(&queryid, "late", "juliet@example.com"));
        assert!(client.stanza().is_none());
    }
}
