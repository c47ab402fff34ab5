//! What a command that failed says, and its exit code.

use std::fmt::Display;
use std::process::ExitCode;

use stonechat_client::{Error, Fault, RequestError, SendError, StartError};
use stonechat_stream::negotiation::client as negotiation;

/// Exit codes; those between 64 and 78 are of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// The server, or whom it was for, answered with an error.
    Refused = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The server cannot be reached, or the connection broke.
    Unreachable = 69,
    /// A fault of the program.
    Internal = 70,
    /// A file, the terminal or standard input cannot be read or written.
    Io = 74,
    /// No answer in time.
    Timeout = 75,
    /// The server breaks the protocol.
    Protocol = 76,
    /// The password is wrong, or there is no way to log in.
    Authentication = 77,
    /// The configuration or the keyring is wrong.
    Config = 78,
    /// The certificate is not good, or TLS failed otherwise.
    Certificate = 80,
}

/// Why a command failed, in words for whoever called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    pub(crate) fn refused(message: impl Display) -> Self {
        Self::new(Code::Refused, message)
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Code::Usage, message)
    }

    pub(crate) fn io(what: impl Display, error: impl Display) -> Self {
        Self::new(Code::Io, format!("{what}: {error}"))
    }

    pub(crate) fn config(message: impl Display) -> Self {
        Self::new(Code::Config, message)
    }

    pub(crate) fn timeout(message: impl Display) -> Self {
        Self::new(Code::Timeout, format!("{message}; --timeout SECONDS waits longer"))
    }

    /// Says what it was about, in front of what happened.
    pub(crate) fn within(mut self, place: impl Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl Display for Failure {
    /// On one line, whatever a server has put into it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::say::one_line(&self.message))
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Tls(_) => Code::Certificate,
            Error::LoginTimeout | Error::Silent => Code::Timeout,
            Error::Stream(_) | Error::Bind(_) | Error::Negotiation(negotiation::Error::Refused(_)) => {
                Code::Refused
            }
            Error::Ended => Code::Unreachable,
            error => match error.fault() {
                Fault::Network => Code::Unreachable,
                Fault::Credentials | Fault::Policy => Code::Authentication,
                Fault::Local => Code::Internal,
                _ => Code::Protocol,
            },
        };
        let advice = match code {
            Code::Certificate => "; a certificate that the system does not trust is trusted with --ca FILE",
            Code::Unreachable => {
                "; see that the network is there, or say with --host and --port where the server is"
            }
            Code::Authentication if error.fault() == Fault::Credentials => {
                "; see that the address and the password are right"
            }
            Code::Timeout => "; try again, or say with --host and --port where the server is",
            _ => "",
        };
        Self::new(code, format!("{error}{advice}"))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Setup(error) => error.into(),
            other => Self::new(Code::Internal, other),
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        let code = match &error {
            RequestError::Refused(_) => Code::Refused,
            RequestError::Malformed(_) => Code::Protocol,
            RequestError::Timeout => return Self::timeout(error),
            RequestError::Lost => Code::Unreachable,
            _ => Code::Internal,
        };
        Self::new(code, error)
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let code = match &error {
            SendError::Refused(_) => Code::Refused,
            SendError::TooLarge => Code::Usage,
            SendError::Unknown => Code::Unreachable,
            _ => Code::Internal,
        };
        Self::new(code, error)
    }
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::StanzaError;

    use super::*;

    fn code(error: impl Into<Failure>) -> Code {
        error.into().code
    }

    #[test]
    fn whose_fault_it_is_decides_the_exit_code() {
        let refused = |condition: &str| Error::Refused { condition: condition.to_owned(), text: None };
        assert_eq!(code(refused("not-authorized")), Code::Authentication);
        assert_eq!(code(refused("encryption-required")), Code::Authentication);
        assert_eq!(code(Error::Network("no route".to_owned())), Code::Unreachable);
        assert_eq!(code(Error::Tls("unknown issuer".to_owned())), Code::Certificate);
        assert_eq!(code(Error::LoginTimeout), Code::Timeout);
        assert_eq!(code(Error::Protocol("of its own")), Code::Protocol);
        assert_eq!(code(RequestError::Refused(StanzaError::forbidden())), Code::Refused);
        assert_eq!(code(RequestError::Timeout), Code::Timeout);
    }

    #[test]
    fn a_failure_is_one_line_that_says_what_can_be_done() {
        let failure = Failure::from(Error::Tls("unknown\nissuer\u{1b}[2J".to_owned()));
        let line = failure.to_string();
        assert!(line.contains("--ca FILE") && !line.contains(['\n', '\u{1b}']), "{line}");
    }
}
