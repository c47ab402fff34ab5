//! PLAIN's only message (RFC 4616 §2).

use zeroize::Zeroizing;

use crate::prep;

pub(crate) struct Message<'a> {
    pub(crate) authzid: Option<&'a str>,
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
}

impl<'a> Message<'a> {
    /// Reads the message: UTF-8, exactly two NULs, neither user name nor password empty.
    pub(crate) fn parse(message: &'a [u8]) -> Option<Self> {
        let mut parts = core::str::from_utf8(message).ok()?.split('\0');
        let (authzid, username, password) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && !username.is_empty() && !password.is_empty();
        whole.then_some(Self { authzid: Some(authzid).filter(|id| !id.is_empty()), username, password })
    }

    /// Writes the message; nothing if a part contains NUL, is empty where it must not be, or is too long.
    pub(crate) fn write(&self) -> Option<Zeroizing<Vec<u8>>> {
        let authzid = self.authzid.unwrap_or_default();
        let parts = [authzid, self.username, self.password];
        let fit = parts.iter().all(|part| part.len() <= prep::MAX_BYTES && !part.contains('\0'));
        if !fit || self.username.is_empty() || self.password.is_empty() {
            return None;
        }
        let mut message = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum()));
        message.extend_from_slice(authzid.as_bytes());
        for part in &parts[1..] {
            message.push(0);
            message.extend_from_slice(part.as_bytes());
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4616_section_4_are_read_and_written() {
        let tim = Message::parse(b"\0tim\0tanstaaftanstaaf").unwrap();
        assert_eq!((tim.authzid, tim.username, tim.password), (None, "tim", "tanstaaftanstaaf"));
        assert_eq!(tim.write().unwrap().as_slice(), b"\0tim\0tanstaaftanstaaf");
        let kurt = Message::parse(b"Ursel\0Kurt\0xipj3plmq").unwrap();
        assert_eq!((kurt.authzid, kurt.username, kurt.password), (Some("Ursel"), "Kurt", "xipj3plmq"));
        assert_eq!(kurt.write().unwrap().as_slice(), b"Ursel\0Kurt\0xipj3plmq");
    }

    #[test]
    fn a_message_without_exactly_three_parts_is_refused() {
        for message in [
            &b""[..],
            b"\0",
            b"\0\0",
            b"a",
            b"\0u",
            b"\0u\0",
            b"\0\0p",
            b"a\0u\0p\0",
            b"\0u\0p\0x",
            b"\0\xFF\0p",
        ] {
            assert!(Message::parse(message).is_none(), "{message:?}");
        }
    }

    #[test]
    fn nothing_is_written_that_would_be_read_otherwise() {
        let write = |username, password| Message { authzid: None, username, password }.write();
        assert!(write("u", "p").is_some());
        for (username, password) in [("u\0x", "p"), ("u", "p\0"), ("", "p"), ("u", "")] {
            assert!(write(username, password).is_none());
        }
    }
}
