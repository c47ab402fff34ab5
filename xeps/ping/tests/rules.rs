//! XEP-0199, on the test host.

use stonechat_extension::test_host::{TestHost, contract};
use stonechat_xep_ping::SERVER;

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn a_ping_to_the_server_is_answered() {
    // Examples 4 and 5 (§4.2), with the names of the test host.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "juliet/balcony connects
         juliet/balcony → <iq to='example.org' id='c2s1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         juliet/balcony ← <iq from='example.org' to='juliet@example.org/balcony' id='c2s1' type='result'/>
         juliet/balcony → <iq id='c2s2' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         juliet/balcony ← <iq from='juliet@example.org' id='c2s2' type='result'/>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_ping_to_another_client_is_for_that_client() {
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "juliet/balcony, romeo/orchard online
         juliet/balcony → <iq to='romeo@example.org/orchard' id='e2e1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         romeo/orchard ← <iq from='juliet@example.org/balcony' id='e2e1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         juliet/balcony ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn pings_tell_nobody_whether_an_account_exists() {
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "juliet/balcony connects
         romeo exists
         juliet/balcony → <iq to='romeo@example.org' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         juliet/balcony ← <iq id='1' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         juliet/balcony → <iq to='nobody@example.org' id='2' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         juliet/balcony ← <iq id='2' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    .await;
}
