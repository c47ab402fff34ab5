//! Authentication by profiles that extensions speak: what the server does with them, whatever they are.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use async_trait::async_trait;
use stonechat_extension::login::{Login, Resume, Resumption};
use stonechat_extension::{
    Cx, Descriptor, HandlerError, InstallError, Installer, Mailbox, Manifest, NoConfig, Registry,
    ServerExtension, Wire,
};
use stonechat_stanza::{Element, Stanza};
use support::client::{Client, header};
use support::{Fixture, HOST, start_with};

/// `\0juliet\0r0m30myr0m30`.
const JULIET: &str = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>\
    <initial-response>AGp1bGlldAByMG0zMG15cjBtMzA=</initial-response>";

/// Gives any session of the account back.
struct Again;

static AGAIN: Descriptor = Descriptor::of::<Again>();

impl ServerExtension for Again {
    const MANIFEST: Manifest = Manifest::new("again");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        host.resume_at_login("urn:test", "resume", &host.share(Again))
    }
}

#[async_trait]
impl Resume for Again {
    async fn resume(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        request: &Element,
    ) -> Result<Resumption, HandlerError> {
        let wanted = request.attr("resource");
        let sessions = cx.sessions(&login.account).into_iter();
        let session = { sessions }.find(|session| Some(session.jid().resource()) == wanted);
        let name = if session.is_some() { "resumed" } else { "failed" };
        Ok(Resumption { session, answer: Some(Element::bare(name, "urn:test")) })
    }
}

async fn start() -> Fixture {
    let extensions = [&stonechat_xep_sasl2::SERVER, &stonechat_xep_bind2::SERVER, &AGAIN];
    start_with(Registry::of(&extensions).unwrap(), |_| {}).await
}

#[tokio::test]
async fn a_profile_is_neither_offered_nor_spoken_in_the_clear() {
    let fixture = start().await;
    let mut client = Client::connect(fixture.plaintext()).await;
    client.send(&header(HOST)).await;
    assert!(!client.until("</stream:features>").await.contains("urn:xmpp:sasl:2"));
    client.send(&format!("{JULIET}</authenticate>")).await;
    assert!(client.until("</failure>").await.contains("<encryption-required"));
    // Where TLS is required nobody is even asked.
    let mut client = Client::connect(fixture.address(stonechat_server::config::Kind::Starttls)).await;
    client.send(&header(HOST)).await;
    client.until("</stream:features>").await;
    client.send(&format!("{JULIET}</authenticate>")).await;
    assert!(client.until_closed().await.contains("<unsupported-stanza-type"));
}

#[tokio::test]
async fn a_session_that_is_given_back_goes_on_on_the_new_connection() {
    let fixture = start().await;
    let host = fixture.server.host(HOST).unwrap();
    let account = "juliet@localhost".parse().unwrap();
    let mailbox = Mailbox::new(Wire::InStream, 100_000);
    let session = host.bind(&account, Some("before"), mailbox, None).await.unwrap();
    let waiting = Stanza::parse(
        b"<message to='juliet@localhost/before' from='romeo@localhost/x'><body>kept</body></message>",
    );
    host.send(waiting.unwrap()).await;

    let mut client = fixture.secure().await;
    client.open().await;
    let wishes = "<bind xmlns='urn:xmpp:bind:0'/><resume xmlns='urn:test' resource='before'/>";
    client.send(&format!("{JULIET}{wishes}</authenticate>")).await;
    let success = client.until("</stream:features>").await;
    assert!(success.contains("<authorization-identifier>juliet@localhost/before<"), "{success}");
    assert!(success.contains("<resumed ") && !success.contains("<bound"), "{success}");
    assert!(client.until("</message>").await.contains("kept"));
    assert_eq!(host.session_count(), 1);
    client.send("</stream:stream>").await;
    client.until_closed().await;
    fixture.sessions(0).await;
    assert!(session.has_ended());
}

#[tokio::test]
async fn where_there_is_nothing_to_give_back_a_session_is_bound_and_the_client_told() {
    let fixture = start().await;
    let mut client = fixture.secure().await;
    client.open().await;
    let wishes = "<resume xmlns='urn:test' resource='before'/><bind xmlns='urn:xmpp:bind:0'/>";
    client.send(&format!("{JULIET}{wishes}</authenticate>")).await;
    let success = client.until("</stream:features>").await;
    let (failed, bound) = (success.find("<failed "), success.find("<bound "));
    assert!(failed.is_some() && failed < bound, "{success}");
    fixture.sessions(1).await;
}

#[tokio::test]
async fn an_exchange_that_is_under_way_when_the_profile_is_switched_off_comes_to_its_end() {
    let fixture = start().await;
    let mut client = fixture.secure().await;
    client.open().await;
    client
        .send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><bind xmlns='urn:xmpp:bind:0'/></authenticate>")
        .await;
    client.until("<challenge").await;
    client.until(">").await;
    let mut config = fixture.server.config();
    let off = toml::Table::from_iter([("enabled".to_owned(), toml::Value::Boolean(false))]);
    for extension in ["sasl2", "bind2"] {
        config.extensions.0.insert(extension.to_owned(), off.clone());
    }
    fixture.server.reload(config).await.unwrap();
    client.send("<response xmlns='urn:xmpp:sasl:2'>AGp1bGlldAByMG0zMG15cjBtMzA=</response>").await;
    let success = client.until("</stream:features>").await;
    // What was asked for together with the login has no owner any more.
    assert!(success.contains("<authorization-identifier>juliet@localhost<"), "{success}");
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    assert!(client.until("</iq>").await.contains("<jid>juliet@localhost/"));
    let mut client = fixture.secure().await;
    assert!(!client.open().await.contains("urn:xmpp:sasl:2"));
}

#[tokio::test]
async fn nobody_stays_in_an_account_that_was_removed_after_the_proof() {
    let fixture = start().await;
    let mut client = fixture.secure().await;
    client.open().await;
    client.send(&format!("{JULIET}</authenticate>")).await;
    client.until("</stream:features>").await;
    let host = fixture.server.host(HOST).unwrap();
    assert!(host.remove_account(&"juliet@localhost".parse().unwrap()).await.unwrap());
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    assert!(client.until_closed().await.contains("<not-authorized"));
    fixture.sessions(0).await;
}
