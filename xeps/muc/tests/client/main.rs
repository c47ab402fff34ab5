//! XEP-0045, XEP-0249, XEP-0410 and XEP-0421, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod asking;
mod entering;
mod staying;
mod support;
mod talking;
