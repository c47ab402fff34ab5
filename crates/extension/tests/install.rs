//! What stops the start, and whom the message names.

use stonechat_extension::point::{NoSession, ToSession};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Answer, Claim, Cx, Descriptor, InstallError, Installer, Manifest, Map, NoConfig, On, Plan, Registry,
    Reply, Request, Select, ServerExtension, Tables,
};
use stonechat_stanza::{Element, ParseError, Payload, StanzaError};
use stonechat_store::Store;

struct Thing;
impl Payload for Thing {
    const NS: &'static str = "urn:test:thing";
    const NAME: &'static str = "thing";
    fn parse(_: &Element) -> Result<Self, ParseError> {
        Ok(Self)
    }
    fn to_element(&self) -> Element {
        Element::bare(Self::NAME, Self::NS)
    }
}

macro_rules! extension {
    ($type:ident, $static:ident, $manifest:expr, |$host:ident| $install:block) => {
        struct $type;
        impl ServerExtension for $type {
            const MANIFEST: Manifest = $manifest;
            type Config = NoConfig;
            fn install(_: NoConfig, $host: &mut Installer<'_>) -> Result<(), InstallError> $install
        }
        impl Answer<Thing> for $type {
            fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Thing) -> Result<Reply, StanzaError> {
                Ok(Reply::empty())
            }
        }
        impl Map<ToSession> for $type {
            fn map(&self, _: &Cx<'_>, _: &mut ToSession) -> Result<(), StanzaError> {
                Ok(())
            }
        }
        #[async_trait::async_trait]
        impl Claim<NoSession> for $type {
            async fn claim(&self, _: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
                Ok(Some(event))
            }
        }
        static $static: Descriptor = Descriptor::of::<$type>();
    };
}

async fn problem(extensions: &[&'static Descriptor], sections: &[(&str, &str)]) -> String {
    TestHost::try_configured(extensions, sections).await.expect_err("this does not start").to_string()
}

extension!(Owner, OWNER, Manifest::new("owner"), |host| {
    host.iq_get::<Thing>(On::ACCOUNT, &host.share(Self))
});
extension!(Rival, RIVAL, Manifest::new("rival"), |host| {
    host.iq_get::<Thing>(On::OWN_ACCOUNT, &host.share(Self))
});
extension!(Peaceful, PEACEFUL, Manifest::new("peaceful"), |host| {
    host.iq_get::<Thing>(On::HOST, &host.share(Self))?;
    host.iq_set::<Thing>(On::ACCOUNT, &host.share(Self))
});

#[tokio::test(start_paused = true)]
async fn two_owners_of_one_request_stop_the_start_with_both_names() {
    let problem = problem(&[&OWNER, &RIVAL], &[]).await;
    assert!(
        problem.contains("`owner`") && problem.contains("`rival`") && problem.contains("urn:test:thing"),
        "{problem}"
    );
    TestHost::with(&[&OWNER, &PEACEFUL]).await;
}

extension!(Needy, NEEDY, Manifest::new("needy").needs("owner"), |_host| { Ok(()) });

#[tokio::test(start_paused = true)]
async fn a_missing_need_stops_the_start_with_both_names() {
    let problem = problem(&[&NEEDY], &[]).await;
    assert!(problem.contains("`needy`") && problem.contains("`owner`"), "{problem}");
    TestHost::with(&[&NEEDY, &OWNER]).await;
}

extension!(Hen, HEN, Manifest::new("hen").needs("egg"), |_host| { Ok(()) });
extension!(Egg, EGG, Manifest::new("egg").needs("hen"), |_host| { Ok(()) });

#[tokio::test(start_paused = true)]
async fn a_cycle_of_needs_stops_the_start_with_both_names() {
    let problem = problem(&[&HEN, &EGG], &[]).await;
    assert!(problem.contains("`hen`") && problem.contains("`egg`"), "{problem}");
}

extension!(First, FIRST, Manifest::new("first"), |host| {
    host.map::<ToSession>(&host.share(Self)).before("second");
    Ok(())
});
extension!(Second, SECOND, Manifest::new("second"), |host| {
    host.map::<ToSession>(&host.share(Self));
    Ok(())
});
extension!(Contrary, CONTRARY, Manifest::new("second"), |host| {
    host.map::<ToSession>(&host.share(Self)).before("first");
    Ok(())
});
extension!(Third, THIRD, Manifest::new("third"), |host| {
    host.map::<ToSession>(&host.share(Self)).after("first");
    Ok(())
});

#[tokio::test(start_paused = true)]
async fn an_order_that_is_not_settled_or_contradicts_itself_stops_the_start_with_both_names() {
    TestHost::with(&[&FIRST, &SECOND]).await;
    let ambiguous = problem(&[&FIRST, &SECOND, &THIRD], &[]).await;
    assert!(ambiguous.contains("`second`") && ambiguous.contains("`third`"), "{ambiguous}");
    let cycle = problem(&[&FIRST, &CONTRARY], &[]).await;
    assert!(cycle.contains("`first`") && cycle.contains("`second`"), "{cycle}");
}

extension!(Offline, OFFLINE, Manifest::new("offline"), |host| {
    host.claim::<NoSession>(Select::MESSAGES, &host.share(Self));
    Ok(())
});
extension!(Push, PUSH, Manifest::new("push"), |host| {
    host.claim::<NoSession>(Select::MESSAGES, &host.share(Self));
    Ok(())
});
extension!(PolitePush, POLITE_PUSH, Manifest::new("push"), |host| {
    host.claim::<NoSession>(Select::MESSAGES, &host.share(Self)).after("offline");
    Ok(())
});

#[tokio::test(start_paused = true)]
async fn two_claims_of_the_same_need_an_order() {
    let ambiguous = problem(&[&OFFLINE, &PUSH], &[]).await;
    assert!(ambiguous.contains("`offline`") && ambiguous.contains("`push`"), "{ambiguous}");
    TestHost::with(&[&OFFLINE, &POLITE_PUSH]).await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_extension_stops_the_start_with_a_suggestion() {
    let registry = Registry::of(&[&OWNER]).unwrap();
    let built = Tables::build(&registry, &Plan::defaults(&registry).enable("ownr"), &Store::memory());
    let problem = built.unwrap_err().to_string();
    assert!(problem.contains("`ownr`") && problem.contains("`owner`"), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_stops_the_start_with_its_name_even_of_an_extension_that_is_off() {
    let text = problem(&[&OWNER], &[("owner", "colour = 'red'")]).await;
    assert!(text.contains("`owner`") && text.contains("`colour`"), "{text}");
    let registry = Registry::of(&[&OWNER]).unwrap();
    let plan = Plan::empty().section("owner", "colour = 'red'".parse().unwrap());
    assert!(Tables::build(&registry, &plan, &Store::memory()).is_err());
}

#[test]
fn two_different_extensions_of_one_name_are_refused_and_one_met_twice_is_one() {
    let error = Registry::of(&[&SECOND, &CONTRARY]).unwrap_err();
    assert_eq!(error, InstallError::DuplicateName { extension: "second".to_owned() });
    assert_eq!(Registry::of(&[&SECOND, &SECOND]).unwrap().iter().count(), 1);
}

trait Greeter: Send + Sync {
    fn greet(&self) -> &'static str;
}
struct English;
impl Greeter for English {
    fn greet(&self) -> &'static str {
        "hello"
    }
}
extension!(Provider, PROVIDER, Manifest::new("provider"), |host| {
    host.provide::<dyn Greeter>(std::sync::Arc::new(English))
});
extension!(User, USER, Manifest::new("a-user").needs("provider"), |host| {
    assert_eq!(host.service::<dyn Greeter>()?.greet(), "hello");
    Ok(())
});
extension!(Forgetful, FORGETFUL, Manifest::new("forgetful"), |host| {
    host.service::<dyn Greeter>().map(drop)
});

#[tokio::test(start_paused = true)]
async fn a_service_is_found_by_those_who_need_its_provider() {
    let host = TestHost::with(&[&USER, &PROVIDER]).await;
    assert_eq!(host.host().tables().service::<dyn Greeter>().unwrap().greet(), "hello");
    let missing = problem(&[&FORGETFUL], &[]).await;
    assert!(missing.contains("`forgetful`") && missing.contains("Greeter"), "{missing}");
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_fails_leaves_the_old_tables_in_service_and_one_that_works_swaps_them() {
    let host = TestHost::with(&[&OWNER, &NEEDY]).await;
    let before = host.host().tables();
    assert!(host.reload(&[&NEEDY], &[]).is_err());
    assert!(std::sync::Arc::ptr_eq(&before, &host.host().tables()));
    host.reload(&[], &[]).unwrap();
    assert_eq!(host.host().tables().extensions().count(), 0);
}
