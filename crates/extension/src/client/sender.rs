//! From whom something may come. The one place where senders are checked.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_jid::{BareJid, FullJid, Jid, JidRef};

/// Who sent a stanza, as seen from the own account. The server stamps addresses, so nobody else can claim them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The own account: its bare JID, or no address at all (RFC 6120 §8.1.2.1).
    Account,
    /// The own server: its domain.
    Server,
    /// A session of the own account, perhaps this very one.
    OwnSession,
    /// Anybody else.
    Other,
}

impl Sender {
    /// Who has the address `from`, to the client of `account`.
    #[must_use]
    pub fn of(from: Option<JidRef<'_>>, account: &BareJid) -> Self {
        match from {
            None => Self::Account,
            Some(from) if from.as_str() == account.as_str() => Self::Account,
            Some(from) if from.bare_str() == account.as_str() => Self::OwnSession,
            Some(from) if from.as_str() == account.domain() => Self::Server,
            Some(_) => Self::Other,
        }
    }
}

/// Addresses from which something is expected for a while, such as archives that were asked. Clones are the same set.
#[derive(Debug, Clone, Default)]
pub struct Expected(Arc<Mutex<HashMap<Jid, usize>>>);

impl Expected {
    /// Expects something from this address until what is returned is dropped.
    #[must_use = "it is expected only while this exists"]
    pub fn admit(&self, from: impl Into<Jid>) -> Admitted {
        let from = from.into();
        *self.0.lock().entry(from.clone()).or_default() += 1;
        Admitted { expected: self.clone(), from }
    }

    fn has(&self, from: Option<JidRef<'_>>) -> bool {
        let expected = self.0.lock();
        !expected.is_empty()
            && from.is_some_and(|from| expected.keys().any(|jid| jid.as_str() == from.as_str()))
    }
}

/// While this exists, something is expected; see [`Expected::admit`].
#[derive(Debug)]
pub struct Admitted {
    expected: Expected,
    from: Jid,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut expected = self.expected.0.lock();
        if let Some(count) = expected.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                expected.remove(&self.from);
            }
        }
    }
}

/// Addresses that are looked up each time, such as those of contacts.
pub trait Circle: std::fmt::Debug + Send + Sync {
    /// Whether this address is among them.
    fn has(&self, from: JidRef<'_>) -> bool;
}

/// A set of senders.
///
/// ```
/// use stonechat_extension::client::{Expected, Senders};
/// use stonechat_jid::Jid;
///
/// let account = "juliet@example.com".parse()?;
/// let may = |senders: &Senders, from: &str| senders.allow(Some(Jid::parse(from).unwrap().as_jid_ref()), &account);
/// assert!(may(&Senders::ACCOUNT, "juliet@example.com") && Senders::ACCOUNT.allow(None, &account));
/// assert!(!may(&Senders::ACCOUNT, "juliet@example.com/desk") && !may(&Senders::ACCOUNT, "example.com"));
///
/// let archives = Expected::default();
/// let senders = Senders::ACCOUNT.or_expected(&archives);
/// assert!(!may(&senders, "room@muc.example.com"));
/// let asked = archives.admit(Jid::parse("room@muc.example.com")?);
/// assert!(may(&senders, "room@muc.example.com"));
/// drop(asked);
/// assert!(!may(&senders, "room@muc.example.com"));
/// # Ok::<(), stonechat_jid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Senders {
    set: u8,
    expected: Option<Expected>,
    circle: Option<Arc<dyn Circle>>,
}

impl Senders {
    /// The own account: what speaks for the person (roster pushes, carbons, own PEP nodes).
    pub const ACCOUNT: Self = Self::set(1);
    /// The own server.
    pub const SERVER: Self = Self::set(2);
    /// Sessions of the own account.
    pub const OWN_SESSIONS: Self = Self::set(4);
    /// Whoever it is.
    pub const ANYONE: Self = Self::set(15);
    /// Nobody but who is [expected](Senders::or_expected).
    pub const NOBODY: Self = Self::set(0);

    const fn set(set: u8) -> Self {
        Self { set, expected: None, circle: None }
    }

    /// Those of `other`, too.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.set |= other.set;
        self.expected = self.expected.or_else(|| other.expected.clone());
        self.circle = self.circle.or_else(|| other.circle.clone());
        self
    }

    /// Whoever is expected, too.
    #[must_use]
    pub fn or_expected(mut self, expected: &Expected) -> Self {
        self.expected = Some(expected.clone());
        self
    }

    /// Whoever is in the circle, too.
    #[must_use]
    pub fn or_those(mut self, circle: &Arc<impl Circle + 'static>) -> Self {
        self.circle = Some(Arc::clone(circle) as Arc<dyn Circle>);
        self
    }

    /// Whether something may come from this address to the client of `account`.
    #[must_use]
    pub fn allow(&self, from: Option<JidRef<'_>>, account: &BareJid) -> bool {
        let bit = match Sender::of(from, account) {
            Sender::Account => 1,
            Sender::Server => 2,
            Sender::OwnSession => 4,
            Sender::Other => 8,
        };
        let in_circle =
            || self.circle.as_ref().is_some_and(|circle| from.is_some_and(|from| circle.has(from)));
        self.set & bit != 0
            || self.expected.as_ref().is_some_and(|expected| expected.has(from))
            || in_circle()
    }
}

/// Whether a stanza from `from` can be the answer to a request that was sent to `asked` (RFC 6120 §8.1.2.1, §8.2.3). `session` is the
/// own full JID.
pub(super) fn answers(
    asked: Option<&Jid>,
    from: Option<JidRef<'_>>,
    account: &BareJid,
    session: Option<&FullJid>,
) -> bool {
    let asked = asked.map_or(account.as_str(), Jid::as_str);
    if asked != account.as_str() {
        return from.is_some_and(|from| from.as_str() == asked);
    }
    // No other session can have our own full JID, with which servers of RFC 3920 answer.
    let own = |from: JidRef<'_>| session.is_some_and(|session| session.as_str() == from.as_str());
    Sender::of(from, account) == Sender::Account || from.is_some_and(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> Jid {
        text.parse().unwrap()
    }

    #[test]
    fn a_circle_is_asked_each_time() {
        #[derive(Debug, Default)]
        struct Friends(Mutex<Vec<String>>);
        impl Circle for Friends {
            fn has(&self, from: JidRef<'_>) -> bool {
                self.0.lock().iter().any(|friend| friend == from.as_str())
            }
        }
        let (account, romeo) = ("juliet@example.com".parse().unwrap(), jid("romeo@example.net"));
        let friends = Arc::new(Friends::default());
        let senders = Senders::NOBODY.or_those(&friends);
        assert!(!senders.allow(Some(romeo.as_jid_ref()), &account) && !senders.allow(None, &account));
        friends.0.lock().push("romeo@example.net".to_owned());
        assert!(senders.allow(Some(romeo.as_jid_ref()), &account));
        assert!(Senders::ACCOUNT.or(&senders).allow(None, &account));
        friends.0.lock().clear();
        assert!(!senders.allow(Some(romeo.as_jid_ref()), &account));
    }

    #[test]
    fn only_who_was_asked_answers() {
        let account: BareJid = "juliet@example.com".parse().unwrap();
        let session: FullJid = "juliet@example.com/balcony".parse().unwrap();
        let check = |asked: Option<&str>, from: Option<&str>| {
            let (asked, from) = (asked.map(jid), from.map(jid));
            answers(asked.as_ref(), from.as_ref().map(Jid::as_jid_ref), &account, Some(&session))
        };
        for asked in [None, Some("juliet@example.com")] {
            assert!(check(asked, None) && check(asked, Some("juliet@example.com")));
            assert!(check(asked, Some("juliet@example.com/balcony")));
            for forged in ["juliet@example.com/other", "example.com", "romeo@example.com", "example.net"] {
                assert!(!check(asked, Some(forged)), "{forged}");
            }
        }
        assert!(check(Some("example.com"), Some("example.com")));
        assert!(!check(Some("example.com"), None) && !check(Some("example.com"), Some("juliet@example.com")));
        assert!(check(Some("romeo@example.com/orchard"), Some("romeo@example.com/orchard")));
        assert!(!check(Some("romeo@example.com/orchard"), Some("romeo@example.com")));
        assert!(!check(Some("romeo@example.com/orchard"), None));
    }
}
