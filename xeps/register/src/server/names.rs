//! Which names can be had.

use std::collections::HashSet;

use stonechat_stanza::jid::BareJid;

use super::Config;

/// The rules for names that need to look at nothing but the name.
#[derive(Debug)]
pub(super) struct Names {
    /// How the reserved names look.
    reserved: HashSet<String>,
    longest: usize,
}

impl Names {
    pub(super) fn new(config: &Config) -> Self {
        let reserved = config.reserved.iter().map(|name| look(&name.to_lowercase())).collect();
        Self { reserved, longest: config.name_length }
    }

    /// The address of an account with this name; else why it cannot be had, for who chose it.
    pub(super) fn choose(&self, name: &str, domain: &str) -> Result<BareJid, String> {
        if name.len() > self.longest {
            return Err(format!("the username is longer than {} bytes", self.longest));
        }
        let account = BareJid::from_parts(Some(name), domain);
        let account = account.map_err(|error| format!("the username cannot be used: {error}"))?;
        match account.local() {
            Some(canonical) if canonical != name => Err(format!("write the username as {canonical}")),
            _ if self.reserved.contains(&look(name)) => Err("the username is reserved".to_owned()),
            _ => Ok(account),
        }
    }
}

/// What a name looks like: two names that people may take for each other look the same (UTS #39 §4, skeleton).
pub(super) fn look(name: &str) -> String {
    unicode_security::skeleton(name).collect()
}

/// Whether somebody who writes `name` means the account: its localpart in any spelling, or its address.
pub(super) fn means(name: &str, account: &BareJid) -> bool {
    let as_local = BareJid::from_parts(Some(name), account.domain());
    [as_local, BareJid::parse(name)].into_iter().flatten().any(|named| named == *account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choose(name: &str) -> Result<BareJid, String> {
        Names::new(&Config::default()).choose(name, "example.org")
    }

    #[test]
    fn a_name_has_to_be_a_localpart_in_its_canonical_form() {
        assert_eq!(choose("bill").unwrap(), "bill@example.org");
        assert_eq!(choose("джульетта").unwrap(), "джульетта@example.org");
        for name in ["", " ", "bill@example.org", "a/b", "<a>", "a b", "d'artagnan", "bi\u{0}ll", "☃"] {
            assert!(choose(name).is_err(), "{name:?}");
        }
        for name in ["Bill", "ＢＩＬＬ", "bíll".replace('í', "i\u{301}").as_str()] {
            assert!(choose(name).unwrap_err().starts_with("write the username as b"), "{name}");
        }
    }

    #[test]
    fn a_long_name_is_refused() {
        assert!(choose(&"a".repeat(64)).is_ok());
        assert!(choose(&"a".repeat(65)).unwrap_err().contains("64"));
    }

    #[test]
    fn reserved_names_and_what_looks_like_them_are_refused() {
        for name in ["admin", "adrnin", "аdmin", "root", "r\u{3bf}ot", "supp\u{43e}rt"] {
            assert_eq!(choose(name).unwrap_err(), "the username is reserved", "{name}");
        }
        assert!(choose("adminton").is_ok());
    }

    #[test]
    fn an_account_is_meant_by_its_name_in_any_spelling_and_by_its_address() {
        let bill = BareJid::parse("bill@shakespeare.lit").unwrap();
        // Example 24 has the address.
        assert!(means("bill", &bill) && means("Bill", &bill) && means("bill@shakespeare.lit", &bill));
        for other in ["", "will", "bill@example.org", "bill@shakespeare.lit/globe", "shakespeare.lit", "@"] {
            assert!(!means(other, &bill), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_name_causes_a_panic_and_what_is_chosen_is_canonical(name in "\\PC{0,12}|[a-z0-9]{1,8}") {
            if let Ok(account) = choose(&name) {
                prop_assert_eq!(account.local(), Some(name.as_str()));
                prop_assert!(means(&name, &account));
            }
        }
    }
}
