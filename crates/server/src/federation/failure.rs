//! Why another server is not spoken with, and what senders are told of it.

use stonechat_net::certificate::Distrust;
use stonechat_stanza::{StanzaError, error as stanza};
use stonechat_stream::negotiation::client;
use stonechat_stream::negotiation::peer::OutgoingError;
use stonechat_stream::{Condition, Fault, codec};

/// Why there is no stream to another server. The message is for the senders as well as for the log.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the domain has no server for other servers")]
    NoService,
    #[error("no such host: {0}")]
    NoHost(String),
    #[error("DNS leads to addresses that are not public: {0}")]
    Private(String),
    #[error("no connection: {0}")]
    NoConnection(String),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("{0}")]
    Certificate(#[from] Distrust),
    #[error("{0}")]
    Stream(#[from] OutgoingError),
    #[error("the server sends what cannot be read: {0}")]
    Unreadable(codec::Error),
    #[error("the server does not answer in time")]
    Late,
    #[error("too many other servers are tried at the moment")]
    Busy,
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("the server takes nothing")]
    Stuck,
    #[error("the server says too much before the stream is set up")]
    Early,
    #[error("the server acknowledges more than it was sent")]
    Miscounted,
    #[error("this server does not speak with that domain")]
    Policy,
    #[error("this server stops")]
    Stopping,
}

impl Failure {
    /// The domain is not to be found, or it was not reached (RFC 6120 §8.3.3.16, §8.3.3.17); XEP-0220 §2.1.1 has a word of its own for a
    /// key that is not believed.
    pub(crate) fn to_stanza_error(&self) -> StanzaError {
        let error = match self {
            Self::NoService | Self::NoHost(_) | Self::Private(_) => StanzaError::remote_server_not_found(),
            Self::Busy => StanzaError::resource_constraint(),
            Self::Policy => StanzaError::not_allowed(),
            Self::Stream(OutgoingError::DialbackInvalid) => StanzaError::internal_server_error(),
            _ => StanzaError::remote_server_timeout(),
        };
        error.with_text(self.to_string())
    }

    /// Whether it may be over when the domain is tried again: the network's doing, or that the other server stops or is busy.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::NoHost(_)
            | Self::NoConnection(_)
            | Self::Late
            | Self::Broken(_)
            | Self::Stuck
            | Self::Early
            | Self::Busy
            | Self::Miscounted => true,
            Self::Stream(OutgoingError::Stream(client::Error::Refused(error))) => {
                error.condition == Condition::ConnectionTimeout || error.condition.fault() == Fault::Local
            }
            Self::Stream(OutgoingError::Stream(client::Error::Closed)) => true,
            // It could not ask us back, or whoever it has asked.
            Self::Stream(OutgoingError::Dialback(error)) => matches!(
                error.condition,
                stanza::Condition::RemoteServerTimeout | stanza::Condition::RemoteServerNotFound
            ),
            _ => false,
        }
    }

    /// Whether a stream was lost that nobody has closed, so that who has opened it may come back with it.
    pub(crate) const fn is_a_cut(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Stuck)
    }

    /// Whether nothing was there to be connected with.
    pub(crate) const fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::NoService | Self::NoHost(_) | Self::Private(_) | Self::NoConnection(_))
    }

    /// How much it says about the domain, of several hosts that have failed: that a certificate is not good matters more than that another
    /// host is not there.
    pub(crate) const fn weight(&self) -> u8 {
        match self {
            Self::Stream(_) | Self::Unreadable(_) | Self::Certificate(_) => 3,
            Self::Tls(_) => 2,
            Self::Late | Self::Broken(_) | Self::NoConnection(_) => 1,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::error::Condition;
    use stonechat_stream::StreamError;

    use super::*;

    #[test]
    fn senders_are_told_the_real_cause_under_the_condition_that_the_rfc_has_for_it() {
        for (failure, condition, text) in [
            (Failure::NoService, Condition::RemoteServerNotFound, "no server for other servers"),
            (
                Failure::NoHost("x: NXDOMAIN".into()),
                Condition::RemoteServerNotFound,
                "no such host: x: NXDOMAIN",
            ),
            (
                Failure::NoConnection("1.2.3.4:5269: Connection refused".into()),
                Condition::RemoteServerTimeout,
                "refused",
            ),
            (
                Failure::Certificate(Distrust::Expired),
                Condition::RemoteServerTimeout,
                "the certificate has expired",
            ),
            (
                Failure::Certificate(Distrust::OtherName("a".into())),
                Condition::RemoteServerTimeout,
                "for a, not for this domain",
            ),
            (Failure::Policy, Condition::NotAllowed, "does not speak with that domain"),
            (
                Failure::Stream(OutgoingError::DialbackInvalid),
                Condition::InternalServerError,
                "dialback failed",
            ),
        ] {
            let error = failure.to_stanza_error();
            assert_eq!(error.condition, condition, "{failure}");
            assert!(error.text().is_some_and(|told| told.contains(text)), "{error}");
        }
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let refused =
            |error: StreamError| Failure::Stream(OutgoingError::Stream(client::Error::Refused(error)));
        let passes = [
            Failure::NoConnection("refused".into()),
            Failure::Broken("reset".into()),
            Failure::Late,
            Failure::Stuck,
            refused(StreamError::system_shutdown()),
            Failure::Stream(OutgoingError::Dialback(Box::new(StanzaError::remote_server_timeout()))),
        ];
        let stays = [
            Failure::NoService,
            Failure::Certificate(Distrust::Expired),
            Failure::Stopping,
            Failure::Policy,
            refused(StreamError::policy_violation()),
            Failure::Stream(OutgoingError::DialbackInvalid),
            Failure::Stream(OutgoingError::Dialback(Box::new(StanzaError::not_authorized()))),
        ];
        assert!(passes.iter().all(Failure::is_passing) && !stays.iter().any(Failure::is_passing));
    }
}
