//! Headers and features.

use super::host::Stage;
use super::*;
use crate::features::Features;
use crate::header::answer_language;
use crate::tls;
use stonechat_stanza::ns;

impl Negotiation {
    /// The driver's answer to [`Action::HostWanted`]; `None` if the domain is not served here.
    pub fn host(&mut self, host: Option<Host>) {
        let State::Host = self.state else { return self.out_of_turn() };
        let Some(host) = host else { return self.error(StreamError::host_unknown()) };
        self.host = self.wanted();
        // RFC 6120 §4.9.3.9; under TLS, as before it the header may have been changed on its way.
        if self.secure && self.claimed().is_some_and(|from| !self.is_of_host(from)) {
            return self.error(StreamError::invalid_from());
        }
        if !self.open() {
            return;
        }
        self.show(host);
        self.state = State::Open;
    }

    pub(super) fn before_header(&mut self, frame: Frame) {
        match frame {
            Frame::Open(header) => self.take_header(header),
            Frame::Stanza(_) => self.error(StreamError::not_authorized()),
            Frame::Nonza(_) => {
                self.error(StreamError::bad_format().with_text("a stream header has to come first"));
            }
            Frame::Close => self.closed_by_peer(),
        }
    }

    fn take_header(&mut self, header: StreamHeader) {
        self.from = header.from.as_deref().and_then(|from| BareJid::parse_received(from).ok());
        let checked = self.check_header(&header);
        let lang = header.lang.clone();
        self.header = Some(header);
        let to = match checked {
            Ok(to) => to,
            Err(error) => return self.error(error),
        };
        self.state = State::Host;
        self.queue.push(Action::HostWanted(HostWanted {
            to,
            from: self.from.clone(),
            lang,
            secure: self.secure,
            account: self.account.clone(),
        }));
    }

    fn check_header(&self, header: &StreamHeader) -> Result<BareJid, StreamError> {
        if header.content_ns != ns::CLIENT {
            return Err(StreamError::invalid_namespace());
        }
        if header.version < Some(Version::V1_0) {
            return Err(StreamError::unsupported_version());
        }
        if self.config.tls == Tls::Required && self.config.framing == Framing::WebSocket {
            return Err(StreamError::policy_violation().with_text("TLS is required"));
        }
        let to = domain(header).ok_or_else(|| {
            StreamError::improper_addressing().with_text("'to' has to name a domain of this server")
        })?;
        if let Some(account) = &self.account {
            // After authentication the host is fixed, and so is who speaks.
            if to.as_str() != account.domain() {
                return Err(StreamError::not_authorized().with_text("the stream belongs to another domain"));
            }
            if self.from.as_ref().is_some_and(|from| from.local().is_some() && from != account) {
                return Err(StreamError::invalid_from());
            }
        }
        Ok(to)
    }

    /// The domain in the present header.
    fn wanted(&self) -> Option<BareJid> {
        self.header.as_ref().and_then(domain)
    }

    /// Sends our header, unless it was sent on this stream (RFC 6120 §4.7). `false` if there cannot be one
    /// and the stream is over.
    pub(super) fn open(&mut self) -> bool {
        if self.opened {
            return true;
        }
        let Some(id) = stream_id() else {
            // Without randomness there is no identifier, and without one there is no header.
            self.close(Close::Error(StreamError::internal_server_error()));
            return false;
        };
        self.opened = true;
        let known = self.host.as_ref().map(BareJid::as_str);
        let from = known.or(self.config.default_host.as_deref()).unwrap_or_default();
        let peer = self.header.as_ref();
        // A peer that sent no header at all is told our version; one that sent a header without is of
        // before 1.0 and SHOULD NOT be (RFC 6120 §4.7.5).
        let version = peer.map_or(Some(Version::V1_0), |header| header.version.map(|v| v.min(Version::V1_0)));
        let lang = peer.and_then(|header| header.lang.as_deref());
        let header = StreamHeader {
            to: self.from.as_ref().map(ToString::to_string),
            from: Some(from.to_owned()),
            id: Some(id),
            version,
            lang: Some(answer_language(lang, &self.config.languages).to_owned()),
            ..StreamHeader::default()
        };
        self.queue.open(&header);
        true
    }

    /// STARTTLS has to come before anything else.
    pub(super) fn needs_tls(&self) -> bool {
        !self.secure && self.config.tls == Tls::Required
    }

    /// STARTTLS is possible now.
    pub(super) fn offers_tls(&self) -> bool {
        !self.secure
            && self.account.is_none()
            && self.config.framing == Framing::Tcp
            && matches!(self.config.tls, Tls::Required | Tls::Optional)
    }

    fn show(&mut self, host: Host) {
        if self.needs_tls() {
            let mut features = Features::new();
            features.push(&tls::Feature { required: true });
            return self.queue.element(&features.into_element());
        }
        let stage = Stage {
            framing: self.config.framing,
            starttls: self.offers_tls(),
            logged_in: self.account.is_some(),
            legacy_session: self.config.legacy_session,
        };
        host.show(stage, |bytes| self.queue.written(bytes));
        if !stage.logged_in {
            self.offered = host;
        }
    }
}

/// The `to` of a header, if it is a domain.
fn domain(header: &StreamHeader) -> Option<BareJid> {
    let to = BareJid::parse_received(header.to.as_deref()?).ok()?;
    to.local().is_none().then_some(to)
}
