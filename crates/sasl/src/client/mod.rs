//! The client role: choosing a mechanism under an explicit [`Policy`], and the [`Exchange`] that logs in.
//!
//! [`choose`] looks at what the server advertised and makes a [`Choice`], or says why nothing will do.
//! [`Exchange::start`] gives the initial response for `<auth/>`. The only way out that means success is
//! [`Exchange::success`], which gives [`Authenticated`].

mod choose;
mod error;
mod exchange;
mod login;
mod offer;
mod policy;
mod scram;

pub use choose::{Choice, choose};
pub use error::{ChooseError, Error};
pub use exchange::{Authenticated, Exchange, Reply};
pub use login::Login;
pub use offer::{Offer, Profile};
pub use policy::Policy;
pub use scram::{Derivation, Derived};
