//! Data forms (XEP-0004), the standard names of their fields (XEP-0068) and their validation (XEP-0122).
//!
//! One type, [`Form`], is a form to fill out, a submission, a cancellation and a result. Reading is lenient
//! where older revisions and implementations differ: unknown field types are `text-single` (§3.3), and
//! `<reported/>`, items and fields may stand in any order (§3.4).
//!
//! ```
//! use stonechat_stanza::forms::{Field, Form, Type, field};
//!
//! let form = Form::of(Type::Form, "urn:example:room")
//!     .with_field(Field::new(field::Type::TextSingle, "name").with_label("Name").required())
//!     .with_field(Field::boolean("public", true));
//!
//! let good = Form::of(Type::Submit, "urn:example:room").with_field(Field::bare("name").with_value("Inn"));
//! assert!(form.check(&good).is_ok());
//! assert_eq!(good.value("name"), Some("Inn"));
//! assert_eq!(good.boolean("public"), Ok(None));
//!
//! let bad = Form::of(Type::Submit, "urn:example:room");
//! assert_eq!(form.check(&bad).unwrap_err().text(), "the field 'name' is required");
//! ```

use std::str::FromStr;

use minidom::Element;
use stonechat_jid::Jid;

use crate::ns;
use crate::payload::{Builder, ElementExt, ParseError, Payload, parse_boolean};

mod check;
mod datatype;
pub mod field;
mod number;
mod validate;

pub use datatype::Datatype;
pub use field::Field;
pub use validate::{ListRange, Method, Validate};

/// The name of the field that says what the other fields mean (XEP-0068 §3.1).
pub const FORM_TYPE: &str = "FORM_TYPE";

crate::enumeration! {
    /// What a form is for (XEP-0004 §3.1).
    pub enum Type {
        /// To be filled out.
        Form = "form",
        /// Filled out.
        Submit = "submit",
        /// Not going to be filled out.
        Cancel = "cancel",
        /// Data returned, such as the results of a search, or a generic data set.
        Result = "result",
    }
}

/// A data form: `<x xmlns='jabber:x:data'/>` (XEP-0004 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What it is for.
    pub kind: Type,
    /// A title for people.
    pub title: Option<String>,
    /// Instructions for people, a paragraph each.
    pub instructions: Vec<String>,
    /// The fields, in the order in which they are shown.
    pub fields: Vec<Field>,
    /// Of a result with items: the columns (§3.4).
    pub reported: Vec<Field>,
    /// Of a result with items: the rows (§3.4).
    pub items: Vec<Item>,
}

/// A row of a result: `<item/>` (XEP-0004 §3.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// The cells, a field for each column.
    pub fields: Vec<Field>,
}

impl Item {
    /// The first value of a cell.
    pub fn value(&self, var: &str) -> Option<&str> {
        find(&self.fields, var)?.value()
    }
}

impl Form {
    /// An empty form.
    pub fn new(kind: Type) -> Self {
        let (fields, reported, items) = (Vec::new(), Vec::new(), Vec::new());
        Self { kind, title: None, instructions: Vec::new(), fields, reported, items }
    }

    /// A form with a hidden field `FORM_TYPE` (XEP-0068 §3.1).
    pub fn of(kind: Type, form_type: &str) -> Self {
        Self::new(kind).with_field(Field::hidden(FORM_TYPE, form_type))
    }

    /// The answer of who does not want to fill out a form (XEP-0004 §3.1).
    pub fn cancel() -> Self {
        Self::new(Type::Cancel)
    }

    /// With a title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// With one more paragraph of instructions.
    #[must_use]
    pub fn with_instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions.push(instructions.into());
        self
    }

    /// With one more field.
    #[must_use]
    pub fn with_field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// With one more column.
    #[must_use]
    pub fn with_reported(mut self, field: Field) -> Self {
        self.reported.push(field);
        self
    }

    /// With one more row.
    #[must_use]
    pub fn with_item(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.items.push(Item { fields: fields.into_iter().collect() });
        self
    }

    /// What the fields mean: the value of `FORM_TYPE`. In a form to fill out and in a result it counts only
    /// where it is hidden (XEP-0068 §4.3).
    pub fn form_type(&self) -> Option<&str> {
        let field = self.field(FORM_TYPE)?;
        let counts = match self.kind {
            Type::Form | Type::Result => field.kind == Some(field::Type::Hidden),
            Type::Submit | Type::Cancel => true,
        };
        if counts { field.value() } else { None }
    }

    /// The first field of a name.
    pub fn field(&self, var: &str) -> Option<&Field> {
        find(&self.fields, var)
    }

    /// The first value of a field.
    pub fn value(&self, var: &str) -> Option<&str> {
        self.field(var)?.value()
    }

    /// All values of a field; none where there is no such field.
    pub fn values(&self, var: &str) -> &[String] {
        self.field(var).map_or(&[], |field| &field.values)
    }

    /// The values of a `text-multi` field as the lines of one text (XEP-0004 §3.3).
    pub fn text(&self, var: &str) -> Option<String> {
        self.field(var).filter(|field| !field.values.is_empty()).map(|field| field.values.join("\n"))
    }

    /// The value of a field as a `T`; `None` where it is absent or empty (XEP-0004 §3.6).
    ///
    /// # Errors
    ///
    /// `not-acceptable` when it is not a `T` (XEP-0004 §4).
    pub fn parsed<T: FromStr>(&self, var: &str) -> Result<Option<T>, ParseError> {
        self.read(var, |value| value.parse().ok())
    }

    /// The value of a `boolean` field; `None` where it is absent or empty.
    ///
    /// # Errors
    ///
    /// `not-acceptable` when it is not an `xs:boolean` (XEP-0004 §4).
    pub fn boolean(&self, var: &str) -> Result<Option<bool>, ParseError> {
        self.read(var, parse_boolean)
    }

    /// The addresses of a `jid-multi` or `jid-single` field, each once (XEP-0004 §3.3).
    ///
    /// # Errors
    ///
    /// `not-acceptable` when one is malformed (XEP-0004 §4).
    pub fn jids(&self, var: &str) -> Result<Vec<Jid>, ParseError> {
        let mut seen = std::collections::HashSet::new();
        let mut jids = Vec::new();
        for value in self.values(var).iter().filter(|value| !value.is_empty()) {
            let jid = Jid::parse_received(value).map_err(|_| invalid(var))?;
            if seen.insert(jid.clone()) {
                jids.push(jid);
            }
        }
        Ok(jids)
    }

    fn read<T>(&self, var: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ParseError> {
        match self.value(var).filter(|value| !value.is_empty()) {
            Some(value) => parse(value).map(Some).ok_or_else(|| invalid(var)),
            None => Ok(None),
        }
    }
}

fn find<'a>(fields: &'a [Field], var: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.var.as_deref() == Some(var))
}

fn invalid(var: &str) -> ParseError {
    ParseError::not_acceptable(format!("the value of the field '{var}' is not valid"))
}

impl Payload for Form {
    const NS: &'static str = ns::DATA_FORMS;
    const NAME: &'static str = "x";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let mut form = Self::new(element.required_value("type")?);
        form.title = element.child_text("title");
        form.instructions = element.child_values("instructions")?;
        form.fields = element.all()?;
        let tables = element.children().filter(|child| child.is("reported", Self::NS));
        for field in tables.map(|reported| reported.all::<Field>()) {
            form.reported.extend(field?);
        }
        let rows = element.children().filter(|child| child.is("item", Self::NS));
        form.items = rows.map(|item| Ok(Item { fields: item.all()? })).collect::<Result<_, ParseError>>()?;
        Ok(form)
    }

    fn to_element(&self) -> Element {
        let group = |name, fields: &[Field]| Builder::new(name, Self::NS).payloads(fields).build();
        let builder =
            Builder::of::<Self>().attr("type", self.kind).optional_child("title", self.title.as_ref());
        let instructions = self.instructions.iter();
        let builder = instructions.fold(builder, |builder, text| builder.text_child("instructions", text));
        let reported = (!self.reported.is_empty()).then(|| group("reported", &self.reported));
        builder
            .payloads(&self.fields)
            .children(reported)
            .children(self.items.iter().map(|item| group("item", &item.fields)))
            .build()
    }
}

#[cfg(test)]
mod tests;
