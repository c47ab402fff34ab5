//! A bot with an extension of its own: whoever asks its session for `<dice xmlns='urn:example:dice' sides='6'/>` gets a number, and
//! whoever asks what it can do is told of that, and of pings.
//!
//! `XMPP_PASSWORD=… cargo run -p stonechat-examples --example dice_bot -- bot@example.org`

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::sync::atomic::{AtomicU32, Ordering};

use stonechat_client::{Client, Event};
use stonechat_extension::client::{Answer, Cx, Extension, Inbound, Installer, Senders};
use stonechat_extension::{InstallError, Manifest, Reply};
use stonechat_jid::Jid;
use stonechat_stanza::{StanzaError, payload};

const NS: &str = "urn:example:dice";

payload! {
    /// The question: how many sides the die has.
    struct Dice: NS, "dice" {
        sides: u32 => default("sides", 6),
    }
}
payload! {
    /// The answer.
    struct Roll: NS, "roll" {
        value: u32 => required("value"),
    }
}

/// What the application is told of.
#[derive(Debug)]
struct Rolled {
    by: Jid,
    value: u32,
}

/// What can be configured. A key that is not here is an error that names it.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Config {
    most_sides: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { most_sides: 100 }
    }
}

/// The extension. Its numbers are not random at all: an example has to say the same each time.
struct Die {
    most_sides: u32,
    last: AtomicU32,
}

impl Extension for Die {
    const MANIFEST: Manifest = Manifest::new("dice").about("rolls dice").needs("disco");
    const CONFIG: &'static str = "most-sides = 100\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let die = client.share(Self { most_sides: config.most_sides, last: AtomicU32::new(3) });
        client.feature(NS);
        client.iq_get::<Dice>(Senders::ANYONE, &die)
    }
}

impl Answer<Dice> for Die {
    fn answer(&self, cx: &mut Cx<'_>, request: &Inbound, dice: Dice) -> Result<Reply, StanzaError> {
        if dice.sides == 0 || dice.sides > self.most_sides {
            return Err(StanzaError::not_acceptable().with_text("there is no such die"));
        }
        let value = self.last.fetch_add(7, Ordering::Relaxed) % dice.sides + 1;
        if let Some(by) = request.stanza.from() {
            cx.emit(Rolled { by: by.to_jid(), value });
        }
        Ok(Reply::with(&Roll { value }))
    }
}

stonechat_extension::register!(client: Die);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = std::env::args().nth(1).ok_or("whose account?")?.parse()?;
    let (_client, mut events) = Client::builder(account)
        .password(std::env::var("XMPP_PASSWORD")?)
        .place(stonechat_examples::place())
        .extensions(&[&stonechat_xep_disco::CLIENT, &stonechat_xep_ping::CLIENT, &CLIENT])
        .start()?;
    while let Some(event) = events.next().await {
        match event {
            Event::Online { jid, .. } => println!("{jid} is there"),
            Event::Extension(event) => {
                if let Some(Rolled { by, value }) = event.get() {
                    println!("{by} has rolled {value}");
                }
            }
            Event::Closed(Some(error)) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use stonechat_extension::client::test_host::{TestClient, check};

    use super::*;

    #[test]
    fn it_keeps_the_contract_of_extensions() {
        check(&[&CLIENT, &stonechat_xep_disco::CLIENT]);
    }

    #[test]
    fn it_rolls_the_die_that_is_asked_for() {
        let mut client = TestClient::with(&[&CLIENT, &stonechat_xep_disco::CLIENT]);
        client.connect(false);
        client.run(
            "server → <iq type='get' id='1' from='romeo@example.net/o'><dice xmlns='urn:example:dice'/></iq>
             server ← <iq type='result' id='1' to='romeo@example.net/o'><roll xmlns='urn:example:dice' value='4'/></iq>
             server → <iq type='get' id='2' from='romeo@example.net/o'><dice xmlns='urn:example:dice' sides='0'/></iq>
             server ← <iq type='error' id='2' to='romeo@example.net/o'/>",
        );
    }
}
