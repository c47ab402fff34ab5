//! A server of one's own: Stonechat's parts, a handful of its extensions, and one of somebody else.
//!
//! `downstream-chatd FOLDER` reads `FOLDER/chatd.toml`, keeps its data in the folder, and says on standard output where it
//! listens.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stonechat_extension::Registry;
use stonechat_server::config::{Config, KeyPair, Tls};
use stonechat_server::{Server, tls};
use stonechat_store::{Store, sqlite};

// EXTENSIONS: those that the manifest names.
include!(concat!(env!("OUT_DIR"), "/extensions.rs"));

/// What is in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The one host.
    host: String,
    /// Who is created when the server starts, with the password, unless there is such an account already.
    #[serde(default)]
    accounts: BTreeMap<String, String>,
    /// What every server has to be told.
    server: Config,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: downstream-chatd FOLDER")?;
    let settings = read(&folder)?;
    let store = Store::sqlite(folder.join("data.db"), sqlite::Options::default())?;
    let server = Server::new(settings.server, store).extensions(Registry::of(EXTENSIONS)?).start().await?;
    if let Some(host) = server.host(&settings.host) {
        for (name, password) in &settings.accounts {
            // An error says that the account is there from last time.
            let _ = host.create_account(&format!("{name}@{}", settings.host).parse()?, password).await;
        }
    }
    for (_, address) in server.addresses() {
        println!("listening on {address}");
    }
    tokio::signal::ctrl_c().await?;
    server.shutdown().await;
    Ok(())
}

/// Reads the settings, and sees to a certificate.
fn read(folder: &Path) -> Result<Settings, Box<dyn Error>> {
    let mut settings: Settings = toml::from_str(&std::fs::read_to_string(folder.join("chatd.toml"))?)?;
    let pair = KeyPair { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    tls::generate_if_missing(&[&settings.host], &pair)?;
    settings.server.tls = Tls::with(pair);
    settings.server.hosts.entry(settings.host.clone()).or_default();
    Ok(settings)
}
