//! Records: which stanzas they are given, what they note for each other, and the last one.

use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_extension::point::{FromClient, Routed, ToAccount};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Cx, Descriptor, HandlerError, InstallError, Installer, Manifest, NoConfig, Record, Select,
    ServerExtension,
};
use stonechat_stanza::Kind;

/// What it has seen is held by the host.
struct Diary;

#[derive(Default)]
struct Pages(Mutex<Vec<String>>);

/// What is known of the stanza under way.
#[derive(Default)]
struct Steps(Mutex<Vec<&'static str>>);

impl ServerExtension for Diary {
    const MANIFEST: Manifest = Manifest::new("diary");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let diary = host.share(Self);
        host.record::<FromClient>(Select::MESSAGES, &diary);
        host.record::<ToAccount>(Select::MESSAGES, &diary);
        host.record::<Routed>(Select::MESSAGES | Select::PRESENCE, &diary);
        Ok(())
    }
}

#[async_trait]
impl Record<FromClient> for Diary {
    async fn record(&self, cx: &Cx<'_>, _: &FromClient) -> Result<(), HandlerError> {
        assert!(cx.note_if_any::<Steps>().is_none(), "another stanza's note");
        cx.note::<Steps>().0.lock().push("from client");
        Ok(())
    }
}

#[async_trait]
impl Record<ToAccount> for Diary {
    async fn record(&self, cx: &Cx<'_>, _: &ToAccount) -> Result<(), HandlerError> {
        cx.note::<Steps>().0.lock().push("to account");
        Ok(())
    }
}

#[async_trait]
impl Record<Routed> for Diary {
    async fn record(&self, cx: &Cx<'_>, event: &Routed) -> Result<(), HandlerError> {
        let steps = cx.note::<Steps>().0.lock().join(", ");
        let sender = cx.session().map(|session| session.jid().to_string()).unwrap_or_default();
        let kind = if matches!(event.kind, Kind::Message(_)) { "message" } else { "presence" };
        cx.host().state::<Pages>().0.lock().push(format!("{kind} of {sender}: {steps}"));
        Ok(())
    }
}

static DIARY: Descriptor = Descriptor::of::<Diary>();

async fn pages(script: &str) -> Vec<String> {
    let host = TestHost::with(&[&DIARY]).await;
    host.connect("a/1").await;
    host.connect("b/1").await;
    host.run(script).await;
    host.host().state::<Pages>().0.lock().clone()
}

#[tokio::test(start_paused = true)]
async fn a_note_lives_from_the_stanzas_arrival_until_it_is_routed() {
    let twice = "a/1 → b: <body>x</body>\n a/1 → b: <body>y</body>";
    let page = "message of a@example.org/1: from client, to account";
    assert_eq!(pages(twice).await, [page, page]);
}

#[tokio::test(start_paused = true)]
async fn a_stanza_that_gets_nowhere_is_routed_all_the_same() {
    assert_eq!(pages("a/1 → nobody: <body>x</body>").await, ["message of a@example.org/1: from client"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_given_the_kinds_that_it_selects() {
    let script = "a/1 → <iq type='get' id='1'><x xmlns='urn:x'/></iq>\n a/1 → <presence to='b@example.org'/>";
    assert_eq!(pages(script).await, ["presence of a@example.org/1: "]);
}
