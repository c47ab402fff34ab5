//! A server of your own: the parts that it needs, and no others. Log in as juliet@localhost with the password `wherefore`.

use std::path::Path;

use stonechat_extension::Registry;
use stonechat_server::config::{Config, KeyPair, Listener, Tls};
use stonechat_server::{Server, tls};
use stonechat_store::{Store, sqlite};

#[tokio::main]
#[allow(clippy::print_stdout, reason = "an example shows something")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new("target/example-server");
    std::fs::create_dir_all(folder)?;
    let pair = KeyPair { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    tls::generate_if_missing(&["localhost"], &pair)?;

    let config = Config {
        listeners: vec![Listener::starttls("127.0.0.1:5222".parse()?)],
        tls: Tls::with(pair),
        ..Config::for_host("localhost")
    };
    let extensions = Registry::of(&[
        &stonechat_xep_roster::SERVER,
        &stonechat_xep_presence::SERVER,
        &stonechat_xep_offline::SERVER,
        &stonechat_xep_disco::SERVER,
        &stonechat_xep_carbons::SERVER,
        &stonechat_xep_ping::SERVER,
    ])?;
    let store = Store::sqlite(folder.join("data.db"), sqlite::Options::default())?;
    let server = Server::new(config, store).extensions(extensions).start().await?;

    if let Some(host) = server.host("localhost") {
        // An error here says that the account is there from last time.
        host.create_account(&"juliet@localhost".parse()?, "wherefore").await.ok();
    }
    println!("listening on {}; Ctrl-C stops", server.addresses()[0].1);
    tokio::signal::ctrl_c().await?;
    server.shutdown().await;
    Ok(())
}
