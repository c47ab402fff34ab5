//! Logging in: ties the negotiation of a stream to the SASL mechanisms and the accounts.

mod buckets;
mod failure;
mod login;
mod offer;
mod throttle;

pub(crate) use login::{Authenticated, Login, Progress, Spoken};
pub(crate) use offer::Offer;
pub(crate) use throttle::Throttle;
