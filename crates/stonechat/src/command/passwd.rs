//! `stonechat passwd`: another password (XEP-0077 §3.3).

use stonechat_xep_register::client::Registration;

use crate::account::Account;
use crate::failure::Failure;
use crate::session::Session;
use crate::{say, secret};

pub(crate) async fn run(account: &Account) -> Result<(), Failure> {
    // First of all: who is not let in need not think of a new one.
    let mut session = Session::open(account, &[&stonechat_xep_register::CLIENT]).await?;
    let changed = change(&mut session, account).await;
    session.close().await;
    changed
}

async fn change(session: &mut Session, account: &Account) -> Result<(), Failure> {
    let new = secret::new(&account.jid)?;
    let registration = session.service::<Registration>()?;
    session.during(registration.change_password(new.as_str()), |_| {}).await??;
    // It is changed, whatever becomes of what is kept here.
    say::line(format!("the password of {} is changed", account.jid))?;
    session.forget_token(account)
}
