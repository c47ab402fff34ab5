//! What holds for every extension.

use stonechat_extension::test_host::contract;
use stonechat_xep_sasl2::SERVER;

#[tokio::test(start_paused = true)]
async fn the_contract_holds() {
    contract::check(&[&SERVER]).await;
}
