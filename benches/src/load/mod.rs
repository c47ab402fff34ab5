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
pub use flow::{Load, Pace, Window, measure};
pub use histogram::Histogram;
pub use login::{Storm, log_in};
pub use scenario::{Shape, prepare};
pub use stamp::Stamp;
pub use subscribe::{Session, subscribe};
