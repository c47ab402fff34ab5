//! The payload (XEP-0444 §3).

use stonechat_stanza::hints::Store;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, Stanza, message};

/// Namespace of the payload and of the feature (§2).
pub const NS: &str = "urn:xmpp:reactions:0";

/// So many reactions of somebody to a message are read; those beyond are ignored.
pub const MOST: usize = 64;

/// `<reactions/>`: all the reactions that somebody has to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reactions {
    /// The id of the message: in a room the one that the room has given (§4.3).
    pub id: String,
    /// The reactions, each once (§4.1); none takes all back.
    pub all: Vec<String>,
}

impl Reactions {
    /// These reactions, each once.
    #[must_use]
    pub fn new(id: impl Into<String>, all: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut each: Vec<String> = Vec::new();
        for reaction in
            all.into_iter().map(Into::into).filter(|reaction: &String| !reaction.trim().is_empty())
        {
            if each.len() < MOST && !each.contains(&reaction) {
                each.push(reaction);
            }
        }
        Self { id: id.into(), all: each }
    }
}

impl Payload for Reactions {
    const NS: &'static str = NS;
    const NAME: &'static str = "reactions";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self::new(element.required("id")?, element.child_values::<String>("reaction")?))
    }

    fn to_element(&self) -> Element {
        let reactions = Builder::of::<Self>().attr("id", &self.id);
        self.all.iter().fold(reactions, |reactions, one| reactions.text_child("reaction", one)).build()
    }
}

/// All our reactions to the message `id`, for the one to whom or the room to which the reactions go.
#[must_use]
pub fn react(
    to: Jid,
    kind: message::Type,
    id: &str,
    all: impl IntoIterator<Item = impl Into<String>>,
) -> Stanza {
    Stanza::message(kind).with_to(to).with(&Reactions::new(id, all)).with(&Store)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(reactions: &str) -> Result<Reactions, ParseError> {
        Reactions::parse(
            &format!("<reactions id='1' xmlns='urn:xmpp:reactions:0'>{reactions}</reactions>")
                .parse()
                .expect("XML"),
        )
    }

    #[test]
    fn the_example_is_read_and_duplicates_are_ignored() {
        // Example 5, §4.1.
        let all = parse("<reaction>👋</reaction><reaction>🐢</reaction><reaction>👋</reaction><reaction/>")
            .unwrap();
        assert_eq!(all.all, ["👋", "🐢"]);
        assert!(parse("").unwrap().all.is_empty());
        assert!(Reactions::parse(&"<reactions xmlns='urn:xmpp:reactions:0'/>".parse().unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn no_more_are_read_than_may_be_and_all_are_written(all in prop::collection::vec("[a-z<&]{0,3}", 0..100)) {
            let reactions = Reactions::new("x<'", all);
            prop_assert!(reactions.all.len() <= MOST);
            prop_assert_eq!(Reactions::parse(&reactions.to_element()), Ok(reactions));
        }
    }
}
