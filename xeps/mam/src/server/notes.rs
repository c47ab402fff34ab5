//! What is noted about the message under way, between the hook points that it comes by.

use parking_lot::Mutex;
use stonechat_extension::Cx;
use stonechat_extension::point::ToAccount;
use stonechat_stanza::jid::BareJid;

use super::archive::Row;

/// The notes of a message, and of those that follow from it.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The sender's row, until it is written.
    sent: Option<Row>,
    /// In whose archive the sender's row is or will be, and its id there.
    sent_id: Option<(BareJid, String)>,
    /// What was decided of the recipient's row while there was no waiting.
    decided: Option<(BareJid, Option<Row>)>,
    /// The recipient's row that was written last.
    received: Option<Received>,
}

/// A row that was written for a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) account: BareJid,
    pub(super) id: String,
    /// The sender, for a message that does not carry the id itself.
    pub(super) from: Option<String>,
}

impl Notes {
    /// The sender's row, which is to be written with the recipient's.
    pub(super) fn send_later(&self, row: Row) {
        self.0.lock().sent = Some(row);
    }

    pub(super) fn set_sent_id(&self, owner: &BareJid, id: &str) {
        self.0.lock().sent_id = Some((owner.clone(), id.to_owned()));
    }

    /// The id of the message in the archive of its sender, if that is `owner`.
    pub(super) fn sent_id(&self, owner: &BareJid) -> Option<String> {
        let inner = self.0.lock();
        inner.sent_id.as_ref().filter(|(of, _)| of == owner).map(|(_, id)| id.clone())
    }

    /// The sender's row, if it is still to be written.
    pub(super) fn take_sent(&self) -> Option<Row> {
        self.0.lock().sent.take()
    }

    /// The sender's row, if it is still to be written and belongs to this message.
    pub(super) fn take_sent_with(&self, event: &ToAccount) -> Option<Row> {
        let belongs = |row: &mut Row| {
            event.stanza.from().is_some_and(|from| from.bare_str() == row.owner.as_str())
                && row.entry.peer.as_deref() == Some(event.account.as_str())
        };
        self.0.lock().sent.take_if(belongs)
    }

    /// It is decided whether the account gets a row.
    pub(super) fn decide(&self, account: &BareJid, row: Option<Row>) {
        self.0.lock().decided = Some((account.clone(), row));
    }

    /// What was decided for the account; `None` when nothing was.
    pub(super) fn take_decided(&self, account: &BareJid) -> Option<Option<Row>> {
        let (of, row) = self.0.lock().decided.take()?;
        (of == *account).then_some(row)
    }

    pub(super) fn set_received(&self, received: Option<Received>) {
        self.0.lock().received = received;
    }

    pub(super) fn received(&self) -> Option<Received> {
        self.0.lock().received.clone()
    }
}

/// The notes of the message under way.
pub(super) fn notes(cx: &Cx<'_>) -> std::sync::Arc<Notes> {
    cx.note()
}
