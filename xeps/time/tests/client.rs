//! XEP-0202, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, answered, check};
use stonechat_xep_time::CLIENT;
use stonechat_xep_time::client::Times;

fn told(section: &str) -> String {
    let mut client = TestClient::configured(&[&CLIENT], &[("time", section)]);
    client.receive(
        "<iq type='get' from='romeo@montague.net/orchard' id='time_1'><time xmlns='urn:xmpp:time'/></iq>",
    );
    client.sent().unwrap().to_string()
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn whoever_asks_is_told_the_time_and_not_where_we_are_unless_we_say_so() {
    // Examples 1 and 2; §6.
    let answer = told("");
    assert!(answer.contains("<tzo>Z</tzo>") || answer.contains("<tzo>+00:00</tzo>"), "{answer}");
    assert!(told("offset = -360").contains("<tzo>-06:00</tzo>"));
    assert!(told("answer = false").contains("service-unavailable"));
    assert!(TestClient::try_configured(&[&CLIENT], &[("time", "offset = 1440")]).is_err());
}

#[test]
fn others_are_asked() {
    let mut client = TestClient::with(&[&CLIENT]);
    let times = client.service::<Times>();
    let started =
        client.start(async move { times.of(Some("juliet@capulet.com/balcony".parse().unwrap())).await });
    let answer = "<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>";
    let time = answered(&mut client, &started, answer).unwrap();
    assert_eq!((time.offset.minutes, time.utc.to_string().as_str()), (-360, "2006-12-19T17:58:35Z"));
}
