//! What holds for every extension, whatever it does.

use std::collections::BTreeSet;

use stonechat_stanza::{Kind, iq};

use super::{DOMAIN, TestHost};
use crate::{Described, Descriptor, InstallError, On, Plan, Registry, Side, Tables};

/// Checks the first of `extensions`; the others are those that it needs.
///
/// - The commented default configuration reads as the default, key for key.
/// - An unknown key stops the start, and the error names the extension and the key.
/// - Installing twice gives the same: the same features, stores and commands.
/// - Whatever elements come in its namespaces, no handler panics, and every request is answered once.
/// - While it is not enabled, it is silent: its features are not listed and its requests get `service-unavailable`.
///
/// # Panics
/// When one of these does not hold; the message says which.
pub async fn check(extensions: &[&'static Descriptor]) {
    let subject = extensions[0];
    configuration(subject);
    installing_twice_gives_the_same(extensions);
    garbage_is_answered_and_never_panics(extensions).await;
    it_is_silent_while_not_enabled(extensions).await;
}

/// What holds for the configuration of the extensions of either side.
pub(crate) fn configuration<S: Side>(subject: &Described<S>) {
    default_configuration_is_what_it_says(subject);
    unknown_key_is_refused(subject);
}

fn default_configuration_is_what_it_says<S: Side>(subject: &Described<S>) {
    let written: toml::Table =
        subject.config_text().parse().unwrap_or_else(|error| panic!("CONFIG of {}: {error}", subject.name()));
    let default = subject.defaults().expect("the default configuration can be written as TOML");
    assert_eq!(written, default, "CONFIG of {} is not the default of its Config", subject.name());
    subject.check(&written).unwrap_or_else(|error| panic!("{error}"));
}

fn unknown_key_is_refused<S: Side>(subject: &Described<S>) {
    let section = toml::Table::from_iter([("no-such-key".to_owned(), toml::Value::Boolean(true))]);
    match subject.check(&section) {
        Err(InstallError::Config { extension, message }) => {
            assert_eq!(extension, subject.name());
            assert!(message.contains("no-such-key"), "{message}");
        }
        other => panic!("an unknown key of {} gave {other:?}", subject.name()),
    }
}

fn installing_twice_gives_the_same(extensions: &[&'static Descriptor]) {
    let registry = Registry::of(extensions).expect("the extensions have different names");
    let plan = extensions.iter().fold(Plan::empty(), |plan, extension| plan.enable(extension.name()));
    let build = || {
        let store = stonechat_store::Store::memory();
        let tables = Tables::build(&registry, &plan, &store).unwrap_or_else(|error| panic!("{error}"));
        let commands: Vec<_> = tables.commands().collect();
        format!(
            "{:?} {:?} {:?} {commands:?}",
            tables.info(On::HOST),
            tables.info(On::ACCOUNT),
            tables.stores()
        )
    };
    assert_eq!(build(), build());
}

/// Children that fit no schema, in every namespace that is listed as a feature or owned.
fn garbage(ns: &str) -> Vec<String> {
    let names = ["query", "ping", "enable", "vCard", "time", "x", "nothing"];
    let contents =
        ["", "text", "<a/>", "<item/>", "<item jid='@@'/>", "<item jid=''><group/><b xmlns='urn:b'/></item>"];
    let mut all = Vec::new();
    for name in names {
        for content in contents {
            all.push(format!(
                "<{name} xmlns='{ns}' ver='' node='&lt;' jid='/' xml:lang='x'>{content}</{name}>"
            ));
        }
    }
    all
}

async fn garbage_is_answered_and_never_panics(extensions: &[&'static Descriptor]) {
    let host = TestHost::with(extensions).await;
    let client = host.connect("a/1").await;
    let tables = host.host().tables();
    let declared = tables.info(On::HOST).features.iter().chain(&tables.info(On::ACCOUNT).features);
    // What is owned need not be a feature: some namespaces are known without being told.
    let owned = tables.iq.namespaces().map(str::to_owned);
    let namespaces: BTreeSet<String> = declared.cloned().chain(owned).collect();
    let mut id = 0;
    for child in namespaces.iter().flat_map(|ns| garbage(ns)) {
        for (kind, to) in
            [("get", ""), ("set", ""), ("get", DOMAIN), ("set", DOMAIN), ("get", "b@example.org")]
        {
            id += 1;
            let to = if to.is_empty() { String::new() } else { format!(" to='{to}'") };
            let answer = client.ask(&format!("<iq type='{kind}' id='{id}'{to}>{child}</iq>")).await;
            assert!(matches!(answer.kind(), Kind::Iq(iq::Type::Result | iq::Type::Error)), "{answer}");
        }
        for stanza in [
            format!("<message to='a@example.org'>{child}</message>"),
            format!("<message to='b@example.org' type='chat'><body/>{child}</message>"),
            format!("<presence>{child}</presence>"),
            format!("<presence to='b@example.org' type='subscribe'>{child}</presence>"),
        ] {
            client.send(&stanza).await;
        }
        client.received();
    }
    for extension in extensions {
        assert_eq!(tables.failures(extension.name()), 0, "handlers of {} failed", extension.name());
    }
}

async fn it_is_silent_while_not_enabled(extensions: &[&'static Descriptor]) {
    let (subject, needs) = extensions.split_first().expect("there is a subject");
    let with = TestHost::with(extensions).await;
    let without = TestHost::with(needs).await;
    let known = without.host().tables();
    let client = without.connect("a/1").await;
    for feature in &with.host().tables().info(On::HOST).features {
        if known.info(On::HOST).features.contains(feature) {
            continue;
        }
        let answer =
            client.ask(&format!("<iq type='get' id='1' to='{DOMAIN}'><query xmlns='{feature}'/></iq>")).await;
        let error = answer.error().map(|error| error.condition);
        let silent = Some(stonechat_stanza::error::Condition::ServiceUnavailable);
        assert_eq!(error, silent, "{} answers while it is not enabled", subject.name());
    }
}
