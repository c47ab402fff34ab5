//! How [`Credentials`] are written to a document: a map by mechanism name, bytes in base64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Credentials, Hash, Keys};

/// The text forms of the keys are as secret as the keys, and wiped like them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    salt: String,
    iterations: u32,
    stored_key: String,
    server_key: String,
}

impl Drop for Document {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.stored_key);
        zeroize::Zeroize::zeroize(&mut self.server_key);
    }
}

impl From<&Keys> for Document {
    fn from(keys: &Keys) -> Self {
        Self {
            salt: STANDARD.encode(keys.salt()),
            iterations: keys.iterations(),
            stored_key: STANDARD.encode(keys.stored_key()),
            server_key: STANDARD.encode(keys.server_key()),
        }
    }
}

impl Document {
    fn keys<E: serde::de::Error>(&self, hash: Hash) -> Result<Keys, E> {
        let decode = |field: &str, text: &str| {
            STANDARD.decode(text).map(Zeroizing::new).map_err(|_| E::custom(format!("{field} is not base64")))
        };
        Keys::from_parts(
            hash,
            &decode("salt", &self.salt)?,
            self.iterations,
            &decode("stored_key", &self.stored_key)?,
            &decode("server_key", &self.server_key)?,
        )
        .map_err(E::custom)
    }
}

impl Serialize for Credentials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|keys| (keys.hash().mechanism_name(), Document::from(keys))))
    }
}

impl<'de> Deserialize<'de> for Credentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let documents = BTreeMap::<String, Document>::deserialize(deserializer)?;
        documents.iter().try_fold(Self::new(), |all, (name, document)| {
            let hash = Hash::ALL.into_iter().find(|hash| hash.mechanism_name() == name);
            let hash = hash.ok_or_else(|| D::Error::custom(format!("unknown mechanism {name:?}")))?;
            Ok(all.with(document.keys(hash)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_survive_being_written_and_read() {
        let credentials = Credentials::generate("pencil", &Hash::ALL, 4096).unwrap();
        let text = serde_json::to_string(&credentials).unwrap();
        assert!(!text.contains("pencil"));
        assert_eq!(serde_json::from_str::<Credentials>(&text).unwrap(), credentials);
    }

    /// The keys that RFC 7677 §3's exchange rests on, in the form that stores hold.
    #[test]
    fn the_written_form_stays_as_it_is() {
        let credentials = Credentials::derive(
            Hash::Sha256,
            "pencil",
            &STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(),
            4096,
        )
        .unwrap();
        let expected = r#"{"SCRAM-SHA-256":{"salt":"W22ZaJ0SNY7soEsUEjb6gQ==","iterations":4096,"stored_key":"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=","server_key":"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="}}"#;
        assert_eq!(serde_json::to_string(&credentials).unwrap(), expected);
    }

    #[test]
    fn a_document_that_breaks_a_limit_is_not_read() {
        let good =
            serde_json::to_value(Credentials::derive(Hash::Sha1, "pencil", b"salt", 4096).unwrap()).unwrap();
        assert!(serde_json::from_value::<Credentials>(good.clone()).is_ok());
        let broken = [
            ("iterations", serde_json::json!(1)),
            ("iterations", serde_json::json!(4_000_000_000_u32)),
            ("salt", "".into()),
            ("salt", "%".into()),
            ("stored_key", "AAAA".into()),
            ("server_key", "not base64".into()),
            ("surprise", "field".into()),
        ];
        for (field, value) in broken {
            let mut bad = good.clone();
            bad["SCRAM-SHA-1"][field] = value;
            assert!(serde_json::from_value::<Credentials>(bad).is_err(), "{field}");
        }
        assert!(serde_json::from_str::<Credentials>(r#"{"SCRAM-MD5":{}}"#).is_err());
    }
}
