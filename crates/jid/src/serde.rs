//! Addresses as strings in serialised data.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{BareJid, FullJid, Jid, JidRef};

macro_rules! as_string {
    ($type:ident, $what:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse_received(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

as_string!(Jid, "an XMPP address");
as_string!(BareJid, "an XMPP address without a resource");
as_string!(FullJid, "an XMPP address with a resource");

impl Serialize for JidRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::{BareJid, FullJid, Jid};

    #[test]
    fn addresses_are_written_and_read_as_strings() {
        let jid = Jid::parse("a@b/c").unwrap();
        let text = serde_json::to_string(&jid).unwrap();
        assert_eq!(text, "\"a@b/c\"");
        assert_eq!(serde_json::from_str::<Jid>(&text).unwrap(), jid);
        assert_eq!(serde_json::from_str::<FullJid>(&text).unwrap(), jid);
        assert_eq!(serde_json::to_string(&jid.as_jid_ref()).unwrap(), text);
    }

    #[test]
    fn what_was_received_can_be_read_back() {
        let jid = Jid::parse_received("room@b/❤\u{fe0f}").unwrap();
        let text = serde_json::to_string(&jid).unwrap();
        assert_eq!(serde_json::from_str::<Jid>(&text).unwrap(), jid);
    }

    #[test]
    fn the_error_says_what_is_wrong() {
        let error = serde_json::from_str::<BareJid>("\"a@b/c\"").unwrap_err();
        assert!(error.to_string().contains("resourcepart"), "{error}");
    }
}
