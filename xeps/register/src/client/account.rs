//! Creating an account, before there is a session (XEP-0077 §3.1).
//!
//! ```no_run
//! # use stonechat_extension::client::BeforeLogin;
//! use stonechat_xep_register::client::{CreateError, asked, create};
//!
//! # async fn run(stream: &mut impl BeforeLogin) -> Result<(), CreateError> {
//! let wanted = asked(stream).await?;
//! let answer = wanted.answer(|field| match field {
//!     "username" => Some("bill".to_owned()),
//!     "password" => Some("Calliope".to_owned()),
//!     _ => None,
//! });
//! match answer {
//!     Ok(answer) => create(stream, &answer).await?,
//!     Err(missing) => println!("{missing}"),
//! }
//! # Ok(())
//! # }
//! ```

use stonechat_extension::client::{BeforeLogin, RequestError};
use stonechat_stanza::error::Condition;
use stonechat_stanza::{ParseError, Stanza, iq};

use crate::{Query, STREAM_FEATURE};

/// Why there is no account.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name is somebody else's (example 6).
    #[error("the name is taken")]
    Taken,
    /// Something is missing, or not as the server wants it (example 7); with its words, where it has any.
    #[error("the server does not accept it{}", .0.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    NotAcceptable(Option<String>),
    /// Anything else. With [`RequestError::Lost`] and [`RequestError::Timeout`] there may be an account.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Whether the server has said that accounts are to be had (§8). Who does not say so may have some all the same.
#[must_use]
pub fn is_offered(stream: &impl BeforeLogin) -> bool {
    stream.features().iter().any(|feature| feature.is("register", STREAM_FEATURE))
}

/// What the server wants to know of who wants an account (§3.1, §4); or where accounts are to be had, with a [`url`](Query::url) (§5).
///
/// # Errors
/// [`RequestError`]; `service-unavailable` where there are none to be had.
pub async fn asked(stream: &mut impl BeforeLogin) -> Result<Query, RequestError> {
    let answer = stream.exchange(Stanza::iq(iq::Type::Get).with(&Query::default())).await?;
    Ok(answer.get()?.ok_or_else(|| ParseError::missing_child("iq", "query"))?)
}

/// Creates an account (§3.1), with what the server has [asked](asked) for, [answered](Query::answer).
///
/// # Errors
/// [`CreateError`].
pub async fn create(stream: &mut impl BeforeLogin, answer: &Query) -> Result<(), CreateError> {
    match stream.exchange(Stanza::iq(iq::Type::Set).with(answer)).await {
        Ok(_) => Ok(()),
        Err(RequestError::Refused(error)) => Err(match error.condition {
            Condition::Conflict => CreateError::Taken,
            Condition::NotAcceptable => CreateError::NotAcceptable(error.text().map(str::to_owned)),
            _ => CreateError::Request(RequestError::Refused(error)),
        }),
        Err(error) => Err(error.into()),
    }
}
