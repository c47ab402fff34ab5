//! `stonechat passwd`: another password (XEP-0077 §3.3).

use stonechat_stanza::iq;
use stonechat_xep_register::Query;

use crate::account::Account;
use crate::failure::Failure;
use crate::session::{Session, tell};
use crate::{say, secret};

pub(crate) async fn run(account: &Account) -> Result<(), Failure> {
    // With the old one first: who mistypes that need not think of a new one.
    let mut session = Session::open(account).await?;
    let changed = change(&mut session, account).await;
    session.close().await;
    changed
}

async fn change(session: &mut Session, account: &Account) -> Result<(), Failure> {
    let new = secret::new(&account.jid)?;
    let query = Query::submit(account.jid.local().unwrap_or_default(), new.as_str());
    let handle = session.handle();
    // The server's domain, as the account's own address stands for contacts (§3.3).
    let domain = account.jid.to_domain().into();
    session.during(tell(&handle, Some(domain), iq::Type::Set, &query), |_| {}).await??;
    say::line(format!("the password of {} is changed", account.jid))
}
