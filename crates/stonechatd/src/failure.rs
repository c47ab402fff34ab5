//! What a command that failed says, and its exit code.

use std::fmt::Display;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use stonechat_extension::AccountError;
use stonechat_server::ServerError;

/// Exit codes; those above 1 are of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Code {
    /// What was asked for cannot be done.
    Refused = 1,
    /// The command line is wrong.
    Usage = 64,
    /// No server runs here, or another has what is needed.
    Unavailable = 69,
    /// A fault of the program.
    Internal = 70,
    /// A file or the store cannot be read or written.
    Io = 74,
    /// The configuration is wrong.
    Config = 78,
}

/// Why a command failed, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn refused(message: impl Display) -> Self {
        Self { code: Code::Refused, message: message.to_string() }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self { code: Code::Usage, message: message.to_string() }
    }

    pub(crate) fn unavailable(message: impl Display) -> Self {
        Self { code: Code::Unavailable, message: message.to_string() }
    }

    pub(crate) fn internal(message: impl Display) -> Self {
        Self { code: Code::Internal, message: message.to_string() }
    }

    pub(crate) fn io(what: impl Display, error: impl Display) -> Self {
        Self { code: Code::Io, message: format!("{what}: {error}") }
    }

    pub(crate) fn config(message: impl Display) -> Self {
        Self { code: Code::Config, message: message.to_string() }
    }

    /// Says where it happened, in front of what happened.
    pub(crate) fn within(mut self, place: impl Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let code = match &error {
            ServerError::Config(_) | ServerError::Tls(_) | ServerError::Install { .. } => Code::Config,
            ServerError::Listen { .. } => Code::Unavailable,
            ServerError::Accounts(_) => Code::Io,
            _ => Code::Internal,
        };
        Self { code, message: error.to_string() }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        let code = if matches!(error, AccountError::Failed(_)) { Code::Io } else { Code::Refused };
        Self { code, message: error.to_string() }
    }
}

impl From<stonechat_store::Error> for Failure {
    fn from(error: stonechat_store::Error) -> Self {
        let code = match &error {
            stonechat_store::Error::InUse { .. } => Code::Unavailable,
            _ => Code::Io,
        };
        // What the system said is the cause.
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self { code, message: format!("{error}{cause}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_fault_it_is_decides_the_exit_code() {
        assert_eq!(Failure::from(AccountError::Exists).code, Code::Refused);
        assert_eq!(Failure::from(AccountError::Failed("the disk is gone".into())).code, Code::Io);
        let busy = ServerError::Listen {
            at: 0,
            address: "127.0.0.1:5222".parse().unwrap(),
            source: std::io::ErrorKind::AddrInUse.into(),
        };
        let busy = Failure::from(busy);
        assert_eq!(busy.code, Code::Unavailable);
        assert!(busy.message.contains("listeners.0") && busy.message.contains("127.0.0.1:5222"), "{busy}");
    }

    #[test]
    fn a_failure_survives_the_control_socket() {
        let failure = Failure::refused("the account exists").within("juliet@localhost");
        let text = serde_json::to_string(&failure).unwrap();
        assert_eq!(serde_json::from_str::<Failure>(&text).unwrap(), failure);
        assert_eq!(failure.message, "juliet@localhost: the account exists");
    }
}
