//! The payload of XEP-0377.

use stonechat_stanza::payload;
use stonechat_stanza::sid::StanzaId;

/// Namespace of the payload and of the advertised feature (XEP-0377 §3).
pub const REPORTING: &str = "urn:xmpp:reporting:1";

payload! {
    /// Why an address is blocked (§4).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Report: REPORTING, "report" {
        /// The reason, `urn:xmpp:reporting:spam`, `urn:xmpp:reporting:abuse` or one that is defined elsewhere.
        pub reason: String => required("reason"),
        /// The messages that are meant (§6).
        pub stanza_ids: Vec<StanzaId> => payloads,
        /// The reporter's own words.
        pub texts: Vec<Text> => payloads,
        /// Whether the report may be forwarded to the domain that the messages came from (§5).
        pub report_origin: bool => flag("report-origin"),
        /// Whether the report may be forwarded to third parties (§5).
        pub third_party: bool => flag("third-party"),
    }
}

payload! {
    /// Words about a report (§4).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Text: REPORTING, "text" {
        /// Their language (§8).
        pub lang: Option<String> => lang,
        /// The words.
        pub text: String => text,
    }
}

/// How much is kept of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes the texts have together; what is beyond is cut off.
    pub text: usize,
    /// How many messages.
    pub stanza_ids: usize,
}

/// How long a reason, a language or the id of a message may be, in bytes.
const LONGEST: usize = 255;

impl Report {
    /// What is kept of the report: texts cut to the limit, no more messages than that, and no ids, languages or reasons of more than 255
    /// bytes.
    #[must_use]
    pub fn within(mut self, limits: Limits) -> Self {
        cut(&mut self.reason, LONGEST);
        self.stanza_ids.retain(|id| id.id.len() <= LONGEST);
        self.stanza_ids.truncate(limits.stanza_ids);
        let mut left = limits.text;
        self.texts.retain_mut(|text| {
            cut(&mut text.text, left);
            left -= text.text.len();
            text.lang = text.lang.take().filter(|lang| lang.len() <= LONGEST);
            !text.text.is_empty()
        });
        self
    }
}

fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stonechat_stanza::Payload as _;

    /// Example 6, with the flags of example 4.
    const EXAMPLE: &str = "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'>
        <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='28482-98726-73623'/>
        <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='38383-38018-18385'/>
        <text xml:lang='en'>Never came trouble to my house like this.</text>
        <report-origin/><third-party/></report>";

    fn example() -> Report {
        Report::parse(&EXAMPLE.parse().expect("XML")).unwrap()
    }

    #[test]
    fn the_examples_are_read_and_written_back() {
        let report = example();
        assert_eq!((report.stanza_ids.len(), report.texts.len()), (2, 1));
        assert_eq!(report.texts[0].lang.as_deref(), Some("en"));
        assert!(report.report_origin && report.third_party);
        assert_eq!(Report::parse(&report.to_element()).unwrap(), report);
        let basic = "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:abuse'/>";
        let basic = Report::parse(&basic.parse().unwrap()).unwrap();
        assert!(basic.texts.is_empty() && !basic.report_origin && !basic.third_party);
    }

    #[test]
    fn a_report_needs_a_reason() {
        assert!(Report::parse(&"<report xmlns='urn:xmpp:reporting:1'/>".parse().unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn no_more_is_kept_than_the_limits_allow(
            reason in "\\PC{0,300}", texts in prop::collection::vec("\\PC{0,40}", 0..5),
            text in 0_usize..60, stanza_ids in 0_usize..3,
        ) {
            let lang = Some("x".repeat(300));
            let texts = texts.into_iter().map(|text| Text { lang: lang.clone(), text }).collect();
            let report = Report { reason, texts, ..example() }.within(Limits { text, stanza_ids });
            prop_assert!(report.reason.len() <= 255 && report.stanza_ids.len() <= stanza_ids);
            prop_assert!(report.texts.iter().map(|text| text.text.len()).sum::<usize>() <= text);
            prop_assert!(report.texts.iter().all(|text| text.lang.is_none()));
        }
    }
}
