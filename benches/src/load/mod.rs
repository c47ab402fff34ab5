//! Work for a server.

mod catch_up;
mod churn;
mod flow;
mod histogram;
mod login;
mod scenario;
mod stamp;
mod subscribe;

pub use catch_up::catch_up;
pub use churn::{Churn, churn};
pub(crate) use flow::stamp;
pub use flow::{Load, Pace, Window, measure};
pub use histogram::Histogram;
pub use login::{Storm, leave, log_in};
pub use scenario::{Shape, prepare};
pub use stamp::Stamp;
pub use subscribe::{Session, subscribe};

use tokio::task::JoinError;

use crate::{Error, Result};

/// What a client's task came to.
///
/// # Errors
/// What there was, and when it panicked.
pub(crate) fn outcome<T>(ended: Result<Result<T>, JoinError>) -> Result<T> {
    ended.unwrap_or_else(|error| Err(Error::Server(format!("a client failed: {error}"))))
}
