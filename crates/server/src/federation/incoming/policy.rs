//! Who is let in on a stream of another server.

use rustls_pki_types::UnixTime;
use stonechat_net::Service;
use stonechat_net::certificate::judge;
use stonechat_stanza::StanzaError;
use stonechat_stream::negotiation::peer::{HostWanted, Offer};

use super::*;

impl Stream {
    /// Whether the certificate is that of a domain, and good.
    pub(super) fn is_certified(&mut self, domain: &str) -> bool {
        let Some(roots) = &self.settings.roots else { return false };
        match judge(&self.shown, domain, Service::Server, roots, UnixTime::now()) {
            Ok(()) => {
                if !self.certified.iter().any(|certified| certified == domain) {
                    self.certified.push(domain.to_owned());
                }
                true
            }
            Err(why) => {
                tracing::debug!(peer = %self.peer, domain, %why, "another server's certificate does not do");
                false
            }
        }
    }

    /// What is offered to who says to be a domain.
    pub(super) fn offer(&mut self, wanted: &HostWanted) {
        if !self.shared.hosts.has(wanted.to.as_str()) {
            return self.machine.host(None);
        }
        let bidi = self.settings.federation.bidi;
        let Some(from) = wanted.from.as_ref().filter(|_| wanted.secure) else {
            return self.machine.host(Some(Offer { bidi, ..Offer::default() }));
        };
        if let Err(error) = self.may_speak(from.as_str()) {
            return self.machine.error(error);
        }
        let external = self.is_certified(from.as_str());
        let policy = self.settings.federation.policy_for(from.as_str());
        let features = vec![features::limits(&self.settings.server, true)];
        self.machine.host(Some(Offer {
            external,
            dialback: external || policy == Policy::Dialback,
            management: true,
            bidi,
            features,
        }));
    }

    fn may_speak(&self, domain: &str) -> Result<(), StreamError> {
        if self.shared.hosts.has(domain) {
            return Err(StreamError::not_authorized().with_text("that domain is served here"));
        }
        if self.settings.federation.policy_for(domain) == Policy::Refuse {
            return Err(not_spoken_with());
        }
        Ok(())
    }

    /// Finds out whether a pair is to be let through.
    pub(super) fn verify(&mut self, pair: Pair, stream: String, key: String) {
        let refused = |error: StanzaError| Answer::Error(Box::new(error));
        if !self.shared.hosts.has(pair.target.as_str()) {
            return self.machine.verified(&pair, refused(StanzaError::item_not_found()));
        }
        if self.may_speak(pair.sender.as_str()).is_err() {
            return self.machine.verified(&pair, refused(StanzaError::not_acceptable()));
        }
        // Nobody has to be asked about who has proved it.
        if self.is_certified(pair.sender.as_str()) {
            return self.machine.verified(&pair, Answer::Valid);
        }
        if self.settings.federation.policy_for(pair.sender.as_str()) != Policy::Dialback {
            let error = StanzaError::not_authorized().with_text("a certificate is required");
            return self.machine.verified(&pair, refused(error));
        }
        let (federation, verified) = (Arc::clone(&self.federation), self.verified.clone());
        let who = self.peer.to_string();
        self.federation.tasks.spawn(async move {
            let answer = match federation.ask(&pair, stream, key, &who).await {
                Ok(answer) => told(answer),
                Err(failure) => {
                    tracing::info!(%pair, %failure, "a dialback key cannot be verified");
                    // The condition alone: the cause is no business of theirs.
                    refused(failure.to_stanza_error().condition.into())
                }
            };
            if answer == Answer::Invalid {
                tracing::warn!(%pair, "a server speaks for a domain that does not know it");
            }
            // The stream may be over.
            let _ = verified.send((pair, answer)).await;
        });
    }
}

/// XEP-0220 §2.5: what the authoritative server cannot say is passed on as one condition.
fn told(answer: Answer) -> Answer {
    match answer {
        Answer::Error(_) => Answer::Error(Box::new(StanzaError::remote_server_not_found())),
        answer => answer,
    }
}
