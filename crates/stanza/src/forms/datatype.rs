//! The datatypes of values: the built-in ones of XML Schema Part 2 that forms use (XEP-0122 §3.1, §7.2).

use std::cmp::Ordering;

use super::number::Decimal;
use crate::payload::{parse_boolean, trim};
use crate::time::{DateTime, Time, xs_date};

crate::enumeration! {
    /// A datatype: those the XMPP Registrar lists (XEP-0122 §7.2), and the numbers and truth values of
    /// XML Schema beside them.
    pub enum Datatype {
        /// A URI or IRI, or a reference to one.
        AnyUri = "xs:anyURI",
        /// True or false.
        Boolean = "xs:boolean",
        /// From -128 to 127.
        Byte = "xs:byte",
        /// A day.
        Date = "xs:date",
        /// A moment.
        DateTime = "xs:dateTime",
        /// A decimal number of any precision.
        Decimal = "xs:decimal",
        /// A floating point number of 64 bits.
        Double = "xs:double",
        /// A floating point number of 32 bits.
        Float = "xs:float",
        /// From -2147483648 to 2147483647.
        Int = "xs:int",
        /// A whole number of any size.
        Integer = "xs:integer",
        /// A language tag.
        Language = "xs:language",
        /// From -9223372036854775808 to 9223372036854775807.
        Long = "xs:long",
        /// A whole number below zero.
        NegativeInteger = "xs:negativeInteger",
        /// A whole number, zero or above.
        NonNegativeInteger = "xs:nonNegativeInteger",
        /// A whole number, zero or below.
        NonPositiveInteger = "xs:nonPositiveInteger",
        /// A whole number above zero.
        PositiveInteger = "xs:positiveInteger",
        /// From -32768 to 32767.
        Short = "xs:short",
        /// Any text.
        String = "xs:string",
        /// A time of every day.
        Time = "xs:time",
        /// From 0 to 255.
        UnsignedByte = "xs:unsignedByte",
        /// From 0 to 4294967295.
        UnsignedInt = "xs:unsignedInt",
        /// From 0 to 18446744073709551615.
        UnsignedLong = "xs:unsignedLong",
        /// From 0 to 65535.
        UnsignedShort = "xs:unsignedShort",
    }
}

impl Datatype {
    /// Whether the text is a value of the datatype. Whitespace around it does not count, as XML Schema
    /// has it. Dates and times are those of XEP-0082, so a moment must have a zone.
    pub fn accepts(self, value: &str) -> bool {
        let trimmed = trim(value);
        match self {
            Self::String => true,
            Self::AnyUri => is_uri(trimmed),
            Self::Boolean => parse_boolean(trimmed).is_some(),
            Self::Language => is_language(trimmed),
            Self::Date => xs_date(trimmed).is_ok(),
            Self::DateTime => trimmed.parse::<DateTime>().is_ok(),
            Self::Time => trimmed.parse::<Time>().is_ok(),
            Self::Double | Self::Float => float(trimmed).is_some(),
            Self::Decimal => Decimal::parse(trimmed).is_some(),
            _ => Decimal::parse_integer(trimmed).is_some_and(|number| self.holds(&number)),
        }
    }

    /// The order of two values; `None` where the datatype has no order, or one of the values is not of it,
    /// or the two are not comparable, such as times with and without a zone.
    pub fn compare(self, left: &str, right: &str) -> Option<Ordering> {
        let (left, right) = (trim(left), trim(right));
        match self {
            Self::String | Self::AnyUri | Self::Boolean | Self::Language => None,
            Self::Date => Some(xs_date(left).ok()?.cmp(&xs_date(right).ok()?)),
            Self::DateTime => Some(left.parse::<DateTime>().ok()?.cmp(&right.parse().ok()?)),
            Self::Time => {
                let (left, right): (Time, Time) = (left.parse().ok()?, right.parse().ok()?);
                (left.utc == right.utc).then(|| left.time.cmp(&right.time))
            }
            Self::Double | Self::Float => float(left)?.partial_cmp(&float(right)?),
            _ => Some(Decimal::parse(left)?.cmp(&Decimal::parse(right)?)),
        }
    }

    /// Whether a whole number is between the bounds of the datatype.
    fn holds(self, number: &Decimal<'_>) -> bool {
        let (min, max) = self.bounds();
        let within = |bound: Option<&'static str>, wrong| {
            bound.and_then(Decimal::parse).is_none_or(|bound| number.cmp(&bound) != wrong)
        };
        within(min, Ordering::Less) && within(max, Ordering::Greater)
    }

    const fn bounds(self) -> (Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Byte => (Some("-128"), Some("127")),
            Self::Short => (Some("-32768"), Some("32767")),
            Self::Int => (Some("-2147483648"), Some("2147483647")),
            Self::Long => (Some("-9223372036854775808"), Some("9223372036854775807")),
            Self::UnsignedByte => (Some("0"), Some("255")),
            Self::UnsignedShort => (Some("0"), Some("65535")),
            Self::UnsignedInt => (Some("0"), Some("4294967295")),
            Self::UnsignedLong => (Some("0"), Some("18446744073709551615")),
            Self::NonNegativeInteger => (Some("0"), None),
            Self::PositiveInteger => (Some("1"), None),
            Self::NonPositiveInteger => (None, Some("0")),
            Self::NegativeInteger => (None, Some("-1")),
            _ => (None, None),
        }
    }
}

/// The lexical form of `xs:double`: what Rust reads, but its own words for infinity and not-a-number.
fn float(text: &str) -> Option<f64> {
    match text {
        "INF" | "+INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => text.parse().ok(),
        _ => None,
    }
}

/// XML Schema leaves `xs:anyURI` nearly open; what no URI or IRI reference has is refused (RFC 3987 §2.2).
fn is_uri(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

/// `[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*` (XML Schema Part 2 §3.4.3).
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let sized = |part: &str| (1..=8).contains(&part.len());
    parts.next().is_some_and(|first| sized(first) && first.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(|part| sized(part) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
