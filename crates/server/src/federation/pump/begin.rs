//! The beginning and the end of a stream of our own, as far as stanzas of the other server come on it.

use stonechat_stream::negotiation::peer::{Counting, Established};

use super::super::dial::Opened;
use super::*;

/// So long the last acknowledgement waits for what it acknowledges to be durable.
const LAST_ACK: std::time::Duration = std::time::Duration::from_secs(2);

impl Pump<'_> {
    /// A stream is there: what is known to have arrived is forgotten.
    pub(super) async fn begin(&mut self, way: Way) -> (Carrier, Result<(), TooHigh>) {
        let (carrier, arrived) = match way {
            Way::Ours(opened) => {
                let Opened { conversation, established, is_certified } = *opened;
                self.counted = established.counting != Counting::Off;
                self.follow(&conversation, &established).await;
                let arrived = self.memory.flight.begin(&established);
                (Carrier::Ours { conversation: Box::new(conversation), is_certified }, arrived)
            }
            Way::Theirs { reverse, epoch, counting } => {
                // Of what is not counted, what was not written has not arrived.
                self.counted = true;
                (Carrier::Theirs { reverse, epoch }, self.memory.flight.join(&counting))
            }
        };
        let begun = arrived.map(|arrived| {
            self.progressed = !arrived.is_empty();
            self.arrived(arrived);
        });
        (carrier, begun)
    }

    /// Counts what comes on the stream where it is for both directions: behind what came on the one that it goes on with, or from zero.
    async fn follow(&mut self, conversation: &Conversation, established: &Established) {
        let federation = &self.settings.federation;
        let followed = self.memory.followed.take();
        let goes_on = matches!(established.counting, Counting::Resumed { .. });
        let id = match &established.counting {
            Counting::Anew { id } => id.clone(),
            Counting::Resumed { .. } => self.memory.flight.id().map(str::to_owned),
            _ => None,
        };
        let Some(id) = id else { return };
        let held = match followed.filter(|followed| goes_on && followed.id() == id) {
            Some(followed) => Some(followed.hold().await),
            None if !conversation.is_bidi() || federation.resume.is_zero() => None,
            None => self.federation.resumable.follow(&id, self.link.pair.inverse(), federation.resumable),
        };
        self.memory.followed = held.as_ref().map(super::super::resumable::Held::followed);
        self.inward.begin(held);
    }

    /// Tells what was handled, as this side ends the stream (XEP-0198 §4).
    pub(super) async fn acknowledge_all(&mut self, carrier: &mut Carrier) {
        let handled = self.inward.handled();
        if handled > 0 && timeout(LAST_ACK, self.federation.kept.journal().settled()).await.is_ok() {
            carrier.acknowledge(handled);
        }
    }

    /// Closes a stream of our own, and takes what is still under way on one for both directions: the other server closes its side, too, or has
    /// had the time to (RFC 6120 §4.4).
    pub(super) async fn finish(&mut self, carrier: &mut Carrier) {
        if matches!(carrier, Carrier::Ours { conversation, .. } if conversation.is_bidi()) {
            self.acknowledge_all(carrier).await;
        }
        let Carrier::Ours { conversation, .. } = carrier else { return };
        conversation.finish();
        let until = Instant::now() + LAST_WORDS;
        while let Some(heard) = self.listen_until(carrier, until).await
            && self.hear(carrier, heard).await.is_ok()
        {}
    }
}
