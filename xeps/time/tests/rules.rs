//! XEP-0202, on the test host.

use std::time::Duration;

use stonechat_extension::test_host::{TestHost, contract};
use stonechat_xep_time::{Offset, SERVER, Time};

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_tells_its_time_in_utc() {
    let host = TestHost::with(&[&SERVER]).await;
    host.clock().advance(Duration::from_secs(90));
    let ask = "<iq type='get' id='time_1' to='example.org'><time xmlns='urn:xmpp:time'/></iq>";
    let answer = host.connect("romeo/orchard").await.ask(ask).await;
    let time = answer.get::<Time>().unwrap().unwrap();
    assert_eq!(time.offset, Offset { minutes: 0 });
    assert_eq!(time.utc.timestamp(), host.now());
    assert!(answer.to_string().contains("<utc>2026-01-01T12:01:30Z</utc>"), "{answer}");
}
