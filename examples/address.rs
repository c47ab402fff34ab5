//! One crate alone: addresses.

use stonechat_jid::{BareJid, Jid};

#[allow(clippy::print_stdout, reason = "an example shows something")]
fn main() -> Result<(), stonechat_jid::Error> {
    let jid = Jid::parse("Juliet@Capulet.Example./balcony")?;
    println!("{jid} is resource {:?} of {}", jid.resource(), jid.to_bare());

    // What people type is escaped before it becomes a localpart (XEP-0106).
    let musketeer = BareJid::from_parts(Some(&stonechat_jid::escape("d'artagnan")), "musketeers.example")?;
    println!("{musketeer} is {}", stonechat_jid::unescape(musketeer.local().unwrap_or_default()));
    Ok(())
}
