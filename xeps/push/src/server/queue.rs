//! What is to be told to push services, until it is told.

use std::collections::hash_map::{Entry as Place, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;

use parking_lot::Mutex;
use stonechat_stanza::class::Push;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, ns};

/// So many accounts have something here at the same time. Those that nobody works for are forgotten first.
const MOST: usize = 10_000;
/// How many messages of an account are remembered, so that none of them is told twice.
const SEEN: usize = 64;

/// Held by the host, so that it outlives the extension's own instances.
#[derive(Debug, Default)]
pub(super) struct Queue {
    accounts: Mutex<HashMap<BareJid, Account>>,
    /// Keyed, as ids are chosen by peers.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Account {
    /// Messages that are something to show and came since somebody last read.
    unread: u32,
    gathered: Option<News>,
    /// Somebody tells what is gathered, now or later.
    working: bool,
    seen: VecDeque<u64>,
    /// Nothing is enabled, so nothing is gathered.
    is_off: bool,
    /// How often something was enabled.
    enabled: u64,
}

/// What has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Whether any of it is something to show.
    pub(super) important: bool,
    /// Who has written the last of that.
    pub(super) sender: Option<Jid>,
    /// What it says.
    pub(super) body: Option<String>,
    /// How many of that have come since somebody last read.
    pub(super) unread: u32,
    /// How many subscription requests wait for an answer, if one of them is new.
    pub(super) requests: Option<u32>,
    /// How often something had been enabled then.
    pub(super) enabled: u64,
}

impl Queue {
    /// Adds a message for an account. True when somebody has to begin to tell of it.
    pub(super) fn add(&self, account: &BareJid, message: &Stanza, push: Push) -> bool {
        self.gather(account, message, |entry| entry.gather_message(message, push))
    }

    /// Adds a subscription request, with which so many wait. True when somebody has to begin to tell of it.
    pub(super) fn ask(&self, account: &BareJid, request: &Stanza, waiting: u32) -> bool {
        self.gather(account, request, |entry| entry.gathered.get_or_insert_default().requests = Some(waiting))
    }

    fn gather(&self, account: &BareJid, stanza: &Stanza, gather: impl FnOnce(&mut Account)) -> bool {
        let mark = self.mark(stanza);
        let mut accounts = self.accounts.lock();
        if accounts.len() >= MOST && !accounts.contains_key(account) {
            accounts.retain(|_, other| other.working);
            if accounts.len() >= MOST {
                tracing::warn!(%account, "too many accounts have messages to be pushed; one is not");
                return false;
            }
        }
        let entry = match accounts.entry(account.clone()) {
            Place::Occupied(entry) => entry.into_mut(),
            Place::Vacant(entry) => entry.insert(Account::default()),
        };
        if entry.is_off || !entry.is_new(mark) {
            return false;
        }
        gather(entry);
        !std::mem::replace(&mut entry.working, true)
    }

    /// Tells a message again by what does not change on its way to a mailbox and back.
    fn mark(&self, message: &Stanza) -> u64 {
        let from = message.from().map(|from| from.as_str());
        match message.id() {
            Some(id) => {
                let body = message.find(ns::CLIENT, "body").map(|body| body.bytes().to_vec());
                self.hasher.hash_one((from, id, body))
            }
            None => self.hasher.hash_one((from, message.payload_bytes())),
        }
    }

    /// What is to be told now; `None` when there is nothing, and who asks is done.
    pub(super) fn take(&self, account: &BareJid) -> Option<News> {
        let mut accounts = self.accounts.lock();
        let entry = accounts.get_mut(account)?;
        let news = entry.gathered.take();
        entry.working = news.is_some();
        news.map(|news| News { unread: entry.unread, enabled: entry.enabled, ..news })
    }

    /// Somebody reads: nothing is to be told any more of what has come.
    pub(super) fn read(&self, account: &BareJid) {
        if let Some(entry) = self.accounts.lock().get_mut(account) {
            entry.unread = 0;
            entry.gathered = None;
        }
    }

    /// Something was enabled for the account.
    pub(super) fn enabled(&self, account: &BareJid) {
        if let Some(entry) = self.accounts.lock().get_mut(account) {
            entry.is_off = false;
            entry.enabled += 1;
        }
    }

    /// Nothing was enabled when the store was asked after these news were taken. Nobody works for the account any more.
    pub(super) fn off(&self, account: &BareJid, news: &News) {
        if let Some(entry) = self.accounts.lock().get_mut(account) {
            entry.working = false;
            entry.gathered = None;
            entry.is_off = entry.enabled == news.enabled;
        }
    }

    /// The account is no more.
    pub(super) fn forget(&self, account: &BareJid) {
        self.accounts.lock().remove(account);
    }
}

impl Account {
    /// Whether it was not seen before; it is from now on.
    fn is_new(&mut self, mark: u64) -> bool {
        if self.seen.contains(&mark) {
            return false;
        }
        if self.seen.len() >= SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(mark);
        true
    }

    fn gather_message(&mut self, message: &Stanza, push: Push) {
        let news = self.gathered.get_or_insert_default();
        if push == Push::Important {
            self.unread = self.unread.saturating_add(1);
            news.important = true;
            news.sender = message.from().map(|from| from.to_jid());
            let body = message.find(ns::CLIENT, "body").and_then(|body| body.element().ok());
            news.body = body.map(|body| shorten(body.text()));
        }
    }
}

/// How much of a text is told at the most, in bytes.
const LONGEST: usize = 500;

fn shorten(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(number: usize) -> BareJid {
        format!("{number}@example.org").parse().unwrap()
    }

    fn message(id: &str, body: &str) -> Stanza {
        let text = format!("<message from='a@example.org/1' id='{id}'><body>{body}</body></message>");
        Stanza::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_comes_while_somebody_works_is_gathered_for_the_next_time() {
        let queue = Queue::default();
        assert!(queue.add(&jid(1), &message("1", "x"), Push::Important));
        let first = queue.take(&jid(1)).unwrap();
        assert_eq!((first.unread, first.body.as_deref(), first.important), (1, Some("x"), true));
        assert!(!queue.add(&jid(1), &message("2", "y"), Push::Important));
        assert!(!queue.add(&jid(1), &message("3", "z"), Push::Quiet));
        let second = queue.take(&jid(1)).unwrap();
        assert_eq!((second.unread, second.body.as_deref()), (2, Some("y")));
        assert_eq!(queue.take(&jid(1)), None);
        assert!(queue.add(&jid(1), &message("4", "x"), Push::Quiet));
        assert!(!queue.take(&jid(1)).unwrap().important);
    }

    #[test]
    fn a_message_counts_once_even_if_it_comes_back_changed() {
        let queue = Queue::default();
        assert!(queue.add(&jid(1), &message("1", "x"), Push::Important));
        let mut back = message("1", "x");
        back.push_element(&stonechat_stanza::Element::bare("stanza-id", "urn:xmpp:sid:0"));
        queue.take(&jid(1));
        queue.take(&jid(1));
        assert!(!queue.add(&jid(1), &back, Push::Important));
        assert!(queue.add(&jid(1), &message("1", "another text"), Push::Important));
    }

    #[test]
    fn a_request_is_told_with_the_messages_and_once() {
        let queue = Queue::default();
        let request = Stanza::parse(b"<presence type='subscribe' from='a@example.org' id='1'/>").unwrap();
        assert!(queue.ask(&jid(1), &request, 1));
        assert!(!queue.add(&jid(1), &message("1", "x"), Push::Important));
        let news = queue.take(&jid(1)).unwrap();
        assert_eq!((news.requests, news.important, news.unread), (Some(1), true, 1));
        assert!(!queue.ask(&jid(1), &request, 1));
        assert!(!queue.add(&jid(1), &message("2", "x"), Push::Important));
        assert_eq!(queue.take(&jid(1)).unwrap().requests, None);
    }

    #[test]
    fn who_reads_has_nothing_unread() {
        let queue = Queue::default();
        queue.add(&jid(1), &message("1", "x"), Push::Important);
        queue.read(&jid(1));
        assert_eq!(queue.take(&jid(1)), None);
        queue.add(&jid(1), &message("2", "x"), Push::Important);
        assert_eq!(queue.take(&jid(1)).map(|news| news.unread), Some(1));
    }

    #[test]
    fn nothing_is_gathered_where_nothing_is_enabled_until_it_is() {
        let queue = Queue::default();
        queue.add(&jid(1), &message("1", "x"), Push::Important);
        let news = queue.take(&jid(1)).unwrap();
        queue.off(&jid(1), &news);
        assert!(!queue.add(&jid(1), &message("2", "x"), Push::Important));
        queue.enabled(&jid(1));
        assert!(queue.add(&jid(1), &message("3", "x"), Push::Important));
        // Enabled between the look into the store and the word of it.
        let news = queue.take(&jid(1)).unwrap();
        queue.enabled(&jid(1));
        queue.off(&jid(1), &news);
        assert!(queue.add(&jid(1), &message("4", "x"), Push::Important));
    }

    #[test]
    fn there_is_room_for_so_many_accounts() {
        let queue = Queue::default();
        for number in 0..MOST {
            assert!(queue.add(&jid(number), &message("1", "x"), Push::Important));
        }
        assert!(!queue.add(&jid(MOST), &message("1", "x"), Push::Important));
        queue.take(&jid(0));
        queue.take(&jid(0));
        assert!(queue.add(&jid(MOST), &message("1", "x"), Push::Important));
        assert_eq!(queue.accounts.lock().len(), MOST);
    }
}
