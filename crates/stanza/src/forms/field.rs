//! The fields of a form (XEP-0004 §3.2, §3.3).

use std::fmt;

use minidom::Element;

use super::Validate;
use crate::ns;
use crate::payload::{Builder, ElementExt, ParseError, Payload};

crate::enumeration! {
    /// The type of a field's data (XEP-0004 §3.3).
    pub enum Type {
        /// Yes or no.
        Boolean = "boolean",
        /// Text to show, not to fill out.
        Fixed = "fixed",
        /// Not shown, and returned as it is.
        Hidden = "hidden",
        /// Addresses.
        JidMulti = "jid-multi",
        /// One address.
        JidSingle = "jid-single",
        /// Some of the options.
        ListMulti = "list-multi",
        /// One of the options.
        ListSingle = "list-single",
        /// Lines of text.
        TextMulti = "text-multi",
        /// One line of text, not to be seen.
        TextPrivate = "text-private",
        /// One line of text.
        TextSingle = "text-single",
    }
}

impl Type {
    /// Whether a field of the type may have more than one value (XEP-0004 §3.2).
    pub const fn is_multi(self) -> bool {
        matches!(self, Self::Hidden | Self::JidMulti | Self::ListMulti | Self::TextMulti)
    }

    /// Whether a field of the type has options (XEP-0004 §3.2).
    pub const fn is_list(self) -> bool {
        matches!(self, Self::ListMulti | Self::ListSingle)
    }
}

/// A field: `<field/>` (XEP-0004 §3.2).
///
/// Its `Debug` shows the number of values instead of the values, unless the field is known to hold no
/// secret: a submission need not say that a field is `text-private`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form. Only `fixed` fields may do without.
    pub var: Option<String>,
    /// Its type; where absent from a form to fill out, `text-single`, else to be told from context.
    pub kind: Option<Type>,
    /// Its name for people.
    pub label: Option<String>,
    /// Its description for people.
    pub desc: Option<String>,
    /// Whether a submission must have a value for it.
    pub required: bool,
    /// Its values: the defaults, the data filled in, or the data returned.
    pub values: Vec<String>,
    /// What can be chosen; of lists only.
    pub options: Vec<Choice>,
    /// The rules its values follow (XEP-0122).
    pub validate: Option<Validate>,
    /// Children of other namespaces, such as media, as they stand.
    pub other: Vec<Element>,
}

/// What can be chosen in a list: `<option/>` (XEP-0004 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name for people.
    pub label: Option<String>,
    /// Its value.
    pub value: String,
}

impl Field {
    /// A field of a type.
    pub fn new(kind: Type, var: impl Into<String>) -> Self {
        Self { var: Some(var.into()), kind: Some(kind), ..Self::default() }
    }

    /// A field that does not say its type, as submissions and results may (XEP-0004 §3.2).
    pub fn bare(var: impl Into<String>) -> Self {
        Self { var: Some(var.into()), ..Self::default() }
    }

    /// A `boolean` field.
    pub fn boolean(var: impl Into<String>, value: bool) -> Self {
        Self::new(Type::Boolean, var).with_value(if value { "1" } else { "0" })
    }

    /// A `hidden` field.
    pub fn hidden(var: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(Type::Hidden, var).with_value(value)
    }

    /// Text to show: a `fixed` field without a name.
    pub fn fixed(text: impl Into<String>) -> Self {
        Self { kind: Some(Type::Fixed), ..Self::default() }.with_value(text)
    }

    /// With a name for people.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With a description for people.
    #[must_use]
    pub fn with_desc(mut self, desc: impl Into<String>) -> Self {
        self.desc = Some(desc.into());
        self
    }

    /// To be filled out.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With one more value.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.values.push(value.into());
        self
    }

    /// With more values.
    #[must_use]
    pub fn with_values(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.values.extend(values.into_iter().map(Into::into));
        self
    }

    /// With the lines of a text as values (XEP-0004 §3.3, `text-multi`).
    #[must_use]
    pub fn with_lines(self, text: &str) -> Self {
        self.with_values(text.lines())
    }

    /// With one more option.
    #[must_use]
    pub fn with_option(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push(Choice { label: Some(label.into()), value: value.into() });
        self
    }

    /// With rules for its values.
    #[must_use]
    pub fn with_validate(mut self, validate: Validate) -> Self {
        self.validate = Some(validate);
        self
    }

    /// Its first value.
    pub fn value(&self) -> Option<&str> {
        self.values.first().map(String::as_str)
    }
}

impl Payload for Field {
    const NS: &'static str = ns::DATA_FORMS;
    const NAME: &'static str = "field";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let mut field = Self {
            var: element.value("var")?,
            // §3.3: text-single where the type is not understood.
            kind: element.attr("type").map(|kind| kind.parse().unwrap_or(Type::TextSingle)),
            label: element.value("label")?,
            validate: element.get()?,
            ..Self::default()
        };
        for child in element.children() {
            match child.name() {
                _ if Validate::matches(child) => {}
                _ if !child.has_ns(Self::NS) => field.other.push(child.clone()),
                "desc" => field.desc = Some(child.text()),
                "required" => field.required = true,
                "value" => field.values.push(child.text()),
                "option" => field.options.extend(Choice::read(child)),
                _ => {}
            }
        }
        Ok(field)
    }

    fn to_element(&self) -> Element {
        let builder = Builder::of::<Self>()
            .optional("var", self.var.as_ref())
            .optional("type", self.kind)
            .optional("label", self.label.as_ref())
            .optional_child("desc", self.desc.as_ref())
            .flag("required", self.required)
            .payloads(&self.validate);
        let values = self.values.iter();
        values
            .fold(builder, |builder, value| builder.text_child("value", value))
            .children(self.options.iter().map(Choice::element))
            .children(self.other.iter().cloned())
            .build()
    }
}

impl Choice {
    /// `None` for an option without a value, which nobody can choose.
    fn read(element: &Element) -> Option<Self> {
        let value = element.child_text("value")?;
        Some(Self { label: element.attr("label").map(str::to_owned), value })
    }

    fn element(&self) -> Element {
        let builder = Builder::new("option", ns::DATA_FORMS).optional("label", self.label.as_ref());
        builder.text_child("value", &self.value).build()
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Field");
        shown.field("var", &self.var).field("kind", &self.kind).field("label", &self.label);
        shown.field("desc", &self.desc).field("required", &self.required);
        match self.kind {
            None | Some(Type::TextPrivate) => shown.field("values", &format_args!("[{}]", self.values.len())),
            Some(_) => shown.field("values", &self.values),
        };
        shown.field("options", &self.options).field("validate", &self.validate);
        shown.field("other", &self.other.len()).finish()
    }
}
