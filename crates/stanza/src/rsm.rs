//! Result set management (XEP-0059): asking for a page of a result, and describing the page returned.

use minidom::Element;

use crate::ns;
use crate::payload::{Builder, ElementExt, ParseError, Payload};

mod page;

pub use page::{Page, page};

/// What a requesting entity says about the page it wants: `<set/>` in a request.
///
/// ```
/// use stonechat_stanza::{payload::Payload, rsm};
///
/// let request = rsm::Request::after("peterpan@neverland.lit", 10);
/// assert_eq!(rsm::Request::parse(&request.to_element()), Ok(request));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Request {
    /// `<max/>`: the largest number of items wanted (§2.1); 0 asks for the count alone (§2.7).
    pub max: Option<u32>,
    /// `<after/>`: only items after the one with this UID (§2.2).
    pub after: Option<String>,
    /// `<before/>`: the last items before the one with this UID (§2.3); an empty UID asks for the last page
    /// (§2.5).
    pub before: Option<String>,
    /// `<index/>`: items from this position of the full set (§2.6).
    pub index: Option<u32>,
}

impl Request {
    /// The first page, of at most `max` items (§2.1).
    pub fn first(max: u32) -> Self {
        Self { max: Some(max), ..Self::default() }
    }

    /// The page after the item `uid` (§2.2).
    pub fn after(uid: impl Into<String>, max: u32) -> Self {
        Self { max: Some(max), after: Some(uid.into()), ..Self::default() }
    }

    /// The page before the item `uid` (§2.3).
    pub fn before(uid: impl Into<String>, max: u32) -> Self {
        Self { max: Some(max), before: Some(uid.into()), ..Self::default() }
    }

    /// The last page (§2.5).
    pub fn last(max: u32) -> Self {
        Self::before("", max)
    }

    /// The page from a position of the full set (§2.6).
    pub fn at(index: u32, max: u32) -> Self {
        Self { max: Some(max), index: Some(index), ..Self::default() }
    }

    /// The number of items, without items (§2.7).
    pub fn count() -> Self {
        Self::first(0)
    }

    /// Whether the items wanted are the last of the set that remains: the request has a `<before/>`.
    pub fn is_backwards(&self) -> bool {
        self.before.is_some()
    }
}

impl Payload for Request {
    const NS: &'static str = ns::RSM;
    const NAME: &'static str = "set";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self {
            max: element.child_value("max")?,
            after: element.child_text("after"),
            before: element.child_text("before"),
            index: element.child_value("index")?,
        })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>()
            .optional_child("after", self.after.as_ref())
            .optional_child("before", self.before.as_ref())
            .optional_child("index", self.index)
            .optional_child("max", self.max)
            .build()
    }
}

/// What a responding entity says about the page it returns: `<set/>` in a response (§2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Response {
    /// `<first/>`: the first item of the page; absent from an empty page.
    pub first: Option<First>,
    /// `<last/>`: the UID of the last item of the page; absent from an empty page.
    pub last: Option<String>,
    /// `<count/>`: the number of items of the full set, possibly approximate.
    pub count: Option<u32>,
}

/// The first item of a page (§2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct First {
    /// The UID of the item.
    pub uid: String,
    /// Its position in the full set, possibly approximate.
    pub index: Option<u32>,
}

impl Payload for Response {
    const NS: &'static str = ns::RSM;
    const NAME: &'static str = "set";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let first = element.child("first");
        let first = first.map(|first| Ok(First { uid: first.text(), index: first.value("index")? }));
        Ok(Self {
            first: first.transpose()?,
            last: element.child_text("last"),
            count: element.child_value("count")?,
        })
    }

    fn to_element(&self) -> Element {
        let first = self.first.as_ref();
        let first = first.map(|first| {
            Builder::new("first", Self::NS).optional("index", first.index).text(&first.uid).build()
        });
        Builder::of::<Self>()
            .optional_child("count", self.count)
            .children(first)
            .optional_child("last", self.last.as_ref())
            .build()
    }
}

#[cfg(test)]
mod tests;
