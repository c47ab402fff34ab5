//! `stonechat roster`: the contacts (RFC 6121 §2).

use serde_json::json;
use stonechat_client::{Builder, SendError};
use stonechat_jid::BareJid;
use stonechat_xep_presence::client::Presence;
use stonechat_xep_roster::Item;
use stonechat_xep_roster::client::{Event, Roster};

use crate::account::Account;
use crate::failure::Failure;
use crate::say;
use crate::session::{Session, section};

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
    let extensions = [&stonechat_xep_roster::CLIENT, &stonechat_xep_presence::CLIENT];
    // Who looks at the contacts is not there to talk.
    let unseen = |builder: Builder| builder.section("presence", section("available", false));
    let mut session = Session::start(account, &extensions, unseen).await?;
    let done = act(&mut session, command).await;
    session.close().await;
    done
}

async fn act(session: &mut Session, command: Command) -> Result<(), Failure> {
    let roster = session.service::<Roster>()?;
    match command {
        Command::List { json } => {
            loaded(session).await?;
            let describe = if json { as_json } else { as_line };
            roster.items().iter().map(describe).try_for_each(say::line)
        }
        Command::Add { contact, name, groups, no_subscribe } => {
            let added = session.during(roster.add(contact.clone(), &name, &groups), |_| {}).await?;
            added.map_err(|error| Failure::from(error).within(&contact))?;
            if no_subscribe { Ok(()) } else { subscribe(session, &contact).await }
        }
        Command::Remove { contact } => {
            let removed = session.during(roster.remove(contact.clone()), |_| {}).await?;
            removed.map_err(|error| Failure::from(error).within(&contact))
        }
    }
}

/// Waits for the contacts.
async fn loaded(session: &mut Session) -> Result<(), Failure> {
    let loaded = session.told("the contacts have not come", |event| match event {
        Event::Loaded => Some(Ok(())),
        Event::Failed(error) => Some(Err(error.clone())),
        _ => None,
    });
    loaded.await?.map_err(|error| Failure::from(error).within("the contacts"))
}

/// Asks to see the contact's presence (RFC 6121 §3.1.1), and waits until the server has that.
async fn subscribe(session: &mut Session, contact: &BareJid) -> Result<(), Failure> {
    let presence = session.service::<Presence>()?;
    let work = async {
        let asked = presence.subscribe(contact.clone(), None).await;
        asked.map_err(|_| SendError::Closed)?.acknowledged().await
    };
    let late = "the server has not acknowledged the request to see the contact's presence";
    session.patiently(late, work, |_| {}).await?.map_err(|error| Failure::from(error).within(contact))
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
