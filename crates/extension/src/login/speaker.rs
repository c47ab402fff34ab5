//! A profile as the core uses it.

use std::fmt;
use std::sync::Arc;

use stonechat_stanza::Element;

use super::{Failed, Profile, Succeeded, Word};
use crate::hooks::Entry;

/// An installed [`Profile`]. It stays usable for the authentication that it has begun when the host's tables are swapped. Whatever
/// panics in it is logged and counted, and gives `None`.
#[derive(Clone)]
pub struct Speaker(pub(super) Arc<Entry<dyn Profile>>);

impl Speaker {
    /// See [`Profile::read`]. The outer `None` is a panic.
    #[must_use]
    pub fn read(&self, element: &Element) -> Option<Option<Result<Word, Failed>>> {
        self.run(|profile| profile.read(element))
    }

    /// See [`Profile::challenge`].
    #[must_use]
    pub fn challenge(&self, data: &[u8]) -> Option<Element> {
        self.run(|profile| profile.challenge(data))
    }

    /// See [`Profile::success`].
    #[must_use]
    pub fn success(&self, success: Succeeded) -> Option<Element> {
        self.run(|profile| profile.success(success))
    }

    /// See [`Profile::failure`].
    #[must_use]
    pub fn failure(&self, failed: &Failed) -> Option<Element> {
        self.run(|profile| profile.failure(failed))
    }

    fn run<T>(&self, speak: impl FnOnce(&dyn Profile) -> T) -> Option<T> {
        self.0.source.run("profile", "Login", || speak(self.0.handler.as_ref()))
    }
}

impl fmt::Debug for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Speaker").field(&self.0.source.name).finish()
    }
}
