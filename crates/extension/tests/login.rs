//! What extensions do at a login, in which order, and what becomes of it when one fails.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::login::{
    AtBind, AtLogin, Bind, Claim, Failed, InlineFeature, Login, Offer, Profile, Proof, Resume, Resumption,
    Secret, Succeeded, Tokens, Word,
};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Cx, Descriptor, HandlerError, InstallError, Installer, Manifest, NoConfig, ServerExtension,
};
use stonechat_stanza::Element;

const NS: &str = "urn:test";

fn element(xml: &str) -> Element {
    xml.parse().unwrap()
}

/// Owns a request of each kind.
struct All;

impl ServerExtension for All {
    const MANIFEST: Manifest = Manifest::new("all");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let all = host.share(All);
        host.login_profile(NS, &all)?;
        host.inline_feature(&all);
        host.tokens(&["HT-SHA-256-NONE"], &all)?;
        host.resume_at_login(NS, "resume", &all)?;
        host.bind_at_login(NS, "bind", &all)?;
        host.at_bind("urn:test:wish", &[(NS, "wish"), (NS, "fail"), (NS, "panic")], &all)?;
        host.at_every_bind(&all);
        host.at_login(&all);
        Ok(())
    }
}

static ALL: Descriptor = Descriptor::of::<All>();

impl Profile for All {
    fn feature(&self, offer: &Offer<'_>, inline: Vec<Element>) -> Element {
        let mut feature = Element::bare("feature", NS);
        assert_eq!(offer.bind_features, ["urn:test:wish"]);
        for child in inline {
            feature.append_child(child);
        }
        feature
    }
    fn read(&self, element: &Element) -> Option<Result<Word, Failed>> {
        assert!(element.name() != "panic");
        None
    }
    fn challenge(&self, _: &[u8]) -> Element {
        Element::bare("challenge", NS)
    }
    fn success(&self, _: Succeeded) -> Element {
        Element::bare("success", NS)
    }
    fn failure(&self, _: &Failed) -> Element {
        Element::bare("failure", NS)
    }
}

impl InlineFeature for All {
    fn inline_feature(&self, offer: &Offer<'_>) -> Option<Element> {
        offer.token_mechanisms.iter().map(|name| Element::bare(name.as_str(), NS)).next()
    }
}

#[async_trait]
impl Tokens for All {
    async fn secrets(&self, _: &mut Cx<'_>, claim: &Claim) -> Result<Vec<Secret>, HandlerError> {
        match claim.installation() {
            None => Err(HandlerError::new("broken")),
            Some(id) => Ok(vec![Secret::new(format!("token of {id}"))]),
        }
    }
    async fn accept(
        &self,
        _: &mut Cx<'_>,
        _: &Claim,
        secret: &Secret,
    ) -> Result<Option<Failed>, HandlerError> {
        match secret.as_str() {
            "old" => Ok(Some(Failed::new("credentials-expired"))),
            "broken" => Err(HandlerError::new("broken")),
            _ => Ok(None),
        }
    }
}

#[async_trait]
impl Resume for All {
    async fn resume(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        request: &Element,
    ) -> Result<Resumption, HandlerError> {
        let wanted = request.attr("resource").unwrap_or_default();
        let of: stonechat_jid::BareJid = match request.attr("of") {
            Some(of) => of.parse().unwrap(),
            None => login.account.clone(),
        };
        let session = cx.sessions(&of).into_iter().find(|session| session.jid().resource() == wanted);
        let name = if session.is_some() { "resumed" } else { "failed" };
        Ok(Resumption { session, answer: Some(Element::bare(name, NS)) })
    }
}

impl Bind for All {
    fn resource(&self, login: &Login, _: &Element) -> Option<String> {
        login.installation().map(str::to_owned)
    }
    fn bound(&self, cx: &mut Cx<'_>, login: &Login, _: &Element, answers: Vec<Element>) -> Element {
        assert_eq!(cx.session().unwrap().login().unwrap().account, login.account);
        let mut bound = Element::bare("bound", NS);
        for child in answers {
            bound.append_child(child);
        }
        bound
    }
}

#[async_trait]
impl AtBind for All {
    async fn at_bind(
        &self,
        _: &mut Cx<'_>,
        _: &Login,
        request: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        match request.map(Element::name) {
            None => Ok(Some(Element::bare("metadata", NS))),
            Some("fail") => Err(HandlerError::new("broken")),
            Some("panic") => panic!("at the bind"),
            Some(_) => Ok(Some(Element::bare("granted", NS))),
        }
    }
}

#[async_trait]
impl AtLogin for All {
    async fn at_login(&self, cx: &mut Cx<'_>, _: &Login) -> Result<Option<Element>, HandlerError> {
        let name = if cx.session().is_some() { "with-session" } else { "without-session" };
        Ok(Some(Element::bare(name, NS)))
    }
}

async fn host() -> TestHost {
    let host = TestHost::with(&[&ALL]).await;
    host.account("a").await;
    host
}

fn login(host: &TestHost, requests: &[&str]) -> Login {
    let requests = requests.iter().map(|xml| element(&xml.replacen('>', " xmlns='urn:test'>", 1))).collect();
    let user_agent = stonechat_extension::login::UserAgent { id: Some("phone".into()), ..Default::default() };
    let claim = Claim { requests, user_agent: Some(user_agent), ..Claim::new(host.jid("a"), "PLAIN") };
    Login { claim, proof: Proof::Password }
}

fn names(elements: &[Element]) -> Vec<String> {
    elements.iter().map(|element| element.name().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_login_that_asks_for_nothing_has_no_session() {
    let host = host().await;
    let login = login(&host, &["<unknown></unknown>"]);
    assert_eq!(names(&host.log_in("a/phone", &login).await), ["without-session"]);
    assert_eq!(host.host().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_bind_gives_a_session_that_knows_its_login_and_answers_to_what_was_wished() {
    let host = host().await;
    let login = login(&host, &["<bind><wish/><unknown/><wish/></bind>"]);
    let answers = host.log_in("a/phone", &login).await;
    assert_eq!(names(&answers), ["bound", "with-session"]);
    let inside: Vec<_> = answers[0].children().map(Element::name).collect();
    assert_eq!(inside, ["granted", "metadata"], "what is asked for twice is done once");
    let session = host.client("a/phone").session().clone();
    assert_eq!(session.jid().resource(), "phone");
    let kept = session.login().unwrap();
    assert_eq!(kept.installation(), Some("phone"));
    assert!(kept.requests.is_empty(), "what was done is not kept");
}

#[tokio::test(start_paused = true)]
async fn what_fails_at_a_bind_is_counted_and_spoils_nothing_else() {
    let host = host().await;
    let answers = host.log_in("a/phone", &login(&host, &["<bind><fail/><panic/><wish/></bind>"])).await;
    let inside: Vec<_> = answers[0].children().map(Element::name).collect();
    assert_eq!(inside, ["granted", "metadata"]);
    assert_eq!(host.host().tables().failures("all"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_resumed_takes_the_place_of_one_that_would_be_bound() {
    let host = host().await;
    let before = Arc::clone(host.connect("a/old").await.session());
    let both = ["<bind></bind>", "<resume resource='old'></resume>"];
    let answers = host.log_in("a/again", &login(&host, &both)).await;
    assert_eq!(names(&answers), ["resumed", "with-session"]);
    assert!(Arc::ptr_eq(&before, host.client("a/again").session()));
    assert_eq!(host.host().session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_resumption_that_fails_is_told_and_a_session_bound() {
    let host = host().await;
    let both = ["<resume resource='old'></resume>", "<bind></bind>"];
    let answers = host.log_in("a/phone", &login(&host, &both)).await;
    assert_eq!(names(&answers), ["failed", "bound", "with-session"]);
}

#[tokio::test(start_paused = true)]
async fn a_session_of_another_account_cannot_be_resumed_whatever_an_extension_says() {
    let host = host().await;
    host.connect("b/old").await;
    let wish = "<resume of='b@example.org' resource='old'></resume>";
    assert_eq!(names(&host.log_in("a/again", &login(&host, &[wish])).await), ["without-session"]);
    assert_eq!(host.host().session_count(), 1);
    assert!(host.host().account("a@example.org").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_login_without_room_for_a_session_goes_without() {
    let host = host().await;
    for number in 0..32 {
        host.connect(&format!("a/{number}")).await;
    }
    let answers = host.log_in("a/phone", &login(&host, &["<bind></bind>"])).await;
    assert_eq!(names(&answers), ["without-session"]);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_told_prove_nothing_and_one_that_cannot_be_checked_is_refused() {
    let host = host().await;
    let login = login(&host, &[]);
    let (host, claim) = (host.host(), &login.claim);
    assert_eq!(host.token_secrets(claim).await.unwrap()[0].as_str(), "token of phone");
    assert!(host.token_secrets(&Claim { user_agent: None, ..claim.clone() }).await.is_none());
    let accept = async |secret: &str| host.accept_token(claim, &Secret::new(secret.to_owned())).await;
    assert_eq!(accept("new").await, None);
    assert_eq!(accept("old").await.unwrap().condition, "credentials-expired");
    assert_eq!(accept("broken").await.unwrap().condition, "temporary-auth-failure");
}

#[tokio::test(start_paused = true)]
async fn a_host_without_tokens_accepts_none() {
    let host = TestHost::with(&[]).await;
    let claim = Claim::new(host.account("a").await, "HT-SHA-256-NONE");
    assert_eq!(host.host().token_secrets(&claim).await.unwrap().len(), 0);
    assert!(host.host().accept_token(&claim, &Secret::default()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_offered_with_what_can_be_had_inline_and_may_panic() {
    let host = host().await;
    let tables = host.host().tables();
    assert_eq!(tables.token_mechanisms(), ["HT-SHA-256-NONE"]);
    let features = tables.login_features(&["PLAIN".into()], &["HT-SHA-256-NONE".into()]);
    assert_eq!(features.len(), 1);
    assert!(features[0].get_child("HT-SHA-256-NONE", NS).is_some());
    let speaker = tables.login_profile(NS).unwrap();
    assert!(speaker.read(&element("<panic xmlns='urn:test'/>")).is_none());
    assert!(tables.login_profile("urn:other").is_none());
}

/// Wants what another owns.
struct Second;

impl ServerExtension for Second {
    const MANIFEST: Manifest = Manifest::new("second");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        host.resume_at_login(NS, "resume", &Arc::new(All))
    }
}

static SECOND: Descriptor = Descriptor::of::<Second>();

#[tokio::test(start_paused = true)]
async fn a_request_at_login_has_one_owner() {
    let error = TestHost::try_configured(&[&ALL, &SECOND], &[]).await.unwrap_err().to_string();
    assert!(error.contains("all") && error.contains("second") && error.contains("resume"), "{error}");
}
