//! What was filled out, in the fields or in the form.

use stonechat_stanza::StanzaError;
use stonechat_stanza::forms::{self, Form, field};

use crate::{CHANGE_PASSWORD_FORM, Field, NS, Query};

/// Name and password; what was left empty is `None`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Submission {
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
}

impl Submission {
    /// Reads a submission. The form takes precedence over the fields (§4 rule 5).
    ///
    /// # Errors
    /// `bad-request` when the form was not submitted, or is another.
    pub(super) fn read(query: &Query) -> Result<Self, StanzaError> {
        let Some(form) = &query.form else {
            return Ok(Self::of(query.get(Field::Username), query.get(Field::Password)));
        };
        let ours = |kind| matches!(kind, None | Some(NS | CHANGE_PASSWORD_FORM));
        if form.kind != forms::Type::Submit || !ours(form.form_type()) {
            return Err(StanzaError::bad_request().with_text("this is not the form, or it was not submitted"));
        }
        Ok(Self::of(form.value(Field::Username.as_str()), form.value(Field::Password.as_str())))
    }

    fn of(username: Option<&str>, password: Option<&str>) -> Self {
        let filled = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
        Self { username: filled(username), password: filled(password) }
    }
}

/// The fields to fill out, and the same as a form (§6: both, for clients that do not know forms).
pub(super) fn blank(instructions: &str) -> Query {
    let text = Some(instructions).filter(|text| !text.is_empty());
    let form = Form::of(forms::Type::Form, NS)
        .with_field(
            forms::Field::new(field::Type::TextSingle, Field::Username.as_str())
                .with_label("Username")
                .required(),
        )
        .with_field(
            forms::Field::new(field::Type::TextPrivate, Field::Password.as_str())
                .with_label("Password")
                .required(),
        );
    let form = text.iter().fold(form, |form, text| form.with_instructions(*text));
    Query { instructions: text.map(str::to_owned), form: Some(form), ..Query::submit("", "") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::Payload as _;

    fn read(content: &str) -> Option<(Option<String>, Option<String>)> {
        let xml = format!("<query xmlns='jabber:iq:register'>{content}</query>");
        let read = Submission::read(&Query::parse(&xml.parse().unwrap()).unwrap()).ok()?;
        Some((read.username, read.password))
    }

    fn form(kind: &str, form_type: &str) -> String {
        format!(
            "<x xmlns='jabber:x:data' type='{kind}'>{form_type}<field var='username'><value>bill</value></field>\
             <field var='password'><value>Calliope</value></field></x>"
        )
    }

    const TYPE: &str = "<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>";

    #[test]
    fn the_fields_are_read_and_an_empty_one_is_none() {
        let both = Some((Some("bill".to_owned()), Some("Calliope".to_owned())));
        assert_eq!(read("<username>bill</username><password>Calliope</password>"), both);
        assert_eq!(read("<username>bill</username><password/>"), Some((Some("bill".to_owned()), None)));
        assert_eq!(read(""), Some((None, None)));
    }

    #[test]
    fn the_form_takes_precedence() {
        let both = Some((Some("bill".to_owned()), Some("Calliope".to_owned())));
        let fields = "<username>will</username><password>x</password>";
        assert_eq!(read(&format!("{fields}{}", form("submit", TYPE))), both);
        assert_eq!(read(&form("submit", "")), both);
    }

    #[test]
    fn another_form_and_one_that_is_not_submitted_are_refused() {
        assert_eq!(read(&form("cancel", TYPE)), None);
        assert_eq!(read(&form("form", TYPE)), None);
        assert_eq!(read(&form("submit", &TYPE.replace("jabber:iq:register", "urn:other"))), None);
    }

    #[test]
    fn the_blank_form_asks_for_what_the_fields_ask_for() {
        let blank = blank("Choose.");
        assert_eq!(blank.instructions.as_deref(), Some("Choose."));
        let form = blank.form.unwrap();
        for (field, _) in &blank.fields {
            assert!(form.field(field.as_str()).unwrap().required, "{field}");
        }
        assert_eq!(form.fields.len(), blank.fields.len() + 1, "and FORM_TYPE");
    }
}
