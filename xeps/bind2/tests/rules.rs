//! Each rule of the XEP, against a host in memory.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use async_trait::async_trait;
use stonechat_extension::login::{AtBind, Claim, Login, Offer, Proof, UserAgent};
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_extension::{
    Cx, Descriptor, Ending, HandlerError, InstallError, Installer, Manifest, NoConfig, ServerExtension,
};
use stonechat_stanza::Element;
use stonechat_xep_bind2::{Bind, Bound, Feature, NS, SERVER};

const PHONE: &str = "d4565fa7-4d72-4749-b3d3-740edbf87770";

fn element(xml: &str) -> Element {
    xml.parse().unwrap()
}

async fn host() -> TestHost {
    let host =
        TestHost::with(&[&stonechat_xep_sasl2::SERVER, &SERVER, &stonechat_xep_carbons::SERVER, &ARCHIVE])
            .await;
    host.account("a").await;
    host
}

fn login(host: &TestHost, installation: Option<&str>, bind: &str) -> Login {
    let agent = UserAgent { id: installation.map(str::to_owned), ..UserAgent::default() };
    let requests = vec![element(bind)];
    let claim = Claim { user_agent: Some(agent), requests, ..Claim::new(host.jid("a"), "SCRAM-SHA-1") };
    Login { claim, proof: Proof::Password }
}

/// Stands for the extension of the archive.
struct Archive;

impl ServerExtension for Archive {
    const MANIFEST: Manifest = Manifest::new("archive");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        host.at_every_bind(&host.share(Archive));
        Ok(())
    }
}

static ARCHIVE: Descriptor = Descriptor::of::<Archive>();

#[async_trait]
impl AtBind for Archive {
    async fn at_bind(
        &self,
        _: &mut Cx<'_>,
        _: &Login,
        _: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        Ok(Some(element("<metadata xmlns='urn:xmpp:mam:2'/>")))
    }
}

/// Example 1.
#[tokio::test(start_paused = true)]
async fn the_feature_lists_what_can_be_asked_for() {
    let host = host().await;
    let features = host.host().tables().login_features(&["PLAIN".into()], &[]);
    let expected = "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>\
        <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/></inline></bind></inline></authentication>";
    assert_eq!(features, [element(expected)]);
}

#[test]
fn the_feature_alone_has_no_list() {
    use stonechat_extension::login::InlineFeature as _;
    let offer = Offer { mechanisms: &[], token_mechanisms: &[], bind_features: &[] };
    let feature = stonechat_xep_bind2::Extension.inline_feature(&offer).unwrap();
    assert_eq!(feature, Element::bare("bind", NS));
    assert_eq!(Feature::read(&feature), Some(Feature::default()));
}

/// Examples 2 to 4.
#[tokio::test(start_paused = true)]
async fn a_session_is_bound_with_the_tag_and_the_client_is_told_with_what_belongs_to_it() {
    let host = host().await;
    let login = login(&host, Some(PHONE), "<bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag></bind>");
    let answers = host.log_in("a/phone", &login).await;
    let bound = Bound::read(&answers[0]).unwrap();
    assert_eq!(bound.answers, [element("<metadata xmlns='urn:xmpp:mam:2'/>")]);
    let jid = host.client("a/phone").session().jid().clone();
    assert!(jid.resource().starts_with("AwesomeXMPP/") && !jid.as_str().contains(PHONE), "{jid}");
}

/// Example 3.
#[test]
fn a_request_has_a_tag_and_what_is_to_be_switched_on() {
    let request = "<bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/>\
        <enable xmlns='urn:xmpp:sm:3'/><inactive xmlns='urn:xmpp:csi:0'/></bind>";
    let bind = Bind::read(&element(request)).unwrap();
    assert_eq!((bind.tag.as_deref(), bind.requests.len()), (Some("AwesomeXMPP"), 3));
    assert_eq!(bind.to_element(), element(request));
}

#[tokio::test(start_paused = true)]
async fn carbons_are_on_from_the_bind_and_what_nobody_knows_is_ignored() {
    let host = host().await;
    let bind = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3'/></bind>";
    host.log_in("a/phone", &login(&host, Some(PHONE), bind)).await;
    host.log_in("a/other", &login(&host, None, "<bind xmlns='urn:xmpp:bind:0'/>")).await;
    host.run(
        "a/desk, b/1 online
         b/1 → a/desk: <body>hi</body>
         a/desk ← <body>hi</body>
         a/phone ← <received xmlns='urn:xmpp:carbons:2'/>
         a/other ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_same_installation_gets_its_resource_again_and_the_earlier_session_ends() {
    let host = host().await;
    let login = login(&host, Some(PHONE), "<bind xmlns='urn:xmpp:bind:0'><tag>X</tag></bind>");
    host.log_in("a/first", &login).await;
    host.log_in("a/second", &login).await;
    let (first, second) = (host.client("a/first"), host.client("a/second"));
    assert_eq!(first.session().jid(), second.session().jid());
    assert!(matches!(first.ending(), Some(Ending::Conflict)));
    assert!(second.ending().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_session_of_the_same_installation_ends_whatever_its_tag_and_others_stay() {
    let host = host().await;
    let bind = |tag| format!("<bind xmlns='urn:xmpp:bind:0'><tag>{tag}</tag></bind>");
    host.log_in("a/first", &login(&host, Some(PHONE), &bind("X"))).await;
    host.log_in("a/desk", &login(&host, Some("11111111-2222-4333-8444-555555555555"), &bind("X"))).await;
    host.log_in("a/nameless", &login(&host, None, &bind("X"))).await;
    host.log_in("a/second", &login(&host, Some(PHONE), &bind("Y"))).await;
    assert!(matches!(host.client("a/first").ending(), Some(Ending::Conflict)));
    for other in ["a/desk", "a/nameless", "a/second"] {
        assert!(host.client(other).ending().is_none(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_sasl2_it_cannot_be_had() {
    let error = TestHost::try_configured(&[&SERVER], &[]).await.unwrap_err();
    assert!(error.to_string().contains("sasl2"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds() {
    contract::check(&[&SERVER, &stonechat_xep_sasl2::SERVER]).await;
}
