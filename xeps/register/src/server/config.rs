//! The configuration.

use serde::{Deserialize, Serialize};

/// The commented default.
pub(super) const TEXT: &str = r#"# Whether anybody who can connect may create an account.
allow-creation = false
# Whether the owner of an account may change its password.
allow-password-change = true
# Whether the owner of an account may cancel it, which erases all its data.
allow-cancellation = true
# What people read who are about to register.
instructions = "Choose a username and a password for your account."
# Names that nobody can register, nor names that look like them.
reserved = [
    "abuse", "admin", "administrator", "administration", "billing", "daemon", "ftp", "help", "hostmaster", "info",
    "mail", "marketing", "moderator", "news", "noc", "nobody", "operator", "owner", "postmaster", "root", "sales",
    "security", "server", "service", "staff", "status", "support", "sysadmin", "system", "usenet", "uucp", "webmaster",
    "www", "xmpp",
]
# How long a name may be, in bytes. 1 to 1023.
name-length = 64
# Whether names that look like that of another account are refused.
refuse-look-alikes = true
# For how many days nobody can register the name of an account that was removed. 0 to 36500.
removed-days = 30
# How many registrations may be tried at once from one IPv4 address or IPv6 /64 network. 1 to 10000.
attempts = 5
# After how many seconds one more may be tried from there. 1 to 864000.
attempt-every = 600
# How many accounts may be created at once on a host. 1 to 100000.
accounts = 50
# After how many seconds one more may be created. 1 to 864000.
account-every = 60
# From how many networks attempts are remembered. While there are more, nobody else can register. 1 to 1000000.
networks = 10000
"#;

/// What is allowed; see the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether anybody who can connect may create an account.
    pub allow_creation: bool,
    /// Whether the owner of an account may change its password.
    pub allow_password_change: bool,
    /// Whether the owner of an account may cancel it.
    pub allow_cancellation: bool,
    /// What people read who are about to register.
    pub instructions: String,
    /// Names that nobody can register.
    pub reserved: Vec<String>,
    /// How long a name may be, in bytes.
    pub name_length: usize,
    /// Whether names that look like that of another account are refused.
    pub refuse_look_alikes: bool,
    /// For how many days nobody can register the name of an account that was removed.
    pub removed_days: u32,
    /// How many registrations may be tried at once from one network.
    pub attempts: u32,
    /// After how many seconds one more may be tried from there.
    pub attempt_every: u32,
    /// How many accounts may be created at once on a host.
    pub accounts: u32,
    /// After how many seconds one more may be created.
    pub account_every: u32,
    /// From how many networks attempts are remembered.
    pub networks: usize,
}

/// Roles that people write to (RFC 2142), and names that seem to speak for the server.
const RESERVED: &str = "abuse admin administrator administration billing daemon ftp help hostmaster info mail \
    marketing moderator news noc nobody operator owner postmaster root sales security server service staff status support sysadmin \
    system usenet uucp webmaster www xmpp";

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_creation: false,
            allow_password_change: true,
            allow_cancellation: true,
            instructions: "Choose a username and a password for your account.".to_owned(),
            reserved: RESERVED.split_ascii_whitespace().map(str::to_owned).collect(),
            name_length: 64,
            refuse_look_alikes: true,
            removed_days: 30,
            attempts: 5,
            attempt_every: 600,
            accounts: 50,
            account_every: 60,
            networks: 10_000,
        }
    }
}

impl Config {
    /// Whether the values are in their ranges; else what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        let ranges = [
            ("name-length", self.name_length as u64, 1, 1023),
            ("removed-days", self.removed_days.into(), 0, 36_500),
            ("attempts", self.attempts.into(), 1, 10_000),
            ("attempt-every", self.attempt_every.into(), 1, 864_000),
            ("accounts", self.accounts.into(), 1, 100_000),
            ("account-every", self.account_every.into(), 1, 864_000),
            ("networks", self.networks as u64, 1, 1_000_000),
        ];
        match ranges.into_iter().find(|(_, value, least, most)| !(*least..=*most).contains(value)) {
            None => Ok(()),
            Some((key, value, least, most)) => {
                Err(format!("`{key}` is {value}; it goes from {least} to {most}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        let problem = Config { attempts: 0, ..Config::default() }.check().unwrap_err();
        assert!(problem.contains("`attempts`"), "{problem}");
    }
}
