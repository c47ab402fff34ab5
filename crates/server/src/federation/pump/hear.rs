//! What is heard on a stream that is sent on.

use stonechat_stanza::{Stanza, StanzaError};
use stonechat_stream::dialback::Answer;

use super::*;

impl Pump<'_> {
    pub(super) async fn hear(
        &mut self,
        carrier: &mut Carrier,
        heard: Result<Heard, Failure>,
    ) -> Result<(), End> {
        let read = carrier.take_read();
        if read > 0 {
            self.paused_until = self.rate.spend(read, Instant::now());
        }
        match heard.map_err(End::Lost)? {
            Heard::Nothing => return Ok(()),
            Heard::Acknowledged(handled) => {
                let arrived = self.memory.flight.acknowledge(handled)?;
                self.progressed |= !arrived.is_empty();
                self.arrived(arrived);
            }
            Heard::Stanza(stanza, counts) => self.stanza(carrier, stanza, counts).await?,
            Heard::Misaddressed(stanza, counts) => self.misaddressed(carrier, stanza, counts).await?,
            Heard::AckWanted => self.inward.owe(),
            Heard::Judge { pair, stream, key } => {
                let answer = self.federation.judge(&pair, &stream, &key);
                carrier.judged(&pair, &stream, answer);
            }
            Heard::Leave => return Err(End::Leave),
        }
        self.moved = Instant::now();
        Ok(())
    }

    /// The policy may have become another since the stream began.
    fn check(&self, carrier: &Carrier, stanza: &Stanza) -> Result<(), End> {
        match self.federation.still_speaks_with(stanza, carrier.is_certified()) {
            true => Ok(()),
            false => Err(End::Refused(super::super::not_spoken_with())),
        }
    }

    async fn stanza(&mut self, carrier: &mut Carrier, stanza: Stanza, counts: bool) -> Result<(), End> {
        self.check(carrier, &stanza)?;
        let Some(server) = self.federation.server() else { return Err(End::Stopping) };
        if !carrier.write_while(server.hosts.from_peer(stanza)).await {
            return Err(End::Refused(StreamError::host_gone()));
        }
        self.note_handled(counts);
        Ok(())
    }

    async fn misaddressed(&mut self, carrier: &mut Carrier, stanza: Stanza, counts: bool) -> Result<(), End> {
        self.check(carrier, &stanza)?;
        let Some(server) = self.federation.server() else { return Err(End::Stopping) };
        if let Some(host) = server.hosts.get(self.link.pair.sender.as_str()) {
            carrier.write_while(host.from_peer(stanza)).await;
        }
        self.note_handled(counts);
        Ok(())
    }

    fn note_handled(&mut self, counts: bool) {
        if counts {
            self.inward.count();
        }
    }
}

impl Federation {
    /// Whether a key is our own side's (XEP-0220 §2.2.2).
    pub(in super::super) fn judge(
        &self,
        pair: &stonechat_stream::dialback::Pair,
        stream: &str,
        key: &str,
    ) -> Answer {
        if self.server().is_none_or(|server| !server.hosts.has(pair.sender.as_str())) {
            return Answer::Error(Box::new(StanzaError::item_not_found()));
        }
        if self.secret.is_key(pair, stream, key) { Answer::Valid } else { Answer::Invalid }
    }
}
