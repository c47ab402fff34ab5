//! XEP-0157, on the test host.

use stonechat_extension::On;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_xep_contact::{FORM_TYPE, SERVER};

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_addresses_are_a_form_of_the_host() {
    // Example 2.
    let section = "abuse = ['mailto:abuse@shakespeare.lit', 'xmpp:abuse@shakespeare.lit']\nsales = ['xmpp:bard@shakespeare.lit']";
    let host = TestHost::configured(&[&SERVER], &[("contact", section)]).await;
    let tables = host.host().tables();
    let form = &tables.info(On::HOST).forms[0];
    assert_eq!(form.form_type(), Some(FORM_TYPE));
    assert_eq!(
        form.values("abuse-addresses"),
        ["mailto:abuse@shakespeare.lit", "xmpp:abuse@shakespeare.lit"]
    );
    assert_eq!(form.values("sales-addresses"), ["xmpp:bard@shakespeare.lit"]);
    assert!(form.field("admin-addresses").is_none());
}

#[tokio::test(start_paused = true)]
async fn without_addresses_there_is_no_form() {
    let host = TestHost::with(&[&SERVER]).await;
    assert!(host.host().tables().info(On::HOST).forms.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_no_uri_stops_the_start_with_its_name() {
    let problem = TestHost::try_configured(&[&SERVER], &[("contact", "admin = ['admin@example.org']")]).await;
    let problem = problem.expect_err("this does not start").to_string();
    assert!(problem.contains("`contact`") && problem.contains("admin@example.org"), "{problem}");
}
