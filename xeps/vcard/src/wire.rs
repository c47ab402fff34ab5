//! The payload (XEP-0054 §3, §9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

/// Namespace of the payload, and the feature of who knows it (§4).
pub const NS: &str = "vcard-temp";

/// The parts of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// The family's.
    pub family: Option<String>,
    /// The person's.
    pub given: Option<String>,
    /// What stands between them.
    pub middle: Option<String>,
    /// What stands before them.
    pub prefix: Option<String>,
    /// What stands behind them.
    pub suffix: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Photo {
    /// The picture itself.
    Image {
        /// Its media type, such as `image/png`; `None` where that is not said.
        kind: Option<String>,
        /// The bytes. They are somebody else's: what reads them should bear anything.
        data: Vec<u8>,
    },
    /// Where it is: a URI. Who fetches it tells that host that they look.
    Elsewhere(String),
}

/// `<vCard/>`: an empty one is none (§3.1). It keeps everything that is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct VCard(Element);

impl Default for VCard {
    fn default() -> Self {
        Self(Element::bare(Self::NAME, NS))
    }
}

impl VCard {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.children().next().is_none()
    }

    /// The text of the first child of this name, such as `"TITLE"`; `None` where it is absent or empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        text(&self.0, name)
    }

    /// The whole name (`FN`).
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        self.text("FN")
    }

    /// The nickname.
    #[must_use]
    pub fn nickname(&self) -> Option<String> {
        self.text("NICKNAME")
    }

    /// The parts of the name (`N`).
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        let name = self.0.child("N")?;
        let part = |part| text(name, part);
        let (family, given, middle) = (part("FAMILY"), part("GIVEN"), part("MIDDLE"));
        Some(Name { family, given, middle, prefix: part("PREFIX"), suffix: part("SUFFIX") })
    }

    /// The electronic addresses (`EMAIL`).
    #[must_use]
    pub fn emails(&self) -> Vec<String> {
        let all = self.0.children().filter(|child| child.is("EMAIL", NS));
        // Some programs write the address without the element around it.
        all.filter_map(|email| text(email, "USERID").or_else(|| own_text(email))).collect()
    }

    /// The picture; `None` where there is none that can be read.
    #[must_use]
    pub fn photo(&self) -> Option<Photo> {
        let photo = self.0.child("PHOTO")?;
        if let Some(encoded) = text(photo, "BINVAL") {
            // Lines are broken, as they were in the mails that this was made for.
            let encoded: String = encoded.split_ascii_whitespace().collect();
            let data = STANDARD.decode(encoded).ok().filter(|data| !data.is_empty())?;
            return Some(Photo::Image { kind: text(photo, "TYPE"), data });
        }
        text(photo, "EXTVAL").map(Photo::Elsewhere)
    }

    /// With this text in the first child of that name, in its place where there is one; without that child for `None`.
    #[must_use]
    pub fn with_text(self, name: &str, value: Option<&str>) -> Self {
        let child = value.map(|value| Builder::new(name, NS).text(value).build());
        self.with(name, child)
    }

    /// With these parts of the name.
    #[must_use]
    pub fn with_name(self, name: Option<&Name>) -> Self {
        let child = name.map(|name| {
            Builder::new("N", NS)
                .optional_child("FAMILY", name.family.as_ref())
                .optional_child("GIVEN", name.given.as_ref())
                .optional_child("MIDDLE", name.middle.as_ref())
                .optional_child("PREFIX", name.prefix.as_ref())
                .optional_child("SUFFIX", name.suffix.as_ref())
                .build()
        });
        self.with("N", child)
    }

    /// With this picture.
    #[must_use]
    pub fn with_photo(self, photo: Option<&Photo>) -> Self {
        let child = photo.map(|photo| {
            let builder = Builder::new("PHOTO", NS);
            match photo {
                Photo::Image { kind, data } => {
                    builder.optional_child("TYPE", kind.as_ref()).text_child("BINVAL", STANDARD.encode(data))
                }
                Photo::Elsewhere(uri) => builder.text_child("EXTVAL", uri),
            }
            .build()
        });
        self.with("PHOTO", child)
    }

    fn with(mut self, name: &str, mut value: Option<Element>) -> Self {
        let children: Vec<Element> = self.0.take_contents_as_children().collect();
        let mut replaced = false;
        for child in children {
            if replaced || !child.is(name, NS) {
                self.0.append_child(child);
                continue;
            }
            replaced = true;
            if let Some(value) = value.take() {
                self.0.append_child(value);
            }
        }
        if let Some(value) = value {
            self.0.append_child(value);
        }
        self
    }
}

fn text(element: &Element, name: &str) -> Option<String> {
    own_text(element.child(name)?)
}

fn own_text(element: &Element) -> Option<String> {
    Some(element.text().trim().to_owned()).filter(|text| !text.is_empty())
}

impl Payload for VCard {
    const NS: &'static str = NS;
    const NAME: &'static str = "vCard";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self(element.clone()))
    }

    fn to_element(&self) -> Element {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Example 2.
    const PETER: &str = "<vCard xmlns='vcard-temp'><FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN><MIDDLE/></N>\
        <NICKNAME>stpeter</NICKNAME><URL>http://www.xmpp.org/xsf/people/stpeter.shtml</URL><BDAY>1966-08-06</BDAY><ORG><ORGNAME>XMPP Standards Foundation</ORGNAME><ORGUNIT/></ORG>\
        <TITLE>Executive Director</TITLE><TEL><WORK/><VOICE/><NUMBER>303-308-3282</NUMBER></TEL><TEL><HOME/><VOICE/><NUMBER>303-555-1212</NUMBER></TEL>\
        <EMAIL><INTERNET/><PREF/><USERID>stpeter@jabber.org</USERID></EMAIL><JABBERID>stpeter@jabber.org</JABBERID><DESC>\n More\n</DESC></vCard>";

    fn vcard(xml: &str) -> VCard {
        VCard::parse(&xml.parse().expect("XML")).expect("a vCard")
    }

    #[test]
    fn the_example_is_read() {
        let peter = vcard(PETER);
        assert_eq!(peter.full_name().as_deref(), Some("Peter Saint-Andre"));
        assert_eq!(peter.nickname().as_deref(), Some("stpeter"));
        let name =
            Name { family: Some("Saint-Andre".into()), given: Some("Peter".into()), ..Name::default() };
        assert_eq!(peter.name(), Some(name));
        assert_eq!(peter.emails(), ["stpeter@jabber.org"]);
        assert_eq!(
            (peter.text("DESC").as_deref(), peter.text("ROLE"), peter.photo()),
            (Some("More"), None, None)
        );
        assert!(!peter.is_empty() && VCard::default().is_empty());
    }

    /// §3.2: only the whole is sent.
    #[test]
    fn a_change_leaves_everything_else_as_and_where_it_is() {
        let changed = vcard(PETER).with_text("NICKNAME", Some("psa")).with_text("ROLE", Some("Patron Saint"));
        let expected = PETER
            .replace("stpeter</NICK", "psa</NICK")
            .replace("</vCard>", "<ROLE>Patron Saint</ROLE></vCard>");
        assert_eq!(changed, vcard(&expected));
        let without = changed.with_text("ROLE", None).with_text("NICKNAME", Some("stpeter"));
        assert_eq!(without, vcard(PETER));
        let versioned =
            vcard("<vCard xmlns='vcard-temp' version='3.0'><FN>x</FN></vCard>").with_text("FN", Some("y"));
        assert_eq!(versioned, vcard("<vCard xmlns='vcard-temp' version='3.0'><FN>y</FN></vCard>"));
    }

    #[test]
    fn pictures_are_read_however_their_lines_are_broken() {
        for binval in ["aGVsbG8=", "\n  aGVs\r\n  bG8=\n"] {
            let xml = format!(
                "<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>{binval}</BINVAL></PHOTO></vCard>"
            );
            let photo = Photo::Image { kind: Some("image/png".into()), data: b"hello".to_vec() };
            assert_eq!(vcard(&xml).photo(), Some(photo));
        }
        for none in ["<BINVAL>?</BINVAL>", "<BINVAL/>", ""] {
            assert_eq!(
                vcard(&format!("<vCard xmlns='vcard-temp'><PHOTO>{none}</PHOTO></vCard>")).photo(),
                None
            );
        }
        let elsewhere = vcard(
            "<vCard xmlns='vcard-temp'><PHOTO><EXTVAL>https://example.com/x.png</EXTVAL></PHOTO></vCard>",
        );
        assert_eq!(elsewhere.photo(), Some(Photo::Elsewhere("https://example.com/x.png".into())));
    }

    proptest! {
        #[test]
        fn what_is_put_in_is_there(data in prop::collection::vec(any::<u8>(), 1..99), family in "[!-~]{1,9}") {
            let photo = Photo::Image { kind: Some("image/png".into()), data };
            let name = Name { family: Some(family), ..Name::default() };
            let made = vcard(PETER).with_photo(Some(&photo)).with_name(Some(&name));
            prop_assert_eq!((made.photo(), made.name()), (Some(photo), Some(name)));
            prop_assert_eq!(made.with_photo(None).with_name(vcard(PETER).name().as_ref()).emails(), vcard(PETER).emails());
        }
    }
}
