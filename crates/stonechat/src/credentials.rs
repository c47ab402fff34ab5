//! What an account logs in with: a token that was kept here, or the password (XEP-0484).

use stonechat_client::{Builder, FastToken};
use stonechat_extension::client::Descriptor;
use stonechat_sasl::client::Login;

use crate::account::Account;
use crate::failure::{Code, Failure};
use crate::installation::{self, Installation};
use crate::say;
use crate::secret::Secret;

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// The chat, which keeps a token.
    Chat,
    /// One command. Where the password is written down it uses a token that there is, and leaves no other.
    Command,
}

/// What an account logs in with.
pub(crate) struct Credentials {
    password: Option<Secret>,
    installation: Option<Installation>,
}

// There is a password in it.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("installation", &self.installation).finish_non_exhaustive()
    }
}

impl Credentials {
    /// What there is; the password is asked for where there is nothing else.
    pub(crate) fn of(account: &Account, whose: For) -> Result<Self, Failure> {
        let password = account.known_password()?;
        let keeps = whose == For::Chat || password.is_none() || installation::is_there(&account.jid);
        let installation = if keeps && account.keeps_token { found(account, whose)? } else { None };
        let has_token = installation.as_ref().is_some_and(|here| here.token().is_some());
        let password = match password {
            None if !has_token => Some(account.password()?),
            known => known,
        };
        Ok(Self { password, installation })
    }

    /// Asks for the password when a login without it has failed because the token is worth nothing any more; any other failure is given back.
    pub(crate) fn ask_after(&mut self, failure: Failure, account: &Account) -> Result<(), Failure> {
        if failure.code != Code::Authentication || self.password.is_some() {
            return Err(failure);
        }
        self.password = Some(account.password()?);
        Ok(())
    }

    /// A client of the account with these extensions, which logs in with the token where there is one, and with the password where that is known.
    pub(crate) fn client(&self, account: &Account, extensions: &[&'static Descriptor]) -> Builder {
        let builder = account.extensions.compose(account.client(), extensions);
        let builder = match &self.password {
            Some(password) => builder.password(password.as_str()),
            None => builder,
        };
        let Some(here) = &self.installation else { return builder };
        let id = here.id().to_owned();
        let builder = builder.configure(|config| config.user_agent.id = Some(id));
        let (Some(token), Some(name)) = (here.token(), account.jid.local()) else { return builder };
        let builder = match self.password {
            Some(_) => builder,
            None => builder.login(Login::token(name, token.token.clone(), token.mechanism)),
        };
        builder.token(token)
    }

    /// Keeps another token for the next login in the place of the last one, or none.
    pub(crate) fn keep(&mut self, token: Option<&FastToken>) -> Result<(), Failure> {
        self.installation.as_mut().map_or(Ok(()), |here| here.keep(token))
    }

    /// The password is another: no token stands for it any more, also not one that another program has.
    pub(crate) fn forget_token(&mut self, account: &Account) -> Result<(), Failure> {
        match &mut self.installation {
            Some(here) => here.keep(None),
            None => installation::forget_token(&account.jid),
        }
    }
}

/// What the account has here. A command does without, where that cannot be had.
fn found(account: &Account, whose: For) -> Result<Option<Installation>, Failure> {
    match Installation::of(&account.jid) {
        Err(failure) if whose == For::Command => {
            say::remark(format!("no token is kept: {failure}"))?;
            Ok(None)
        }
        found => found,
    }
}
