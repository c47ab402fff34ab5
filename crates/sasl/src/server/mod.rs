//! The server role: what to offer on a stream, and one [`Exchange`] per attempt to log in.
//!
//! A [`Context`] is made once per stream, when it is known what the stream rests on; its
//! [`advertised`](Context::advertised) mechanisms are what the stream features show. Each `<auth/>` starts an
//! [`Exchange`], which asks for what it needs in [`Step`]s. An exchange that failed or succeeded is over: it answers
//! everything else with a failure, and a new attempt is a new exchange.

mod account;
mod authzid;
mod context;
mod exchange;
mod password;
mod policy;
mod refusal;
mod scram;
mod step;
mod token;

pub use account::Account;
pub use authzid::{SameIdentity, same_identity};
pub use context::Context;
pub use exchange::Exchange;
pub use password::{Checked, PasswordCheck};
pub use policy::Policy;
pub use refusal::{Reason, Refusal};
pub use step::{Identity, Lookup, Step, Success};
