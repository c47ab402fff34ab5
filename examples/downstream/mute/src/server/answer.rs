//! The requests of an account's own sessions.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{AsyncAnswer, Cx, Reply, Request, Session};
use stonechat_stanza::StanzaError;

use super::Extension;
use crate::words::word;
use crate::{Mute, Muted, Unmute, Words};

/// Why words are not changed.
pub(super) enum Refusal {
    Stanza(StanzaError),
    Store(stonechat_store::Error),
}

impl From<stonechat_store::Error> for Refusal {
    fn from(error: stonechat_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Peers get no internals.
fn refuse(cx: &Cx<'_>, refusal: Refusal) -> StanzaError {
    match refusal {
        Refusal::Stanza(error) => error,
        Refusal::Store(error) => {
            tracing::error!(host = cx.domain(), %error, "muted words cannot be read or changed");
            StanzaError::internal_server_error()
        }
    }
}

fn asker<'a>(cx: &Cx<'a>) -> Result<&'a Arc<Session>, StanzaError> {
    cx.session().ok_or_else(StanzaError::service_unavailable)
}

#[async_trait]
impl AsyncAnswer<Muted> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, _: Muted) -> Result<Reply, StanzaError> {
        let words = self.book.of(asker(cx)?.account()).await.map_err(|error| refuse(cx, error.into()))?;
        Ok(Reply::with(&Muted { words: words.iter().map(str::to_owned).collect() }))
    }
}

#[async_trait]
impl AsyncAnswer<Mute> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, mute: Mute) -> Result<Reply, StanzaError> {
        let fits = |text: &String| text.len() <= self.config.word_length;
        let words: Option<Vec<String>> = mute.words.iter().map(|text| word(text).filter(fits)).collect();
        let words = words.filter(|words| !words.is_empty()).ok_or_else(StanzaError::bad_request)?;
        let most = self.config.words;
        let change = |before: &Words| {
            let after = before.with(&words);
            // What is there stays there when the limit is lowered.
            if after.len() > before.len() && after.len() > most {
                return Err(Refusal::Stanza(
                    StanzaError::resource_constraint().with_text("these are too many words"),
                ));
            }
            Ok(after)
        };
        let changed = self.book.change(asker(cx)?.account(), change).await;
        changed.map(|()| Reply::Empty).map_err(|refusal| refuse(cx, refusal))
    }
}

#[async_trait]
impl AsyncAnswer<Unmute> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, unmute: Unmute) -> Result<Reply, StanzaError> {
        let words: Vec<String> = unmute.words.iter().filter_map(|text| word(text)).collect();
        let changed = self.book.change(asker(cx)?.account(), |before| Ok(before.without(&words))).await;
        changed.map(|()| Reply::Empty).map_err(|refusal| refuse(cx, refusal))
    }
}
