//! A session that changes its presence while that is on its way to somebody who has just come online.

mod common;

use async_trait::async_trait;
use common::befriend;
use stonechat_extension::point::ToAccount;
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{Claim, Cx, InstallError, Installer, Manifest, NoConfig, Select, ServerExtension};
use stonechat_stanza::{Kind, Stanza, StanzaError, presence};

/// Has `a/1` send other presence at the very moment when its old presence is about to be delivered to the session `b/late`.
struct Meddler;

impl ServerExtension for Meddler {
    const MANIFEST: Manifest = Manifest::new("meddler");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let meddler = host.share(Self);
        host.claim::<ToAccount>(Select::of(Kind::Presence(presence::Type::Available)), &meddler);
        Ok(())
    }
}

#[async_trait]
impl Claim<ToAccount> for Meddler {
    async fn claim(&self, cx: &mut Cx<'_>, event: ToAccount) -> Result<Option<ToAccount>, StanzaError> {
        let to = event.stanza.to().map(|to| to.as_str().to_owned());
        let (Some("b@example.org/late"), Some(status)) = (to.as_deref(), status(&event.stanza)) else {
            return Ok(Some(event));
        };
        let a = "a@example.org".parse().expect("an address");
        for session in cx.sessions(&a) {
            let next = match status.as_str() {
                "leaves" => "<presence type='unavailable'/>",
                "changes" => "<presence><status>changed</status></presence>",
                _ => continue,
            };
            let next = Stanza::parse(next.as_bytes()).expect("a stanza");
            cx.host().from_client(&session, next).await.expect("no violation");
        }
        Ok(Some(event))
    }
}

fn status(stanza: &Stanza) -> Option<String> {
    let child = stanza.find("jabber:client", "status")?;
    Some(child.element().expect("an element").text())
}

stonechat_extension::register!(server: Meddler);

/// What the late session hears of `a/1`.
async fn heard(status: &str) -> Vec<Stanza> {
    let extensions = [&stonechat_xep_presence::SERVER, &stonechat_xep_roster::SERVER, &SERVER];
    let host = TestHost::with(&extensions).await;
    befriend(&host, "a", "b").await;
    host.run("a/1 online\n b/late connects").await;
    host.client("a/1").send(&format!("<presence><status>{status}</status></presence>")).await;
    host.client("b/late").send("<presence/>").await;
    let received = host.client("b/late").received();
    let about = |stanza: &Stanza| stanza.from().is_some_and(|from| from.as_str() == "a@example.org/1");
    received.into_iter().filter(about).collect()
}

#[tokio::test(start_paused = true)]
async fn a_session_that_leaves_meanwhile_is_not_left_behind_as_a_ghost() {
    let heard = heard("leaves").await;
    let last = heard.last().expect("it hears of a/1");
    assert_eq!(last.kind(), Kind::Presence(presence::Type::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn presence_that_changes_meanwhile_is_the_last_one_seen() {
    let heard = heard("changes").await;
    assert_eq!(heard.last().and_then(status).as_deref(), Some("changed"));
}

#[tokio::test(start_paused = true)]
async fn presence_that_stays_is_seen_once() {
    let heard = heard("stays").await;
    assert_eq!(heard.iter().filter_map(status).collect::<Vec<_>>(), ["stays"]);
}
