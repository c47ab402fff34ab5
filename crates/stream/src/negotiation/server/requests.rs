//! Stanzas and elements before the session, and those that others answer.

use super::*;
use crate::{sasl, tls};
use stonechat_stanza::{Kind, iq, ns};

impl Negotiation {
    /// The answer to [`Action::Iq`]; `None` if nobody answers it, which ends the stream with `not-authorized`
    /// (RFC 6120 §4.9.3.12).
    pub fn answer_iq(&mut self, answer: Option<&Stanza>) {
        let State::AskedIq = self.state else { return self.out_of_turn() };
        self.state = State::Open;
        match answer {
            Some(answer) => self.queue.stanza(answer),
            None => self.error(StreamError::not_authorized()),
        }
    }

    /// The answer to [`Action::Nonza`].
    ///
    /// An answer that is not possible ends the stream with `internal-server-error`: an account that is not of the
    /// stream's host or not the one that authenticated, authentication before the TLS that is required.
    pub fn answer_nonza(&mut self, answer: Answer) {
        let State::AskedNonza = self.state else { return self.out_of_turn() };
        self.state = State::Open;
        match answer {
            Answer::Unsupported => self.error(StreamError::unsupported_stanza_type()),
            Answer::Reply(reply) => self.send_all(&reply),
            Answer::Challenge(reply) => {
                if self.account.is_some() {
                    return self.out_of_turn();
                }
                self.send_all(&reply);
                self.state = State::Exchange;
            }
            Answer::Failed(reply) => {
                self.send_all(&reply);
                self.count_failure();
            }
            Answer::Authenticated { account, reply } => {
                if self.account.is_some() || !self.may_be(&account) {
                    return self.out_of_turn();
                }
                self.send_all(&reply);
                self.account = Some(account);
                self.ask_for_features();
            }
            Answer::Established { jid, reply } => {
                let account = jid.to_bare();
                if !self.may_be(&account) {
                    return self.out_of_turn();
                }
                self.send_all(&reply);
                self.account = Some(account);
                self.establish(jid);
            }
        }
    }

    /// The client can be this account: it is the one that authenticated, or it may authenticate now.
    fn may_be(&self, account: &BareJid) -> bool {
        match &self.account {
            Some(authenticated) => authenticated == account,
            None => self.is_of_host(account) && !self.needs_tls(),
        }
    }

    /// Features follow an authentication without a restart; the header is still that of before.
    fn ask_for_features(&mut self) {
        let Some(to) = self.host.clone() else { return self.out_of_turn() };
        self.offered = Host::default();
        self.state = State::Host;
        self.queue.push(Action::HostWanted(HostWanted {
            to,
            from: self.from.clone(),
            lang: self.header.as_ref().and_then(|header| header.lang.clone()),
            secure: self.secure,
            account: self.account.clone(),
        }));
    }

    /// XEP-0388 §2.4: who sends anything else while an authentication is under way is disconnected.
    fn not_in_exchange(&mut self) {
        self.error(StreamError::policy_violation().with_text("an authentication is under way"));
    }

    pub(super) fn stanza(&mut self, stanza: Stanza) {
        if let State::Exchange = self.state {
            return self.not_in_exchange();
        }
        if self.account.is_some() {
            return self.stanza_before_session(stanza);
        }
        let is_request = matches!(stanza.kind(), Kind::Iq(iq::Type::Get | iq::Type::Set));
        let in_place = matches!(self.state, State::Open) && !self.needs_tls();
        if !is_request || !in_place || stanza.defect().is_some() {
            return self.error(StreamError::not_authorized());
        }
        if self.count_request() {
            self.state = State::AskedIq;
            self.queue.push(Action::Iq(stanza));
        }
    }

    pub(super) fn nonza(&mut self, nonza: Nonza, pending: usize) {
        let Ok(element) = nonza.element() else {
            return self.error(StreamError::invalid_xml());
        };
        if let Some(error) = StreamError::from_element(&element) {
            self.queue.close();
            return self.close(Close::PeerError(error));
        }
        let under_way = matches!(self.state, State::Exchange);
        if under_way && [ns::SASL, ns::TLS, ns::STREAM].iter().any(|ns| element.has_ns(*ns)) {
            return self.not_in_exchange();
        }
        if let Some(nonza) = sasl::Nonza::from_element(&element) {
            return self.sasl(nonza);
        }
        if element.has_ns(ns::TLS) {
            return match tls::Nonza::from_element(&element) {
                Some(tls::Nonza::StartTls) => self.starttls(pending),
                _ => self.error(StreamError::unsupported_stanza_type()),
            };
        }
        // With TLS still to come nobody is asked, so that no extension can authenticate in the clear.
        if !(under_way || matches!(self.state, State::Open)) || self.needs_tls() || element.has_ns(ns::STREAM)
        {
            return self.error(StreamError::unsupported_stanza_type());
        }
        if self.count_request() {
            self.state = State::AskedNonza;
            self.queue.push(Action::Nonza(nonza));
        }
    }

    /// Whether one more request is borne; if not, the stream is over.
    pub(super) fn count_request(&mut self) -> bool {
        self.requests = self.requests.saturating_add(1);
        let borne = self.requests <= self.config.max_requests;
        if !borne {
            self.error(StreamError::policy_violation().with_text("too many requests before the session"));
        }
        borne
    }
}
