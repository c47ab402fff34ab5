//! Stream management (XEP-0198) of a stream that another server has opened: what it asks for, and what is told of what it has sent.

use std::time::Duration;

use stonechat_stanza::sm;
use stonechat_stream::StreamError;
use stonechat_stream::dialback::Pair;
use tokio::time::timeout;

use super::super::resumable::NotResumed;
use super::super::reverse::Counting;
use super::Stream;

/// So long the last acknowledgement waits for what it acknowledges to be durable; without it the other server sends that again.
const LAST_ACK: Duration = Duration::from_secs(2);

impl Stream {
    /// From here on stanzas are counted, in both directions where there are two.
    pub(super) fn enable(&mut self, enable: sm::Enable) {
        let federation = &self.settings.federation;
        let pair = self.machine.authorized().next().cloned();
        let held = pair
            .filter(|_| enable.resume && !federation.resume.is_zero())
            .and_then(|pair| self.federation.resumable.add(pair, federation.resumable));
        let id = held.as_ref().map(|held| held.id().to_owned());
        let enabled = sm::Enabled {
            id: id.clone(),
            resume: held.is_some(),
            max: held.as_ref().map(|_| u32::try_from(federation.resume.as_secs()).unwrap_or(u32::MAX)),
            location: None,
        };
        self.inward.begin(held);
        self.machine.enabled(&enabled);
        self.settle_reverse(Counting::On { id, handled: 0 });
    }

    /// Goes on with an earlier stream of one of the pairs that are authorised on this one. It is the only one that is, on the new stream, until
    /// others are.
    pub(super) async fn resume(&mut self, resume: sm::Resume) {
        let pairs: Vec<Pair> = self.machine.authorized().cloned().collect();
        let most = self.settings.federation.resume;
        match self.federation.resumable.resume(&resume.previd, &pairs, most).await {
            Ok(held) => {
                self.inward.begin(Some(held));
                let handled = self.inward.handled();
                self.shared.journal.settled().await;
                self.machine.resumed(&resume.previd, handled);
                self.settle_reverse(Counting::On { id: Some(resume.previd), handled: resume.h });
            }
            Err(NotResumed::Over(handled)) => {
                self.shared.journal.settled().await;
                self.machine.not_resumed(Some(handled));
            }
            Err(NotResumed::NotFound) => self.machine.not_resumed(None),
            Err(NotResumed::Busy) => {
                let error = StreamError::resource_constraint();
                self.machine.error(error.with_text("the stream is still busy"));
            }
        }
    }

    /// Tells what was handled, as this side ends the stream.
    pub(super) async fn acknowledge_all(&mut self) {
        if self.machine.counts() && timeout(LAST_ACK, self.shared.journal.settled()).await.is_ok() {
            self.machine.acknowledge(self.inward.handled());
        }
    }
}
