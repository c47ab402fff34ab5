//! What a server asks whoever wants an account.

use std::collections::BTreeMap;

use stonechat_stanza::forms::field::{Choice, Type};
use stonechat_stanza::forms::{Field, Form};
use stonechat_xep_register::{Field as Plain, Query};

use crate::failure::Failure;
use crate::say;
use crate::secret::{self, Secret};

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The name of the field.
    pub(super) name: String,
    /// What it is called for people.
    label: String,
    /// What can be chosen; anything, where there is nothing.
    choices: Vec<String>,
    /// Whether nobody should see what is typed.
    is_private: bool,
    /// Whether there has to be an answer, and the form has none.
    is_required: bool,
}

impl Question {
    /// All that is asked: by the form where there is one (XEP-0077 §4), else by the fields, which all have to be answered (§3.1).
    pub(super) fn all(wanted: &Query) -> Vec<Self> {
        match &wanted.form {
            Some(form) => form.fields.iter().filter_map(Self::of_form).collect(),
            None => wanted.fields.iter().filter(|(field, _)| *field != Plain::Key).map(Self::plain).collect(),
        }
    }

    fn plain((field, _): &(Plain, String)) -> Self {
        let name = field.as_str();
        let is_private = *field == Plain::Password;
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            choices: Vec::new(),
            is_private,
            is_required: true,
        }
    }

    fn of_form(field: &Field) -> Option<Self> {
        if matches!(field.kind, Some(Type::Hidden | Type::Fixed)) {
            return None;
        }
        let name = field.var.clone()?;
        let choice = |choice: &Choice| match &choice.label {
            Some(label) if *label != choice.value => format!("{} ({label})", choice.value),
            _ => choice.value.clone(),
        };
        Some(Self {
            label: field.label.clone().unwrap_or_else(|| name.clone()),
            choices: field.options.iter().map(choice).collect(),
            is_private: field.kind == Some(Type::TextPrivate),
            is_required: field.required && field.values.iter().all(String::is_empty),
            name,
        })
    }

    /// Whether nothing of what is known answers it, and something has to.
    pub(super) fn is_open(&self, known: &BTreeMap<String, Secret>) -> bool {
        self.is_required && !known.contains_key(&self.name)
    }

    /// Asks it on the terminal.
    pub(super) fn ask(&self) -> Result<Secret, Failure> {
        if !self.choices.is_empty() {
            say::remark(format!("One of: {}", say::one_line(&self.choices.join(", "))))?;
        }
        let prompt = format!("{}: ", say::one_line(&self.label));
        if self.is_private { secret::prompt(&prompt) } else { say::ask(&prompt).map(Secret::new) }
    }
}

/// What a person who answers should know: the instructions, and what the form shows or has filled out already, such as where a picture is.
pub(super) fn notes(wanted: &Query) -> Vec<String> {
    let Some(form) = &wanted.form else { return wanted.instructions.iter().cloned().collect() };
    let mut notes: Vec<String> = form.title.iter().chain(instructions(form, wanted)).cloned().collect();
    for field in &form.fields {
        match (field.kind, &field.label) {
            (Some(Type::Hidden), _) => {}
            (Some(Type::Fixed), _) => notes.extend(field.values.iter().cloned()),
            (_, label) if !field.values.iter().all(String::is_empty) => {
                let name = label.as_deref().or(field.var.as_deref()).unwrap_or_default();
                notes.push(format!("{name}: {}", field.values.join(" ")));
            }
            _ => {}
        }
    }
    notes
}

fn instructions<'a>(form: &'a Form, wanted: &'a Query) -> impl Iterator<Item = &'a String> {
    let of_form = !form.instructions.is_empty();
    form.instructions.iter().chain(wanted.instructions.iter().filter(move |_| !of_form))
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::Payload as _;

    use super::*;

    fn asked(children: &str) -> Query {
        Query::parse(&format!("<query xmlns='jabber:iq:register'>{children}</query>").parse().unwrap())
            .unwrap()
    }

    #[test]
    fn all_fields_are_asked_for_where_there_is_no_form() {
        let wanted = asked("<instructions>Choose</instructions><username/><password/><email/><key>x</key>");
        let all = Question::all(&wanted);
        let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["username", "password", "email"]);
        let known = [("username".to_owned(), Secret::default())].into();
        assert_eq!(all.iter().map(|one| one.is_open(&known)).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(notes(&wanted), ["Choose"]);
    }

    /// XEP-0158 example 7 has a form like it.
    #[test]
    fn what_a_form_requires_and_does_not_have_is_asked_for() {
        let wanted = asked(
            "<instructions>Use the form</instructions><x xmlns='jabber:x:data' type='form'><title>CAPTCHA</title>\
             <field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>\
             <field type='fixed'><value>See the picture</value></field>\
             <field type='text-single' var='url' label='Picture'><value>https://example.org/p</value></field>\
             <field type='text-single' var='ocr' label='The text'><required/></field>\
             <field type='list-single' var='plan'><required/><option label='All'><value>a</value></option><option><value>b</value></option></field>\
             <field type='text-private' var='pin'><required/></field>\
             <field type='text-single' var='email'/></x>",
        );
        let all = Question::all(&wanted);
        let open: Vec<_> = all.iter().filter(|one| one.is_open(&BTreeMap::new())).collect();
        let told: Vec<_> =
            open.iter().map(|one| (one.name.as_str(), one.label.as_str(), one.is_private)).collect();
        assert_eq!(told, [("ocr", "The text", false), ("plan", "plan", false), ("pin", "pin", true)]);
        assert_eq!(open[1].choices, ["a (All)", "b"]);
        let expected = ["CAPTCHA", "Use the form", "See the picture", "Picture: https://example.org/p"];
        assert_eq!(notes(&wanted), expected);
    }
}
