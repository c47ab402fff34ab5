//! What is on the wire.

use stonechat_stanza::payload;

/// Namespace of the payloads and of the feature that the host lists.
pub const NS: &str = "urn:example:mute:0";

payload! {
    /// The words of an account, or the request for them.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Muted: NS, "muted" {
        /// In alphabetical order.
        pub words: Vec<String> => children("word"),
    }
}

payload! {
    /// Adds words.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Mute: NS, "mute" {
        /// At least one.
        pub words: Vec<String> => children("word"),
    }
}

payload! {
    /// Removes words.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Unmute: NS, "unmute" {
        /// Those that are not there are ignored.
        pub words: Vec<String> => children("word"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::Payload as _;

    #[test]
    fn what_is_written_is_read() {
        let mute = Mute { words: vec!["rain".to_owned(), "fog".to_owned()] };
        assert_eq!(Mute::parse(&mute.to_element()), Ok(mute));
        let question = Muted::default();
        assert_eq!(Muted::parse(&question.to_element()), Ok(question));
    }
}
