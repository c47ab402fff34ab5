//! Logging in: ties the negotiation of a stream to the SASL mechanisms and the accounts.

mod buckets;
mod login;
mod throttle;

pub(crate) use login::{Login, Progress};
pub(crate) use throttle::Throttle;
