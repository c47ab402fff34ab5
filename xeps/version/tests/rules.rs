//! XEP-0092, on the test host.

use stonechat_extension::test_host::{TestHost, contract};
use stonechat_xep_version::{SERVER, Version};

const ASK: &str = "<iq type='get' id='version_1' to='example.org'><query xmlns='jabber:iq:version'/></iq>";

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_tells_name_and_version_and_no_operating_system() {
    let host = TestHost::with(&[&SERVER]).await;
    let version = host.connect("romeo/orchard").await.ask(ASK).await.get::<Version>().unwrap().unwrap();
    assert_eq!(version.name, "Stonechat");
    assert_eq!(version.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(version.os, None);
}

#[tokio::test(start_paused = true)]
async fn the_operator_decides_what_is_told() {
    let section = "name = 'Exodus'\nversion = '0.7.0.4'\nos = 'Windows-XP 5.01.2600'";
    let host = TestHost::configured(&[&SERVER], &[("version", section)]).await;
    let answer = host.connect("romeo/orchard").await.ask(ASK).await;
    // Example 2.
    let expected = Version {
        name: "Exodus".to_owned(),
        version: "0.7.0.4".to_owned(),
        os: Some("Windows-XP 5.01.2600".to_owned()),
    };
    assert_eq!(answer.get::<Version>().unwrap(), Some(expected));
}
