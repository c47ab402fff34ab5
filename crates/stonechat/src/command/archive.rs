//! `stonechat archive`: the conversation with somebody, as the archive of the account has it (XEP-0313).

use serde_json::{Value, json};
use stonechat_client::Builder;
use stonechat_jid::Jid;
use stonechat_stanza::rsm;
use stonechat_xep_mam::Filter;
use stonechat_xep_mam::client::{Archive, Message, Page};

use crate::account::Account;
use crate::failure::Failure;
use crate::session::{Session, section};
use crate::{progress, say, stanzas};

/// So many messages are asked for at once at most.
const MOST: u32 = 100;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stonechat archive romeo@example.net --last 10
  stonechat archive romeo@example.net --export > romeo.jsonl")]
pub(crate) struct Args {
    /// With whom.
    with: Jid,
    /// How many messages, the last ones.
    #[arg(long, default_value_t = 50, value_name = "MESSAGES", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)), conflicts_with = "export")]
    last: u32,
    /// All messages, a line of JSON for each, oldest first.
    #[arg(long)]
    export: bool,
}

pub(crate) async fn run(account: &Account, args: Args) -> Result<(), Failure> {
    // What came meanwhile is of no interest.
    let alone = |builder: Builder| builder.section("mam", section("sync", false));
    let mut session = Session::start(account, &[&stonechat_xep_mam::CLIENT], alone).await?;
    let read =
        if args.export { export(&mut session, args.with).await } else { last(&mut session, args).await };
    session.close().await;
    read
}

async fn page(session: &mut Session, with: &Jid, set: rsm::Request) -> Result<Page, Failure> {
    let archive = session.service::<Archive>()?;
    let filter = Filter { with: Some(with.clone()), ..Filter::default() };
    let read = session.during(archive.page(None, &filter, set), |_| {}).await?;
    read.map_err(|error| Failure::from(error).within("the archive"))
}

async fn last(session: &mut Session, args: Args) -> Result<(), Failure> {
    let page = page(session, &args.with, rsm::Request::last(args.last)).await?;
    page.messages.iter().filter_map(as_line).try_for_each(say::line)
}

async fn export(session: &mut Session, with: Jid) -> Result<(), Failure> {
    let bar = progress::messages();
    let mut set = rsm::Request::first(MOST);
    loop {
        let page = page(session, &with, set).await?;
        if let Some(count) = page.set.count {
            bar.set_length(u64::from(count));
        }
        for message in &page.messages {
            bar.suspend(|| say::line(as_json(message)))?;
            bar.inc(1);
        }
        match page.set.last {
            Some(last) if !page.complete && !page.messages.is_empty() => {
                set = rsm::Request::after(last, MOST);
            }
            _ => break,
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// A message for people; `None` for one without a text.
fn as_line(archived: &Message) -> Option<String> {
    let body = stanzas::text(&archived.message, "body")?;
    let at = archived.at.as_ref().map(ToString::to_string).unwrap_or_default();
    let from = archived.message.from().map(|from| from.bare_str().to_owned()).unwrap_or_default();
    // What continues a message cannot be taken for another one.
    Some(format!("{at} {from}: {}", say::printable(&body).replace('\n', "\n    ")))
}

fn as_json(archived: &Message) -> Value {
    let mut told = stanzas::describe(&archived.message);
    if let Value::Object(map) = &mut told {
        map.insert("archive-id".to_owned(), json!(archived.id));
        map.insert("archived".to_owned(), json!(archived.at.as_ref().map(ToString::to_string)));
    }
    told
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::Stanza;

    use super::*;

    fn archived(body: &str) -> Message {
        let text = format!("<message from='romeo@example.net/o'>{body}</message>");
        let message = Stanza::parse(text.as_bytes()).unwrap();
        Message { id: "7".to_owned(), at: Some("2010-07-10T23:08:25Z".parse().unwrap()), message }
    }

    #[test]
    fn a_message_is_told_in_lines_and_as_json() {
        let message = archived("<body>one\n2010-07-10T23:08:26Z nurse@example.net: forged</body>");
        let line = as_line(&message).unwrap();
        assert!(line.starts_with("2010-07-10T23:08:25Z romeo@example.net: one\n    2010-"), "{line}");
        let told = as_json(&message);
        assert_eq!((&told["archive-id"], &told["from"]), (&json!("7"), &json!("romeo@example.net/o")));
        assert!(as_line(&archived("")).is_none());
    }
}
