//! Answering what a server or a service wants to know (XEP-0077 §3.1, §4, §6).

use std::fmt;

use stonechat_stanza::forms::{self, Field as FormField, Form, field};

use crate::{Field, Query};

/// What was asked for and is not answered, by the names of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what is asked for and not there: {}", self.0.join(", "))
    }
}

impl std::error::Error for Missing {}

impl Query {
    /// Answers this question: with the form, where there is one, and never with both (§4). `value` knows what is in a field of that name, such as
    /// `"username"`. In a form, what it does not know stays as the form has it, and what nobody sees is sent back as it is.
    ///
    /// # Errors
    /// [`Missing`]: fields all have to be answered (§3.1), in a form those that are required.
    ///
    /// ```
    /// use stonechat_xep_register::{Field, Query};
    ///
    /// let asked = Query::default().with(Field::Username, "").with(Field::Password, "");
    /// let answer = asked.answer(|name| Some(format!("my {name}"))).unwrap();
    /// assert_eq!(answer.get(Field::Password), Some("my password"));
    /// assert_eq!(asked.answer(|_| None).unwrap_err().0, ["username", "password"]);
    /// ```
    pub fn answer(&self, value: impl Fn(&str) -> Option<String>) -> Result<Self, Missing> {
        match &self.form {
            Some(form) => Ok(Self { form: Some(filled(form, value)?), ..Self::default() }),
            None => self.fields(value),
        }
    }

    fn fields(&self, value: impl Fn(&str) -> Option<String>) -> Result<Self, Missing> {
        let (mut answer, mut missing) = (Self::default(), Vec::new());
        for (field, there) in &self.fields {
            // §7: it goes back as it came.
            let known = (*field == Field::Key).then(|| there.clone()).or_else(|| value(field.as_str()));
            match known.filter(|known| !known.is_empty()) {
                Some(known) => answer = answer.with(*field, known),
                None => missing.push(field.as_str().to_owned()),
            }
        }
        if missing.is_empty() { Ok(answer) } else { Err(Missing(missing)) }
    }
}

fn filled(form: &Form, value: impl Fn(&str) -> Option<String>) -> Result<Form, Missing> {
    let (mut answer, mut missing) = (Form::new(forms::Type::Submit), Vec::new());
    for asked in &form.fields {
        let Some(var) = asked.var.as_deref() else { continue };
        let values = match asked.kind {
            Some(field::Type::Fixed) => continue,
            Some(field::Type::Hidden) => asked.values.clone(),
            _ => value(var).map_or_else(|| asked.values.clone(), |value| vec![value]),
        };
        if values.iter().all(String::is_empty) {
            if asked.required {
                missing.push(var.to_owned());
            }
            continue;
        }
        let field = match asked.kind {
            Some(field::Type::Hidden) => FormField::new(field::Type::Hidden, var),
            _ => FormField::bare(var),
        };
        answer = answer.with_field(field.with_values(values));
    }
    if missing.is_empty() { Ok(answer) } else { Err(Missing(missing)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::Payload as _;

    use super::*;

    fn form(fields: &str) -> Query {
        let xml = format!(
            "<query xmlns='jabber:iq:register'><instructions>Use the form</instructions><username/><password/>\
             <x xmlns='jabber:x:data' type='form'><field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>{fields}</x></query>"
        );
        Query::parse(&xml.parse().unwrap()).unwrap()
    }

    fn values(name: &str) -> Option<String> {
        match name {
            "username" => Some("bill".to_owned()),
            "password" => Some("Calliope".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn the_form_goes_before_the_fields_and_alone() {
        // §4 rule 5; examples 9 and 10.
        let asked = form(
            "<field type='text-single' var='username'><required/></field><field type='text-private' var='password'><required/></field>\
             <field type='fixed'><value>x</value></field><field type='hidden' var='challenge'><value>F3A6292C</value></field>\
             <field type='boolean' var='news'><value>false</value></field><field type='text-single' var='email'/>",
        );
        let answer = asked.answer(values).unwrap();
        assert!(answer.fields.is_empty());
        let form = answer.form.unwrap();
        assert_eq!(form.kind, forms::Type::Submit);
        for (var, value) in [
            ("FORM_TYPE", Some("jabber:iq:register")),
            ("username", Some("bill")),
            ("password", Some("Calliope")),
            ("challenge", Some("F3A6292C")),
            ("news", Some("false")),
            ("email", None),
        ] {
            assert_eq!(form.value(var), value, "{var}");
        }
        assert!(asked.form.unwrap().check(&form).is_ok());
    }

    #[test]
    fn what_is_required_has_to_be_there() {
        let asked = form("<field type='text-single' var='ocr'><required/></field>");
        assert_eq!(asked.answer(values), Err(Missing(vec!["ocr".to_owned()])));
        let asked = Query::default().with(Field::Username, "").with(Field::Email, "");
        assert_eq!(asked.answer(values), Err(Missing(vec!["email".to_owned()])));
        assert_eq!(asked.answer(|_| Some(String::new())).unwrap_err().0.len(), 2, "nothing is no answer");
    }

    #[test]
    fn a_key_goes_back_as_it_came() {
        let asked = Query::default().with(Field::Username, "").with(Field::Key, "106c0a7b");
        assert_eq!(asked.answer(values).unwrap().get(Field::Key), Some("106c0a7b"));
    }

    proptest! {
        #[test]
        fn every_field_is_answered_or_missing(fields in prop::collection::btree_map(prop::sample::select(Field::ALL), "[ -~]{0,3}", 0..8), known: bool) {
            let asked = Query { fields: fields.clone().into_iter().collect(), ..Query::default() };
            match asked.answer(|name| known.then(|| name.to_owned())) {
                Ok(answer) => prop_assert_eq!(answer.fields.len(), fields.len()),
                Err(Missing(missing)) => prop_assert!(!missing.is_empty() && (!known || missing == ["key"])),
            }
        }
    }
}
