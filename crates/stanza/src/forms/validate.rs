//! The rules for the values of a field (XEP-0122).

use minidom::Element;

use super::Datatype;
use crate::ns;
use crate::payload::{Builder, ElementExt, ParseError, Payload};

/// The rules for the values of a field: `<validate/>` (XEP-0122 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validate {
    /// The datatype by name (§3.1), a [`Datatype`] or one we do not know, which is then taken as
    /// `xs:string` (§4.1).
    pub datatype: String,
    /// How values are validated.
    pub method: Method,
    /// How many values there may be; of `list-multi` fields only (§3.3).
    pub list_range: Option<ListRange>,
}

/// How values are validated (XEP-0122 §3.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Method {
    /// Against the datatype.
    #[default]
    Basic,
    /// Against the datatype; a list may have values that are none of its options.
    Open,
    /// Against the datatype and bounds, written in the datatype.
    Range {
        /// The smallest value.
        min: Option<String>,
        /// The largest value.
        max: Option<String>,
    },
    /// Against the datatype and a POSIX extended regular expression.
    ///
    /// It is carried and not applied: [`accepts`](Validate::accepts) takes it as
    /// [`Basic`](Method::Basic), which §4.1 asks for where a method is not supported.
    Regex(String),
}

/// How many values there may be (XEP-0122 §3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListRange {
    /// The smallest number.
    pub min: Option<u32>,
    /// The largest number.
    pub max: Option<u32>,
}

impl ListRange {
    /// Whether there may be `count` values.
    pub fn contains(self, count: usize) -> bool {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.min.is_none_or(|min| count >= min) && self.max.is_none_or(|max| count <= max)
    }
}

impl Default for Validate {
    /// Basic validation as `xs:string`.
    fn default() -> Self {
        Self::new(Datatype::String)
    }
}

impl Validate {
    /// Basic validation against a datatype.
    pub fn new(datatype: Datatype) -> Self {
        Self { datatype: datatype.as_str().to_owned(), method: Method::Basic, list_range: None }
    }

    /// Validation against a datatype and bounds (§3.2.3); not for strings (§4.7).
    pub fn range(datatype: Datatype, min: Option<&str>, max: Option<&str>) -> Self {
        let [min, max] = [min, max].map(|bound| bound.map(str::to_owned));
        Self { method: Method::Range { min, max }, ..Self::new(datatype) }
    }

    /// By another method.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With bounds on the number of values.
    #[must_use]
    pub fn with_list_range(mut self, list_range: ListRange) -> Self {
        self.list_range = Some(list_range);
        self
    }

    /// Whether the method lets a list have values that are none of its options: every method but
    /// [`Basic`](Method::Basic) (§3.2).
    pub fn is_open(&self) -> bool {
        self.method != Method::Basic
    }

    /// Whether a value follows the datatype and the method.
    ///
    /// Bounds that are themselves not of the datatype do not bound.
    pub fn accepts(&self, value: &str) -> bool {
        let datatype: Datatype = self.datatype.parse().unwrap_or(Datatype::String);
        if !datatype.accepts(value) {
            return false;
        }
        let Method::Range { min, max } = &self.method else { return true };
        let outside = |bound: &Option<String>, wrong| {
            bound.as_ref().is_some_and(|bound| datatype.compare(value, bound) == Some(wrong))
        };
        !outside(min, std::cmp::Ordering::Less) && !outside(max, std::cmp::Ordering::Greater)
    }
}

impl Payload for Validate {
    const NS: &'static str = ns::DATA_VALIDATE;
    const NAME: &'static str = "validate";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let mut validate = Self::default();
        if let Some(datatype) = element.attr("datatype") {
            validate.datatype = datatype.to_owned();
        }
        let mut method = None;
        // Example 7 of XEP-0122 itself has the children in the namespace of the form.
        for child in element.children().filter(|child| child.has_ns(Self::NS) || child.has_ns(ns::DATA_FORMS))
        {
            if child.name() == "list-range" {
                validate.list_range = Some(ListRange { min: child.value("min")?, max: child.value("max")? });
            } else if method.is_none() {
                method = Method::read(child)?;
            }
        }
        validate.method = method.unwrap_or_default();
        Ok(validate)
    }

    fn to_element(&self) -> Element {
        let list_range = self.list_range.map(|range| {
            let builder = Builder::new("list-range", Self::NS);
            builder.optional("min", range.min).optional("max", range.max).build()
        });
        let builder = Builder::of::<Self>().attr("datatype", &self.datatype);
        builder.child(self.method.element()).children(list_range).build()
    }
}

impl Method {
    fn read(element: &Element) -> Result<Option<Self>, ParseError> {
        Ok(match element.name() {
            "basic" => Some(Self::Basic),
            "open" => Some(Self::Open),
            "range" => Some(Self::Range { min: element.value("min")?, max: element.value("max")? }),
            "regex" => Some(Self::Regex(element.text())),
            _ => None,
        })
    }

    fn element(&self) -> Element {
        let new = |name| Builder::new(name, ns::DATA_VALIDATE);
        match self {
            Self::Basic => new("basic"),
            Self::Open => new("open"),
            Self::Range { min, max } => {
                new("range").optional("min", min.as_ref()).optional("max", max.as_ref())
            }
            Self::Regex(pattern) => new("regex").text(pattern),
        }
        .build()
    }
}
