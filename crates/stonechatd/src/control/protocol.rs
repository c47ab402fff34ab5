//! What is asked for over the control socket, and what is answered.

use serde::{Deserialize, Serialize};
use stonechat_jid::BareJid;

use super::Secret;
use crate::failure::Failure;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Adds an account.
    UserAdd { jid: BareJid, password: Secret },
    /// Changes a password.
    UserPassword { jid: BareJid, password: Secret },
    /// Removes an account with all its data, and ends its sessions.
    UserRemove { jid: BareJid },
    /// Tells about an account.
    UserShow { jid: BareJid },
    /// Some accounts of a host, in order, those after `after`; none are left when none are given.
    UserList { host: String, after: Option<BareJid> },
    /// The hosts.
    Hosts,
    /// Runs a command that an extension offers.
    Command { host: String, name: String, words: Vec<String> },
    /// The commands that extensions offer on a host.
    Commands { host: String },
    /// Reads configuration and certificates again.
    Reload,
    /// Tells what is served.
    Status,
    /// Tells about the ways to other servers and from them.
    FederationStatus,
    /// Tries the way to a domain's server, from a host, or from the first one.
    FederationTest { from: Option<String>, domain: BareJid },
}

/// What is answered, or why not.
pub(crate) type Reply = Result<Answer, Failure>;

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// It was done.
    Done,
    /// It was done, and this is to be said.
    Text(String),
    /// Names: of accounts or hosts.
    Names(Vec<String>),
    /// An account.
    User(User),
    /// What is served.
    Status(Status),
    /// The ways to other servers and from them.
    Federation(Federation),
    /// How it went.
    Trial(Trial),
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) jid: String,
    /// RFC 3339.
    pub(crate) created: String,
    /// Nobody can log in.
    pub(crate) disabled: bool,
    pub(crate) sessions: Vec<Session>,
}

/// A session of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The full JID.
    pub(crate) jid: String,
    /// While it is available.
    pub(crate) priority: Option<i8>,
    /// The network address that it is connected from.
    pub(crate) from: Option<String>,
}

/// What is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) version: String,
    pub(crate) process: u32,
    /// Seconds since the start.
    pub(crate) up: u64,
    /// Kind and address of each listener.
    pub(crate) listeners: Vec<(String, String)>,
    pub(crate) connections: usize,
    pub(crate) hosts: Vec<HostStatus>,
}

/// A host that is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HostStatus {
    pub(crate) domain: String,
    pub(crate) sessions: usize,
    pub(crate) extensions: Vec<String>,
}

/// The ways to other servers, and those from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Federation {
    pub(crate) pairs: Vec<Peering>,
    /// So many that are left out.
    pub(crate) more: usize,
    pub(crate) arrivals: Vec<Arrival>,
    /// So many of these that are left out.
    pub(crate) more_arrivals: usize,
}

/// A stream of another server, for a pair of domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) sender: String,
    pub(crate) target: String,
    /// The network address that it is connected from.
    pub(crate) address: String,
    /// Why it is believed to be the sender, in words.
    pub(crate) proof: String,
    /// The version of TLS.
    pub(crate) tls: String,
    /// Seconds for which it may send.
    pub(crate) since: u64,
    pub(crate) stanzas: u64,
    /// How it is managed (XEP-0198), in words.
    pub(crate) management: String,
}

/// The way from a host to another server's domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Peering {
    pub(crate) sender: String,
    pub(crate) target: String,
    pub(crate) state: PeeringState,
    /// Stanzas that wait, and their bytes.
    pub(crate) waiting: usize,
    pub(crate) bytes: usize,
    /// Seconds for which the first of them has waited.
    pub(crate) oldest: Option<u64>,
    pub(crate) failure: Option<PeeringFailure>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PeeringState {
    Connecting,
    Established {
        /// Whether the other server has opened the stream.
        by_them: bool,
    },
    /// `next` is in seconds.
    Failed {
        next: u64,
    },
    Idle,
}

/// Why a domain was not reached the last time that it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeeringFailure {
    pub(crate) text: String,
    /// Seconds.
    pub(crate) ago: u64,
}

/// The way to another server, as it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trial {
    pub(crate) sender: String,
    pub(crate) target: String,
    pub(crate) steps: Vec<Step>,
}

/// A step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) stage: String,
    pub(crate) is_good: bool,
    pub(crate) text: String,
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_request_is_one_line_of_json_and_shows_no_password() {
        let password = Secret::new(Zeroizing::new("r0m30\nmyr0m30".to_owned()));
        let request = Request::UserAdd { jid: "juliet@localhost".parse().unwrap(), password };
        let text = serde_json::to_string(&request).unwrap();
        assert!(!text.contains('\n') && text.contains(r#""do":"user-add""#), "{text}");
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
        assert!(!format!("{request:?}").contains("r0m30"));
    }

    #[test]
    fn replies_read_back() {
        for reply in [Ok(Answer::Done), Ok(Answer::Names(vec!["a".into()])), Err(Failure::refused("no"))] {
            let text = serde_json::to_string(&reply).unwrap();
            assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), reply);
        }
    }
}
