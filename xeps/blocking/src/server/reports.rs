//! Reports of abuse (XEP-0377), for the operator.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stonechat_extension::{Command, Cx, HandlerError, Host, InstallError, Installer, Keep};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_store::{Batch, Entry, Error, Log, Owner, Query, Trim};

use super::{Config, random_id};
use crate::{Item, REPORTING, Report, report};

/// How many reports the command prints when it is not told.
const SHOWN: u32 = 20;
/// How many it prints at the most.
const MOST_SHOWN: u32 = 1000;
/// How many old reports go with each change that brings new ones; more than the limits let come in.
const TRIM: u32 = 10_000;

/// A report of somebody.
#[derive(Debug, Clone)]
pub(super) struct Filed {
    about: Jid,
    report: Report,
}

impl Filed {
    /// The report of an item, if there is one.
    pub(super) fn of(item: Item) -> Option<Self> {
        let Item { jid, report } = item;
        report.map(|report| Self { about: jid, report })
    }
}

/// The reports of all hosts.
#[derive(Debug, Clone)]
pub(super) struct Reports {
    log: Log,
    most: usize,
    per_account: usize,
    limits: report::Limits,
}

impl Reports {
    pub(super) fn open(config: &Config, host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let about = "reports of abuse, with who has made them";
        let log = host.log("abuse-reports", about, Keep::WithHost)?;
        let (most, per_account) = (config.reports, config.reports_per_account);
        let reports = Self { log, most, per_account, limits: config.report() };
        if most > 0 {
            host.feature(REPORTING);
            host.command(
                "reports",
                "lists the last reports of abuse: reports [how many]",
                &Arc::new(reports.clone()),
            )?;
        }
        Ok(reports)
    }

    /// Adds reports to a change, and takes out what is too much then: the oldest of the account, and of all.
    pub(super) async fn file(
        &self,
        mut batch: Batch,
        host: &Host,
        reporter: &BareJid,
        filed: &[Filed],
    ) -> Result<Batch, Error> {
        if self.most == 0 || filed.is_empty() {
            return Ok(batch);
        }
        let owner = Owner::host(host.domain());
        // The last of them are as good as the first, and a change with thousands is no report.
        let filed = &filed[filed.len().saturating_sub(self.per_account)..];
        let own = Query::default().peer(reporter.as_str()).limit(stonechat_store::MAX_PAGE);
        let own = self.log.range(&owner, &own).await?.entries;
        let too_many = (own.len() + filed.len()).saturating_sub(self.per_account);
        let oldest: Vec<String> = own.into_iter().take(too_many).map(|entry| entry.id).collect();
        if !oldest.is_empty() {
            batch = batch.delete_entries(&self.log, &owner, oldest);
        }
        for Filed { about, report } in filed {
            let (domain, reason) = (host.domain(), plain(&report.reason));
            tracing::info!(host = domain, account = %reporter, %about, reason, "abuse was reported");
            let record = Record::new(about, report.clone().within(self.limits));
            let entry = Entry::new(random_id(), host.now(), record.to_json()).peer(reporter.as_str());
            batch = batch.append(&self.log, &owner, entry);
        }
        Ok(batch.trim(&self.log, &owner, Trim::KeepNewest(self.most as u64), TRIM))
    }
}

/// How a report is stored.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    about: String,
    reason: String,
    /// Languages and texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<(Option<String>, String)>,
    /// Ids, and who has given them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    messages: Vec<(String, String)>,
    report_origin: bool,
    third_party: bool,
}

impl Record {
    fn new(about: &Jid, report: Report) -> Self {
        let Report { reason, stanza_ids, texts, report_origin, third_party } = report;
        Self {
            about: about.to_string(),
            reason,
            texts: texts.into_iter().map(|text| (text.lang, text.text)).collect(),
            messages: stanza_ids.into_iter().map(|id| (id.id, id.by.to_string())).collect(),
            report_origin,
            third_party,
        }
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and booleans are JSON")
    }

    fn describe(&self, entry: &Entry) -> String {
        let by = entry.peer.as_deref().unwrap_or("somebody");
        let mut text =
            format!("{:.0} {by} reports {}: {}", entry.at, plain(&self.about), plain(&self.reason));
        // Writing to a string does not fail.
        for (lang, words) in &self.texts {
            let lang = lang.as_deref().map(|lang| format!(" ({})", plain(lang))).unwrap_or_default();
            let _ = write!(text, "\n  says{lang}: {}", plain(words));
        }
        for (id, by) in &self.messages {
            let _ = write!(text, "\n  message {} of {}", plain(id), plain(by));
        }
        let allowed = [(self.report_origin, "the reported domain"), (self.third_party, "third parties")];
        let allowed: Vec<&str> = allowed.into_iter().filter_map(|(is, whom)| is.then_some(whom)).collect();
        if !allowed.is_empty() {
            let _ = write!(text, "\n  may be forwarded to {}", allowed.join(" and "));
        }
        text
    }
}

/// Text of a stranger on one line, without what could change how a terminal shows it: controls, and marks of direction.
fn plain(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if harmful(c) { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[async_trait]
impl Command for Reports {
    async fn run(&self, cx: &mut Cx<'_>, words: &[String]) -> Result<String, HandlerError> {
        let many = match words {
            [] => SHOWN,
            [number] => {
                number.parse::<u32>().ok().filter(|number| (1..=MOST_SHOWN).contains(number)).ok_or_else(
                    || HandlerError::new(format!("how many is a number from 1 to {MOST_SHOWN}")),
                )?
            }
            _ => return Err(HandlerError::new("reports [how many]")),
        };
        let query = Query::default().limit(many).backwards();
        let page = self.log.range(&Owner::host(cx.domain()), &query).await?;
        if page.entries.is_empty() {
            return Ok("there are no reports".to_owned());
        }
        let describe = |entry: &Entry| match serde_json::from_slice::<Record>(&entry.value) {
            Ok(record) => record.describe(entry),
            Err(error) => format!("{:.0} a report that is damaged: {error}", entry.at),
        };
        Ok(page.entries.iter().map(describe).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_strangers_write_stays_on_its_line_and_moves_no_cursor(text in "(?s).{0,20}") {
            prop_assert!(!plain(&text).contains(|c: char| c.is_control()));
        }

        #[test]
        fn a_record_is_read_back(
            about in "[a-z]{1,5}@[a-z]{1,5}", reason in "(?s).{0,9}",
            texts in prop::collection::vec((prop::option::of("[a-z]{2}"), "(?s).{0,9}"), 0..3),
            messages in prop::collection::vec(("(?s).{0,9}", "[a-z]{1,5}"), 0..3),
            report_origin: bool, third_party: bool,
        ) {
            let record = Record { about, reason, texts, messages, report_origin, third_party };
            prop_assert_eq!(serde_json::from_slice::<Record>(&record.to_json()).unwrap(), record);
        }
    }
}
