//! An extension of your own: it answers `<dice xmlns='urn:example:dice' sides='6'/>` with a number, and tells nobody's score.

use std::sync::atomic::{AtomicU32, Ordering};

use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Answer, Cx, InstallError, Installer, Manifest, NoConfig, On, Reply, Request, ServerExtension,
};
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

/// The extension. Its numbers are not random at all: an example has to say the same each time.
struct Die {
    last: AtomicU32,
}

impl ServerExtension for Die {
    const MANIFEST: Manifest = Manifest::new("dice").about("rolls dice");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let die = host.share(Self { last: AtomicU32::new(3) });
        host.feature(NS);
        host.iq_get(On::HOST, &die)
    }
}

impl Answer<Dice> for Die {
    fn answer(&self, _: &mut Cx<'_>, _: &Request, dice: Dice) -> Result<Reply, StanzaError> {
        let next = self.last.fetch_add(7, Ordering::Relaxed);
        let value = next.checked_rem(dice.sides).ok_or_else(StanzaError::not_acceptable)? + 1;
        Ok(Reply::with(&Roll { value }))
    }
}

stonechat_extension::register!(server: Die);

/// A real server has it as soon as the crate is named in its manifest; here it runs on the host for tests.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "juliet/balcony connects
         juliet/balcony → <iq type='get' id='1' to='example.org'><dice xmlns='urn:example:dice'/></iq>
         juliet/balcony ← <iq type='result' id='1'><roll xmlns='urn:example:dice' value='4'/></iq>
         juliet/balcony → <iq type='get' id='2' to='example.org'><dice xmlns='urn:example:dice' sides='0'/></iq>
         juliet/balcony ← <iq type='error' id='2'/>",
    )
    .await;
}
