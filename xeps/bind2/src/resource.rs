//! The resource (§3.2.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use stonechat_stanza::jid::BareJid;

/// The longest tag in characters that becomes a part of a resource.
pub const MAX_TAG: usize = 64;

/// How many bytes of hash or randomness identify a session: 96 bits, as 16 characters.
const IDENTIFIER: usize = 12;

/// The resource of a session: the tag, and what `installation` gives or, without one, something that cannot be guessed. `None` when
/// there is no randomness to be had.
pub(crate) fn of(account: &BareJid, tag: Option<&str>, installation: Option<&str>) -> Option<String> {
    let identifier = match installation {
        Some(installation) => derived(account, installation),
        None => random()?,
    };
    let tagged = tag.filter(|tag| tag.chars().count() <= MAX_TAG).map(|tag| format!("{tag}/{identifier}"));
    Some(tagged.filter(|resource| account.with_resource(resource).is_ok()).unwrap_or(identifier))
}

/// The account is part of it, so that nobody can see that one installation has two accounts.
fn derived(account: &BareJid, installation: &str) -> String {
    let parts = ["stonechat resource", account.as_str(), installation];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..IDENTIFIER])
}

fn random() -> Option<String> {
    let mut random = [0; IDENTIFIER];
    getrandom::fill(&mut random).ok()?;
    Some(URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PHONE: &str = "d4565fa7-4d72-4749-b3d3-740edbf87770";
    const LAPTOP: &str = "11111111-2222-4333-8444-555555555555";

    fn juliet() -> BareJid {
        BareJid::parse("juliet@example.org").unwrap()
    }

    #[test]
    fn the_same_installation_and_tag_give_the_same_resource() {
        let resource = of(&juliet(), Some("AwesomeXMPP"), Some(PHONE)).unwrap();
        assert_eq!(of(&juliet(), Some("AwesomeXMPP"), Some(PHONE)).as_ref(), Some(&resource));
        let (tag, identifier) = resource.split_once('/').unwrap();
        assert_eq!((tag, identifier.len()), ("AwesomeXMPP", 16));
        let romeo = BareJid::parse("romeo@example.org").unwrap();
        for other in [
            of(&juliet(), Some("Other"), Some(PHONE)),
            of(&juliet(), Some("AwesomeXMPP"), Some(LAPTOP)),
            of(&juliet(), None, Some(PHONE)),
            of(&romeo, Some("AwesomeXMPP"), Some(PHONE)),
        ] {
            assert_ne!(other.unwrap(), resource);
        }
    }

    #[test]
    fn without_an_installation_every_resource_is_another() {
        let resource = || of(&juliet(), Some("x"), None).unwrap();
        assert!(resource().starts_with("x/"));
        assert_ne!(resource(), resource());
    }

    #[test]
    fn a_tag_that_cannot_be_in_a_resource_is_left_out() {
        for tag in ["\u{0}", "a\u{7}", &"x".repeat(MAX_TAG + 1)] {
            assert_eq!(of(&juliet(), Some(tag), Some(PHONE)), of(&juliet(), None, Some(PHONE)), "{tag:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_tag_a_session_can_be_bound_and_the_installation_is_not_in_it(tag in ".{0,70}") {
            let resource = of(&juliet(), Some(&tag), Some(PHONE)).unwrap();
            let jid = juliet().with_resource(&resource).unwrap();
            prop_assert!(tag.contains(PHONE) || !jid.as_str().contains(PHONE));
        }
    }
}
