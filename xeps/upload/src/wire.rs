//! The payloads (XEP-0363 §4 to §6).

use std::fmt;

use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Element, ParseError, Payload, StanzaError, enumeration};

use crate::HttpsUrl;

/// Namespace of the payloads, the feature of services, and the type of the form with the largest size (§3).
pub const NS: &str = "urn:xmpp:http:upload:0";
/// Namespace of what files are for (§5).
pub const PURPOSE: &str = "urn:xmpp:http:upload:purpose:0";

/// No more headers are read.
const MOST_HEADERS: usize = 20;

/// What a file is for (§5). A service that does not know it takes it as part of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For a conversation (§5.1).
    Message,
    /// For a profile: longer, and small (§5.2).
    Profile,
    /// For a while, and until then at most (§5.3).
    Ephemeral(DateTime),
    /// For ever (§5.4).
    Permanent,
}

impl Purpose {
    /// The word on the wire, and behind `#` in the feature of services.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Profile => "profile",
            Self::Ephemeral(_) => "ephemeral",
            Self::Permanent => "permanent",
        }
    }

    fn read(element: &Element) -> Result<Option<Self>, ParseError> {
        let Some(child) = element.children().find(|child| child.has_ns(PURPOSE)) else { return Ok(None) };
        Ok(match child.name() {
            "message" => Some(Self::Message),
            "profile" => Some(Self::Profile),
            "ephemeral" => Some(Self::Ephemeral(child.required_value("expire-before")?)),
            "permanent" => Some(Self::Permanent),
            _ => None,
        })
    }

    fn write(self) -> Element {
        let until = match self {
            Self::Ephemeral(until) => Some(until),
            _ => None,
        };
        Builder::new(self.name(), PURPOSE).optional("expire-before", until).build()
    }
}

/// `<request/>`: asks for a slot (§4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The name of the file, without folders.
    pub filename: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type.
    pub content_type: Option<String>,
    /// What it is for.
    pub purpose: Option<Purpose>,
}

impl Payload for Request {
    const NS: &'static str = NS;
    const NAME: &'static str = "request";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self {
            filename: element.required_value("filename")?,
            size: element.required_value("size")?,
            content_type: element.value("content-type")?,
            purpose: Purpose::read(element)?,
        })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>()
            .attr("filename", &self.filename)
            .attr("size", self.size)
            .optional("content-type", self.content_type.as_ref())
            .children(self.purpose.map(Purpose::write))
            .build()
    }
}

enumeration! {
    /// The headers that a service may want to have sent (§4).
    pub enum HeaderName {
        /// Lets in who says it.
        Authorization = "Authorization",
        /// The same, in another way.
        Cookie = "Cookie",
        /// How long the file is to be kept.
        Expires = "Expires",
    }
}

impl HeaderName {
    /// Names do not mind their letters' case; line breaks in them do not count (§4).
    fn read(name: &str) -> Option<Self> {
        let name = one_line(name);
        Self::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(&name))
    }
}

/// A header that has to be sent with the file. Its `Debug` does not show the value, which lets in whoever has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: HeaderName,
    /// The value, on one line. Nobody but the service knows what it means (§8).
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Without what would begin another line, or what a header cannot hold otherwise (RFC 9110 §5.5).
fn one_line(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).collect::<String>().trim().to_owned()
}

/// `<slot/>`: where to put the file, and where it is then (§4). What the standard does not allow is not in it: another address than `https` makes it
/// none, and other headers are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Where to put it.
    pub put: HttpsUrl,
    /// What to send with it, in this order.
    pub headers: Vec<Header>,
    /// Where it is then.
    pub get: HttpsUrl,
}

impl Payload for Slot {
    const NS: &'static str = NS;
    const NAME: &'static str = "slot";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let child = |name| element.child(name).ok_or_else(|| ParseError::missing_child("slot", name));
        let url = |child: &Element| {
            child.required("url").and_then(|url| {
                url.parse().map_err(|error: crate::NotHttps| ParseError::not_acceptable(error.to_string()))
            })
        };
        let put = child("put")?;
        let headers = put.children().filter(|child| child.is("header", NS)).take(MOST_HEADERS);
        let header = |header: &Element| {
            let name = HeaderName::read(header.attr("name")?)?;
            Some(Header { name, value: one_line(&header.text()) })
        };
        Ok(Self { put: url(put)?, headers: headers.filter_map(header).collect(), get: url(child("get")?)? })
    }

    fn to_element(&self) -> Element {
        let header = |header: &Header| {
            Builder::new("header", NS).attr("name", header.name).text(&header.value).build()
        };
        let put = Builder::new("put", NS).attr("url", &self.put).children(self.headers.iter().map(header));
        let get = Builder::new("get", NS).attr("url", &self.get);
        Builder::of::<Self>().child(put.build()).child(get.build()).build()
    }
}

/// What a service says to be the largest size, in bytes, when it refuses a file for its size (§6, example 11). `Some(None)` where it does not say.
#[must_use]
pub fn max_file_size(error: &StanzaError) -> Option<Option<u64>> {
    let too_large = error.application.as_ref().filter(|condition| condition.is("file-too-large", NS))?;
    Some(too_large.child_value("max-file-size").ok().flatten())
}

/// When a service that refuses for now may be asked again (§6, example 12).
#[must_use]
pub fn retry_after(error: &StanzaError) -> Option<DateTime> {
    let retry = error.application.as_ref().filter(|condition| condition.is("retry", NS))?;
    retry.value("stamp").ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stonechat_stanza::Stanza;

    fn slot(put: &str, inside: &str, get: &str) -> Result<Slot, ParseError> {
        let xml = format!(
            "<slot xmlns='urn:xmpp:http:upload:0'><put url='{put}'>{inside}</put><get url='{get}'/></slot>"
        );
        Slot::parse(&xml.parse().unwrap())
    }

    const PUT: &str = "https://upload.montague.tld/4a771ac1/tr%C3%A8s%20cool.jpg";
    const GET: &str = "https://download.montague.tld/4a771ac1/tr%C3%A8s%20cool.jpg";

    /// Example 6.
    #[test]
    fn the_example_is_read() {
        let inside = "<header name='Authorization'>Basic Base64String==</header><header name='Cookie'>foo=bar; user=romeo</header>";
        let slot = slot(PUT, inside, GET).unwrap();
        assert_eq!((slot.put.as_str(), slot.get.as_str()), (PUT, GET));
        let headers: Vec<_> =
            slot.headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
        assert_eq!(headers, [("Authorization", "Basic Base64String=="), ("Cookie", "foo=bar; user=romeo")]);
        assert!(!format!("{slot:?}").contains("Base64String"));
        assert_eq!(Slot::parse(&slot.to_element()), Ok(slot));
    }

    /// §4: "Other header names MUST be ignored"; "MUST strip any newline characters from the header name and value"; "MUST preserve the
    /// relative order"; "case insensitive".
    #[test]
    fn only_the_headers_that_may_be_are_left_each_on_one_line() {
        let inside = "<header name='eXpires'>1</header><header name='Host'>evil</header><header name='Cookie'>a\r\nHost: evil\n</header>\
            <header name='Content-Length'>0</header><header name='Author&#10;ization'>x</header><header>y</header><header name='Cookie'>b</header>\
            <x name='Cookie'>c</x>";
        let slot = slot(PUT, inside, GET).unwrap();
        let headers: Vec<_> =
            slot.headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
        assert_eq!(
            headers,
            [("Expires", "1"), ("Cookie", "aHost: evil"), ("Authorization", "x"), ("Cookie", "b")]
        );
        let many = "<header name='Cookie'>a</header>".repeat(100);
        assert_eq!(self::slot(PUT, &many, GET).unwrap().headers.len(), MOST_HEADERS);
    }

    #[test]
    fn a_slot_elsewhere_than_on_https_is_none() {
        for (put, get) in
            [("http://a/x", GET), (PUT, "http://a/x"), ("file:///x", GET), (PUT, "javascript:x"), ("", GET)]
        {
            assert!(slot(put, "", get).is_err(), "{put} {get}");
        }
        let none = "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://a/x'/></slot>";
        assert!(Slot::parse(&none.parse().unwrap()).is_err());
    }

    /// Examples 5 and 7 to 10.
    #[test]
    fn requests_have_a_purpose() {
        let base = "<request xmlns='urn:xmpp:http:upload:0' filename='très cool.jpg' size='23456' content-type='image/jpeg'";
        let read = Request::parse(&format!("{base}/>").parse().unwrap()).unwrap();
        assert_eq!((read.filename.as_str(), read.size, read.purpose), ("très cool.jpg", 23456, None));
        for (child, purpose) in [
            ("message", Purpose::Message),
            ("profile", Purpose::Profile),
            (
                "ephemeral expire-before='2025-09-10T23:08:25Z'",
                Purpose::Ephemeral("2025-09-10T23:08:25Z".parse().unwrap()),
            ),
            ("permanent", Purpose::Permanent),
        ] {
            let (name, attributes) = child.split_once(' ').unwrap_or((child, ""));
            let xml =
                format!("{base}><{name} xmlns='urn:xmpp:http:upload:purpose:0' {attributes}/></request>");
            let read = Request::parse(&xml.parse().unwrap()).unwrap();
            assert_eq!(read.purpose, Some(purpose));
            assert_eq!(read.to_element(), xml.parse().unwrap());
        }
    }

    fn error(inside: &str) -> StanzaError {
        let xml = format!(
            "<iq type='error' id='1'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{inside}</error></iq>"
        );
        Stanza::parse(xml.as_bytes()).unwrap().error().unwrap()
    }

    /// Examples 11 and 12.
    #[test]
    fn refusals_say_how_large_and_when() {
        let large = error(
            "<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>20000</max-file-size></file-too-large>",
        );
        assert_eq!((max_file_size(&large), retry_after(&large)), (Some(Some(20000)), None));
        assert_eq!(max_file_size(&error("<file-too-large xmlns='urn:xmpp:http:upload:0'/>")), Some(None));
        let later = error("<retry xmlns='urn:xmpp:http:upload:0' stamp='2017-12-03T23:42:05Z'/>");
        assert_eq!((max_file_size(&later), retry_after(&later)), (None, "2017-12-03T23:42:05Z".parse().ok()));
        assert_eq!(retry_after(&error("")), None);
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_was_written(filename in "[ -~]{1,20}", size: u64, content_type in prop::option::of("[a-z/]{1,9}")) {
            let written = Request { filename, size, content_type, purpose: Some(Purpose::Message) };
            prop_assert_eq!(Request::parse(&written.to_element()).unwrap(), written);
        }

        #[test]
        fn no_header_begins_another_line(name in "[A-Za-z\\r\\n]{0,14}", value in "[ -~\\r\\n\\t\u{85}\u{e8}]{0,20}") {
            let header = Builder::new("header", NS).attr("name", name).text(value).build();
            let put = Builder::new("put", NS).attr("url", PUT).child(header).build();
            let get = Builder::new("get", NS).attr("url", GET).build();
            let slot = Slot::parse(&Builder::new("slot", NS).child(put).child(get).build()).unwrap();
            for header in slot.headers {
                prop_assert!(!header.value.contains(['\r', '\n']) && header.value.trim() == header.value);
            }
        }
    }
}
