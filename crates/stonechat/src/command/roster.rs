//! `stonechat roster`: the contacts (RFC 6121 §2).

use serde_json::json;
use stonechat_client::RequestError;
use stonechat_extension::client::Handle;
use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, iq, presence};
use stonechat_xep_roster::{Item, Query};

use crate::account::Account;
use crate::failure::Failure;
use crate::say;
use crate::session::{Session, ask, tell};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the contacts: address, subscription, name, groups.
    List {
        /// Print a line of JSON for each.
        #[arg(long)]
        json: bool,
    },
    /// Add a contact, or change it, and ask to see its presence.
    Add {
        /// The contact.
        contact: BareJid,
        /// What to call it.
        #[arg(long, default_value_t)]
        name: String,
        /// A group to put it into; may be given several times.
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
        /// Do not ask to see its presence.
        #[arg(long)]
        no_subscribe: bool,
    },
    /// Remove a contact, and end the subscriptions both ways.
    Remove {
        /// The contact.
        contact: BareJid,
    },
}

pub(crate) async fn run(account: &Account, command: Command) -> Result<(), Failure> {
    let mut session = Session::open(account).await?;
    let done = act(&mut session, command).await;
    session.close().await;
    done
}

async fn act(session: &mut Session, command: Command) -> Result<(), Failure> {
    let handle = session.handle();
    match command {
        Command::List { json } => {
            let roster = session.during(fetch(&handle), |_| {}).await??;
            let describe = if json { as_json } else { as_line };
            roster.items.iter().map(describe).try_for_each(say::line)
        }
        Command::Add { contact, name, groups, no_subscribe } => {
            let item = Item { name, groups, ..Item::new(contact.clone().into()) };
            session
                .during(set(&handle, item), |_| {})
                .await?
                .map_err(|error| Failure::from(error).within(&contact))?;
            if no_subscribe { Ok(()) } else { subscribe(session, &contact).await }
        }
        Command::Remove { contact } => {
            let item = Item { removed: true, ..Item::new(contact.clone().into()) };
            let removed = session.during(set(&handle, item), |_| {}).await?;
            removed.map_err(|error| Failure::from(error).within(&contact))
        }
    }
}

/// Asks to see the contact's presence (RFC 6121 §3.1.1), and waits until the server has that.
async fn subscribe(session: &mut Session, contact: &BareJid) -> Result<(), Failure> {
    let client = session.client.clone();
    let work = async {
        let request = Stanza::presence(presence::Type::Subscribe).with_to(Jid::from(contact));
        let mut delivery = client.send(request).await.map_err(|_| stonechat_client::SendError::Closed)?;
        delivery.acknowledged().await
    };
    let late = "the server has not acknowledged the request to see the contact's presence";
    session.patiently(late, work, |_| {}).await?.map_err(|error| Failure::from(error).within(contact))
}

/// The whole roster.
pub(crate) async fn fetch(handle: &Handle) -> Result<Query, RequestError> {
    ask(handle, None, iq::Type::Get, &Query::default()).await
}

/// Changes, adds or removes an item.
pub(crate) async fn set(handle: &Handle, item: Item) -> Result<(), RequestError> {
    tell(handle, None, iq::Type::Set, &Query::of(item)).await.map(drop)
}

fn as_line(item: &Item) -> String {
    let asked = if item.ask { " (asked)" } else { "" };
    let name = if item.name.is_empty() { String::new() } else { format!(" {:?}", item.name) };
    let groups: String = item.groups.iter().map(|group| format!(" [{group}]")).collect();
    say::one_line(&format!("{} {}{asked}{name}{groups}", item.jid, item.subscription.as_str()))
}

fn as_json(item: &Item) -> String {
    let subscription = item.subscription.as_str();
    json!({ "jid": item.jid.as_str(), "name": item.name, "subscription": subscription, "asked": item.ask, "groups": item.groups })
        .to_string()
}

#[cfg(test)]
mod tests {
    use stonechat_xep_roster::Subscription;

    use super::*;

    #[test]
    fn a_contact_is_told_in_a_line_and_as_json() {
        let item = Item {
            name: "Romeo".to_owned(),
            subscription: Subscription::To,
            groups: vec!["Friends".to_owned()],
            ..Item::new("romeo@example.net".parse().unwrap())
        };
        assert_eq!(as_line(&item), "romeo@example.net to \"Romeo\" [Friends]");
        let told: serde_json::Value = serde_json::from_str(&as_json(&item)).unwrap();
        assert_eq!((&told["jid"], &told["groups"][0]), (&json!("romeo@example.net"), &json!("Friends")));
        assert_eq!(as_line(&Item { ask: true, ..Item::new("a@b".parse().unwrap()) }), "a@b none (asked)");
    }
}
