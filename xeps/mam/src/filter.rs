//! Which messages a query asks for: the form (XEP-0313 §4.1).

use jiff::Timestamp;
use stonechat_stanza::StanzaError;
use stonechat_stanza::forms::{self, Datatype, Field, Form, Method, Type, Validate, field};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::time::DateTime;

use crate::NS;

const WITH: &str = "with";
const START: &str = "start";
const END: &str = "end";
const BEFORE_ID: &str = "before-id";
const AFTER_ID: &str = "after-id";
const IDS: &str = "ids";
const INCLUDE_GROUPCHAT: &str = "include-groupchat";

/// What the messages of a query have in common; the default is nothing.
///
/// ```
/// use stonechat_xep_mam::Filter;
///
/// let filter = Filter { with: Some("juliet@capulet.lit".parse()?), ..Filter::default() };
/// assert_eq!(Filter::read(&filter.to_form())?, filter);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// From or to this address; a bare one stands for all its resources (§4.1.1).
    pub with: Option<Jid>,
    /// Of this time or later (§4.1.2).
    pub start: Option<Timestamp>,
    /// Of this time or earlier (§4.1.2).
    pub end: Option<Timestamp>,
    /// In front of the message with this id (§4.1.3).
    pub before_id: Option<String>,
    /// Behind the message with this id (§4.1.3).
    pub after_id: Option<String>,
    /// The messages with these ids; empty for no such condition (§4.1.3).
    pub ids: Vec<String>,
    /// Whether group chat is wanted; `None` where nothing is said (§4.1.4).
    pub include_groupchat: Option<bool>,
}

impl Filter {
    /// Reads the form of a query.
    ///
    /// # Errors
    /// `feature-not-implemented` for a field that is not defined (§4.1.5); `bad-request` for a form of another type or a value that
    /// is not of the field's.
    pub fn read(form: &Form) -> Result<Self, StanzaError> {
        if form.kind != Type::Submit || form.form_type() != Some(NS) {
            return Err(StanzaError::bad_request().with_text("the form is not of the type urn:xmpp:mam:2"));
        }
        let known = [forms::FORM_TYPE, WITH, START, END, BEFORE_ID, AFTER_ID, IDS, INCLUDE_GROUPCHAT];
        if form.fields.iter().any(|field| !field.var.as_deref().is_some_and(|var| known.contains(&var))) {
            return Err(StanzaError::feature_not_implemented());
        }
        let invalid = |_| StanzaError::bad_request().with_text("a field of the query is not valid");
        let time = |var| {
            let time = form.parsed::<DateTime>(var).map_err(invalid)?;
            Ok::<_, StanzaError>(time.map(DateTime::timestamp))
        };
        let id = |var| form.value(var).filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(Self {
            with: form.jids(WITH).map_err(invalid)?.pop(),
            start: time(START)?,
            end: time(END)?,
            before_id: id(BEFORE_ID),
            after_id: id(AFTER_ID),
            ids: form.values(IDS).iter().filter(|id| !id.is_empty()).cloned().collect(),
            include_groupchat: form.boolean(INCLUDE_GROUPCHAT).map_err(invalid)?,
        })
    }

    /// Writes the form of a query.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let time = |time: &Timestamp| DateTime::new(*time).to_string();
        let fields = [
            (WITH, self.with.as_ref().map(ToString::to_string)),
            (START, self.start.as_ref().map(time)),
            (END, self.end.as_ref().map(time)),
            (BEFORE_ID, self.before_id.clone()),
            (AFTER_ID, self.after_id.clone()),
            (INCLUDE_GROUPCHAT, self.include_groupchat.map(|wanted| wanted.to_string())),
        ];
        let form = Form::of(Type::Submit, NS);
        let fields = fields.into_iter().filter_map(|(var, value)| Some(Field::bare(var).with_value(value?)));
        let mut form = fields.fold(form, Form::with_field);
        if !self.ids.is_empty() {
            form = form.with_field(Field::bare(IDS).with_values(&self.ids));
        }
        form
    }

    /// The form to fill out (§4.1.5).
    #[must_use]
    pub fn form() -> Form {
        let fields = [
            (field::Type::JidSingle, WITH),
            (field::Type::TextSingle, START),
            (field::Type::TextSingle, END),
            (field::Type::TextSingle, BEFORE_ID),
            (field::Type::TextSingle, AFTER_ID),
            (field::Type::Boolean, INCLUDE_GROUPCHAT),
        ];
        let form = Form::of(Type::Form, NS);
        let form = fields.into_iter().fold(form, |form, (kind, var)| form.with_field(Field::new(kind, var)));
        let open = Validate::new(Datatype::String).with_method(Method::Open);
        form.with_field(Field::new(field::Type::ListMulti, IDS).with_validate(open))
    }

    /// Whether every message of the archive matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { with, start, end, before_id, after_id, ids, include_groupchat: _ } = self;
        with.is_none()
            && start.is_none()
            && end.is_none()
            && before_id.is_none()
            && after_id.is_none()
            && ids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::error::Condition;
    use stonechat_stanza::payload::Payload as _;

    use super::*;

    fn read(fields: &str) -> Result<Filter, Condition> {
        let form = format!(
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>\
             <value>urn:xmpp:mam:2</value></field>{fields}</x>"
        );
        let form = Form::parse(&form.parse().expect("test XML is well-formed")).expect("a form");
        Filter::read(&form).map_err(|error| error.condition)
    }

    fn field(var: &str, value: &str) -> String {
        format!("<field var='{var}'><value>{value}</value></field>")
    }

    /// Examples 6 to 13.
    #[test]
    fn the_fields_of_the_examples_are_read() {
        let none = Filter::default;
        let time = |text: &str| Some(text.parse().unwrap());
        let id = |id: &str| Some(id.to_owned());
        for (fields, expected) in [
            (String::new(), none()),
            (
                field("with", "juliet@capulet.lit"),
                Filter { with: "juliet@capulet.lit".parse().ok(), ..none() },
            ),
            (
                field("start", "2010-06-07T00:00:00Z") + &field("end", "2010-07-07T13:23:54Z"),
                Filter { start: time("2010-06-07T00:00:00Z"), end: time("2010-07-07T13:23:54Z"), ..none() },
            ),
            (
                field("after-id", "28482") + &field("before-id", "09af3"),
                Filter { after_id: id("28482"), before_id: id("09af3"), ..none() },
            ),
            (field("ids", "28482-98726-73623"), Filter { ids: vec!["28482-98726-73623".into()], ..none() }),
            (field("include-groupchat", "true"), Filter { include_groupchat: Some(true), ..none() }),
            (field("with", ""), none()),
        ] {
            assert_eq!(read(&fields), Ok(expected), "{fields}");
        }
    }

    /// §4.1.5, example 16.
    #[test]
    fn an_unknown_field_is_not_implemented() {
        let search = field("{http://example.com/}free-text-search", "Where arth thou, my Juliet?");
        assert_eq!(read(&search), Err(Condition::FeatureNotImplemented));
        assert_eq!(read("<field><value>x</value></field>"), Err(Condition::FeatureNotImplemented));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_a_bad_request() {
        for fields in [field("with", "@"), field("start", "yesterday"), field("include-groupchat", "perhaps")]
        {
            assert_eq!(read(&fields), Err(Condition::BadRequest), "{fields}");
        }
        for form in [Form::new(Type::Submit), Form::of(Type::Submit, "urn:other"), Form::cancel()] {
            assert_eq!(Filter::read(&form).unwrap_err().condition, Condition::BadRequest);
        }
    }

    /// §4.1.5, example 15.
    #[test]
    fn the_form_has_all_fields_and_none_is_required() {
        let form = Filter::form();
        assert_eq!((form.kind, form.form_type()), (Type::Form, Some(NS)));
        assert!(form.fields.iter().all(|field| !field.required));
        let ids = form.field("ids").unwrap();
        assert!(ids.validate.as_ref().is_some_and(Validate::is_open) && ids.options.is_empty());
        for var in ["with", "start", "end", "before-id", "after-id", "include-groupchat"] {
            assert!(form.field(var).is_some(), "{var}");
        }
    }

    proptest! {
        #[test]
        fn filters_survive_a_round_trip(
            with in proptest::option::of("[a-z]{1,5}@[a-z]{1,5}(/[a-z]{1,5})?"),
            seconds in proptest::option::of(0..2_000_000_000_i64),
            ids in proptest::collection::vec("[a-z0-9<&']{1,9}", 0..4),
            include_groupchat: Option<bool>,
        ) {
            let start = seconds.map(|seconds| Timestamp::from_second(seconds).expect("in range"));
            let filter = Filter {
                with: with.map(|with| with.parse().expect("an address")),
                start,
                end: start,
                before_id: ids.first().cloned(),
                after_id: ids.last().cloned(),
                ids,
                include_groupchat,
            };
            let form = Form::parse(&filter.to_form().to_element()).expect("a form");
            prop_assert_eq!(Filter::read(&form), Ok(filter));
        }
    }
}
