//! `stonechat register`: an account (XEP-0077 §3.1).

mod questions;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, stdin};

use stonechat_client::{Entrance, RequestError};
use stonechat_xep_register::Query;
use stonechat_xep_register::client::{CreateError, asked, create};

use crate::account::Account;
use crate::failure::{Code, Failure};
use crate::{say, secret};
use questions::Question;

/// The fields that are known without asking.
const NAME: &str = "username";
const PASSWORD: &str = "password";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The account is that of --jid. Its password is the one in STONECHAT_PASSWORD or in the keyring, or else a
new one from a prompt, or the first line of standard input. What the server asks for besides is given
with --field, or asked for on a terminal. Nothing is said before TLS protects it.

Examples:
  stonechat --jid juliet@example.org register
  stonechat --jid juliet@example.org register --field email=juliet@example.net < password")]
pub(crate) struct Args {
    /// The answer to something that the server asks for besides name and password; may be given several times.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, String)>,
}

/// An answer, for clap.
fn field(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("an answer is written as name=value".to_owned()),
    }
}

/// Passwords are no arguments. Not refused by clap, which would say them again.
fn check(fields: &[(String, String)]) -> Result<(), Failure> {
    fields.iter().try_for_each(|(name, _)| match name.as_str() {
        PASSWORD => Err(Failure::usage("the password is not given with --field, where others can see it")),
        NAME => Err(Failure::usage("the name of the account is that of --jid")),
        _ => Ok(()),
    })
}

pub(crate) async fn run(account: &Account, args: Args) -> Result<(), Failure> {
    check(&args.fields)?;
    let mut entrance = account.client().entrance().await?;
    let registered = register(&mut entrance, account, args.fields).await;
    entrance.close().await;
    registered
}

async fn register(
    entrance: &mut Entrance,
    account: &Account,
    fields: Vec<(String, String)>,
) -> Result<(), Failure> {
    let wanted = asked(entrance).await.map_err(|error| refused(error, account, entrance))?;
    if let Some(url) = &wanted.url {
        let domain = account.jid.domain();
        return Err(Failure::refused(format!("accounts of {domain} are to be had on the web: {url}")));
    }
    let answer = answer(&wanted, account, fields)?;
    create(entrance, &answer).await.map_err(|error| match error {
        CreateError::Request(error) => refused(error, account, entrance),
        error => Failure::refused(error).within(&account.jid),
    })?;
    say::line(format!("{} is registered", account.jid))
}

/// Why the server gives no account.
fn refused(error: RequestError, account: &Account, entrance: &Entrance) -> Failure {
    match (error, entrance.error()) {
        (RequestError::Refused(error), _) => {
            Failure::refused(format!("{} registers nobody: {error}", account.jid.domain()))
        }
        (RequestError::Lost, Some(error)) => error.clone().into(),
        (error, _) => error.into(),
    }
}

/// What the server wants to know.
fn answer(wanted: &Query, account: &Account, given: Vec<(String, String)>) -> Result<Query, Failure> {
    let questions = Question::all(wanted);
    if let Some((name, _)) = given.iter().find(|(name, _)| questions.iter().all(|one| one.name != *name)) {
        let names = questions.iter().map(|one| one.name.as_str());
        let names: Vec<_> = names.filter(|name| ![NAME, PASSWORD].contains(name)).collect();
        let others = if names.is_empty() { "nothing besides".to_owned() } else { names.join(", ") };
        return Err(Failure::usage(format!("the server does not ask for {name}; it asks for {others}")));
    }
    let mut values: BTreeMap<String, secret::Secret> =
        given.into_iter().map(|(name, value)| (name, value.into())).collect();
    values.insert(NAME.to_owned(), account.jid.local().unwrap_or_default().to_owned().into());
    values.insert(PASSWORD.to_owned(), account.chosen_password()?);
    let open: Vec<&Question> = questions.iter().filter(|one| one.is_open(&values)).collect();
    if !open.is_empty() && stdin().is_terminal() {
        questions::notes(wanted).iter().try_for_each(|note| say::remark(say::printable(note)))?;
        for question in open {
            values.insert(question.name.clone(), question.ask()?);
        }
    }
    let value = |name: &str| values.get(name).map(|value| value.as_str().to_owned());
    let answer = wanted.answer(value).map_err(|missing| {
        let field = &missing.0[..];
        let example = field.first().map_or("", String::as_str);
        Failure::usage(format!(
            "the server asks for {}, too: answer with --field {example}=VALUE",
            field.join(", ")
        ))
    })?;
    if let (Some(form), Some(filled)) = (&wanted.form, &answer.form) {
        form.check(filled).map_err(|error| Failure::new(Code::Usage, format!("the form: {error}")))?;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_answer_on_the_command_line() {
        let email = ("email".to_owned(), "a=b".to_owned());
        assert_eq!(field("email=a=b"), Ok(email.clone()));
        assert_eq!(check(&[email]), Ok(()));
        for text in ["email", "=x", ""] {
            assert!(field(text).is_err(), "{text}");
        }
        for text in ["password=secret", "username=secret"] {
            let failure = check(&[field(text).unwrap()]).unwrap_err();
            assert!(failure.code == Code::Usage && !failure.message.contains("secret"), "{failure}");
        }
    }
}
