//! What holds for every client extension, whatever it does.

use super::super::{Descriptor, Tables, channel};
use super::TestClient;
use crate::test_host::contract::configuration;
use crate::{Plan, Registry};

/// Checks the first of `extensions`; the others are those that it needs.
///
/// - The commented default configuration reads as the default, key for key.
/// - An unknown key stops the start, and the error names the extension and the key.
/// - Installing twice gives the same features.
/// - Whatever elements come in its namespaces, no handler panics, and every request is answered once.
///
/// # Panics
/// When one of these does not hold; the message says which.
pub fn check(extensions: &[&'static Descriptor]) {
    let subject = extensions[0];
    configuration(subject);
    let features = || format!("{:?}", tables(extensions).info());
    assert_eq!(features(), features(), "installing twice gives the same");
    garbage_is_answered_and_never_panics(extensions);
}

fn tables(extensions: &[&'static Descriptor]) -> std::sync::Arc<Tables> {
    let registry = Registry::of(extensions).expect("the extensions have different names");
    let plan = extensions.iter().fold(Plan::empty(), |plan, one| plan.enable(one.name()));
    Tables::build(&registry, &plan, &channel(1).0).unwrap_or_else(|error| panic!("{error}"))
}

fn garbage_is_answered_and_never_panics(extensions: &[&'static Descriptor]) {
    let mut client = TestClient::with(extensions);
    client.connect(false);
    while client.sent().is_some() {}
    let mut namespaces: Vec<&str> = client.tables().owners.namespaces().collect();
    namespaces.extend(["jabber:client", "urn:example:none"]);
    for ns in namespaces {
        for name in ["query", "x", "result", "received", "event"] {
            for kind in ["get", "set"] {
                let child = format!("<{name} xmlns='{ns}'><a b='c'>d</a></{name}>");
                client.receive(&format!("<iq type='{kind}' id='g' from='juliet@example.com'>{child}</iq>"));
                let answers =
                    std::iter::from_fn(|| client.sent()).filter(|sent| sent.id() == Some("g")).count();
                assert_eq!(answers, 1, "{kind} {child} is answered once");
                client.receive(&format!("<message from='juliet@example.com'>{child}</message>"));
                client.receive(&format!("<presence from='romeo@example.net/o'>{child}</presence>"));
            }
        }
    }
    for extension in extensions {
        assert_eq!(client.failures(extension.name()), 0, "{} panicked or failed", extension.name());
    }
}
