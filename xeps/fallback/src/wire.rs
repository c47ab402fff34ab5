//! The payloads (XEP-0428 §2.2).

use stonechat_stanza::payload;

/// Namespace of the payloads and of the feature (§2.1).
pub const NS: &str = "urn:xmpp:fallback:0";

payload! {
    /// What in a message is a fallback; with no part named, the whole body and subject are.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Fallback: NS, "fallback" {
        /// For what: mostly the namespace of the other protocol.
        pub of: Option<String> => optional("for"),
        /// Parts of the subject.
        pub subjects: Vec<Subject> => payloads,
        /// Parts of the body.
        pub bodies: Vec<Body> => payloads,
    }
}

payload! {
    /// A part of the subject, in code points from its beginning; all of it where nothing is said.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Subject: NS, "subject" {
        /// Where it begins.
        pub start: Option<u32> => optional("start"),
        /// Where it ends: the first code point that is not in it.
        pub end: Option<u32> => optional("end"),
    }
}

payload! {
    /// A part of the body, in code points from its beginning; all of it where nothing is said.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Body: NS, "body" {
        /// Where it begins.
        pub start: Option<u32> => optional("start"),
        /// Where it ends: the first code point that is not in it.
        pub end: Option<u32> => optional("end"),
    }
}

impl Fallback {
    /// The whole text is a fallback for this.
    #[must_use]
    pub fn whole(of: &str) -> Self {
        Self { of: Some(of.to_owned()), ..Self::default() }
    }

    /// The body's first code points, so many of them, are a fallback for this.
    #[must_use]
    pub fn beginning(of: &str, length: u32) -> Self {
        let body = Body { start: Some(0), end: Some(length) };
        Self { of: Some(of.to_owned()), subjects: Vec::new(), bodies: vec![body] }
    }

    /// Whether the whole body is a fallback.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let all = |body: &Body| body.start.is_none() && body.end.is_none();
        (self.bodies.is_empty() && self.subjects.is_empty()) || self.bodies.iter().any(all)
    }
}
