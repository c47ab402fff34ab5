//! XEP-0030 and XEP-0128, on the test host.

mod subscribe;

use stonechat_extension::disco::{self, Disco};
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_extension::{
    Cx, Descriptor, InstallError, Installer, Manifest, Map, NoConfig, On, ServerExtension,
};
use stonechat_stanza::forms::{Field, Form, Type, field};
use stonechat_stanza::{StanzaError, error::Condition};
use stonechat_xep_disco::{Info, Items, SERVER};
use subscribe::SUBSCRIBE;

const ROSTER: &Descriptor = &stonechat_xep_roster::SERVER;

fn info(to: &str, node: &str) -> String {
    format!(
        "<iq type='get' id='1' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info'{node}/></iq>"
    )
}

fn items(to: &str, node: &str) -> String {
    format!(
        "<iq type='get' id='1' to='{to}'><query xmlns='http://jabber.org/protocol/disco#items'{node}/></iq>"
    )
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
    contract::check(&[&SERVER, ROSTER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_is_an_instant_messaging_server_with_the_features_that_are_installed() {
    // Examples 1 and 2.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "romeo/orchard connects
         romeo/orchard → <iq type='get' id='info1' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         romeo/orchard ← <iq type='result' id='info1' from='example.org' to='romeo@example.org/orchard'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im' name='Stonechat'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/></query></iq>",
    )
    .await;
    let told = host.client("romeo/orchard").ask(&info("example.org", "")).await;
    let told = told.get::<Info>().unwrap().unwrap();
    assert_eq!((told.identities.len(), told.features.len(), told.forms.len()), (1, 2, 0), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn items_of_the_host_are_those_of_the_configuration_and_of_extensions() {
    // Examples 11 and 12.
    let section = "items = [{ jid = 'people.shakespeare.lit', name = 'Directory of Characters' }, { jid = 'mim.shakespeare.lit', node = 'x' }]";
    let host = TestHost::configured(&[&SERVER, &CATALOG], &[("disco", section)]).await;
    host.run(
        "romeo/orchard connects
         romeo/orchard → <iq type='get' id='items1' to='example.org'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>
         romeo/orchard ← <iq type='result' id='items1' from='example.org'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='people.shakespeare.lit' name='Directory of Characters'/><item jid='mim.shakespeare.lit' node='x'/><item jid='example.org' node='music'/></query></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_has_no_items_gives_an_empty_list() {
    // Example 13.
    let host = TestHost::with(&[&SERVER]).await;
    let told = host.connect("romeo/orchard").await.ask(&items("example.org", "")).await;
    assert_eq!(told.get::<Items>().unwrap(), Some(Items::default()));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_no_address_stops_the_start() {
    let problem = TestHost::try_configured(&[&SERVER], &[("disco", "items = [{ jid = '@@' }]")]).await;
    let problem = problem.expect_err("this does not start").to_string();
    assert!(problem.contains("`disco`") && problem.contains("`items`"), "{problem}");
}

/// Knows the nodes `music` and `none-of-your-business`, a form and an item without a node.
struct Catalog;
static CATALOG: Descriptor = Descriptor::of::<Catalog>();

impl ServerExtension for Catalog {
    const MANIFEST: Manifest = Manifest::new("catalog");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        host.map::<Disco>(&host.share(Self));
        let port = Field::new(field::Type::TextSingle, "c2s_port").with_value("5222");
        host.info_form(Form::of(Type::Result, "http://jabber.org/network/serverinfo").with_field(port));
        Ok(())
    }
}

impl Map<Disco> for Catalog {
    fn map(&self, _: &Cx<'_>, event: &mut Disco) -> Result<(), StanzaError> {
        let item = |node: &str| disco::Item {
            jid: "example.org".parse().expect("an address"),
            node: Some(node.to_owned()),
            name: None,
        };
        match event.node.as_deref() {
            None if event.on == On::HOST => {
                event.info.get_or_insert_default().items.push(item("music"));
            }
            Some("music") => {
                let (category, kind) = ("hierarchy".to_owned(), "branch".to_owned());
                let identities = vec![disco::Identity { category, kind, name: None }];
                let items = vec![item("music/A"), item("music/B")];
                event.info = Some(disco::Info { identities, items, ..disco::Info::default() });
            }
            Some("none-of-your-business") => return Err(StanzaError::not_allowed()),
            _ => {}
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_is_answered_by_the_extension_that_knows_it_and_mirrored() {
    // Examples 9, 10, 18, 19 and 24, and §4.3.
    let host = TestHost::with(&[&SERVER, &CATALOG]).await;
    host.run(
        "romeo/orchard connects
         romeo/orchard → <iq type='get' id='items3' to='example.org'><query xmlns='http://jabber.org/protocol/disco#items' node='music'/></iq>
         romeo/orchard ← <iq type='result' id='items3'><query xmlns='http://jabber.org/protocol/disco#items' node='music'><item jid='example.org' node='music/A'/><item jid='example.org' node='music/B'/></query></iq>
         romeo/orchard → <iq type='get' id='info3' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info' node='music'/></iq>
         romeo/orchard ← <iq type='result' id='info3'><query xmlns='http://jabber.org/protocol/disco#info' node='music'><identity category='hierarchy' type='branch'/><feature var='http://jabber.org/protocol/disco#info'/></query></iq>
         romeo/orchard → <iq type='get' id='info4' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info' node='none-of-your-business'/></iq>
         romeo/orchard ← <iq type='error' id='info4'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_nobody_knows_is_not_found() {
    let host = TestHost::with(&[&SERVER, &CATALOG]).await;
    let romeo = host.connect("romeo/orchard").await;
    for to in ["example.org", "romeo@example.org"] {
        for ask in [info(to, " node='nowhere'"), items(to, " node='nowhere'")] {
            let error = romeo.ask(&ask).await.error().map(|error| error.condition);
            assert_eq!(error, Some(Condition::ItemNotFound), "{ask}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn extended_information_is_part_of_the_answer() {
    // XEP-0128, example 1.
    let host = TestHost::with(&[&SERVER, &CATALOG]).await;
    host.run(
        "hag66/pda connects
         hag66/pda → <iq type='get' id='disco1' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         hag66/pda ← <iq type='result' id='disco1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field><field var='c2s_port'><value>5222</value></field></x></query></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_account_tells_itself_and_its_subscribers_what_it_can_do_and_where_it_is_available() {
    // Examples 5, 6, 14 and 15.
    let host = TestHost::with(&[&SERVER, ROSTER, &SUBSCRIBE]).await;
    host.run("juliet/chamber, juliet/balcony, romeo/orchard online\n juliet/invisible connects").await;
    subscribe::to(&host, "juliet", "romeo").await;
    for asker in ["juliet/balcony", "romeo/orchard"] {
        let client = host.client(asker);
        let told = client.ask(&info("juliet@example.org", "")).await.get::<Info>().unwrap().unwrap();
        assert_eq!((&*told.identities[0].category, &*told.identities[0].kind), ("account", "registered"));
        assert!(told.features.iter().any(|f| f.var == "jabber:iq:roster"), "{told:?}");
        let told = client.ask(&items("juliet@example.org", "")).await.get::<Items>().unwrap().unwrap();
        let jids: Vec<_> = told.items.iter().map(|item| item.jid.as_str()).collect();
        assert_eq!(jids, ["juliet@example.org/balcony", "juliet@example.org/chamber"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_in_the_other_direction_shows_nothing() {
    let host = TestHost::with(&[&SERVER, ROSTER, &SUBSCRIBE]).await;
    host.run("juliet/balcony, romeo/orchard online").await;
    // Juliet sees Romeo; that does not mean that he sees her.
    subscribe::to(&host, "romeo", "juliet").await;
    let answer = host.client("romeo/orchard").ask(&info("juliet@example.org", "")).await;
    assert_eq!(answer.error().map(|error| error.condition), Some(Condition::ServiceUnavailable));
}

/// §8: online, offline and absent accounts are one to a stranger, with a node and without.
#[tokio::test(start_paused = true)]
async fn strangers_cannot_tell_online_offline_and_absent_accounts_apart() {
    let hosts = [
        TestHost::with(&[&SERVER, &CATALOG]).await,
        TestHost::with(&[&SERVER, &CATALOG, ROSTER, &SUBSCRIBE]).await,
    ];
    for host in hosts {
        host.run("eve/web, online/1 online\n offline exists").await;
        let eve = host.client("eve/web");
        for node in ["", " node='music'", " node='nowhere'"] {
            for account in ["online", "offline", "absent"] {
                let jid = format!("{account}@example.org");
                let answer = eve.ask(&info(&jid, node)).await;
                assert_eq!(answer.error(), Some(StanzaError::service_unavailable()), "{account} {node}");
                let answer = eve.ask(&items(&jid, node)).await;
                let told = answer.get::<Items>().unwrap().expect("a result");
                assert!(told.items.is_empty(), "{account} {node}");
                assert_eq!(told.node.is_some(), !node.is_empty(), "the node is mirrored");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_to_a_client_is_for_that_client() {
    // Example 8.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "juliet/balcony, romeo/orchard online
         juliet/balcony → <iq type='get' id='info4' to='romeo@example.org/orchard'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         romeo/orchard ← <iq type='get' id='info4' from='juliet@example.org/balcony'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         juliet/balcony ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_as_a_set_is_not_answered_by_us() {
    let host = TestHost::with(&[&SERVER]).await;
    let ask = info("example.org", "").replace("'get'", "'set'");
    let answer = host.connect("romeo/orchard").await.ask(&ask).await;
    assert_eq!(answer.error().map(|error| error.condition), Some(Condition::ServiceUnavailable));
}
