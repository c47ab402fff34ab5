//! Load tests of whole servers, and benchmarks of Stonechat's crates.
//!
//! The program of this package (`cargo run --release -p stonechat-benches`) starts Stonechat, Prosody, ejabberd and
//! the [floor](relay) as processes of their own on the loopback interface, gives each the same work, and says how much
//! CPU time and memory it took them: as a [table](report), as JSON and as an SVG chart. Each work is a [`Case`].
//!
//! - [`client`] logs in to any XMPP server, with the codec and the negotiation of `stonechat-stream`;
//! - [`load`] makes the work, and checks at the receivers that nothing is lost or out of order;
//! - [`relay`] is the floor: TLS, framing by a byte search, forwarding, and nothing else;
//! - [`server`] starts, feeds and ends the servers; [`sample`] reads from `/proc` what they use;
//! - [`run`](mod@run) brings them together, and [`report`] tells the result;
//! - [`growth`] shows what becomes of the cost while sessions, contacts and accounts become more;
//! - [`clients`] compares client libraries, each in a process of its own;
//! - [`soak`] shows whether a server is as before when a long load is over.
//!
//! Compared is the CPU time of the server's process tree for one unit of work, user and system time together: wall
//! time on a shared machine says little. All cases run one server after the other, round by round, so that a noisy minute
//! meets all of them. Linux only: the numbers come from `/proc`.
//!
//! The benchmarks of single crates are files of `benches/benches`, run by
//! `cargo bench -p stonechat-benches --bench <name>`.
//!
//! ```
//! use stonechat_benches::load::Histogram;
//!
//! let mut latencies = Histogram::default();
//! (1..=1000).for_each(|micros| latencies.record(micros * 1_000));
//! let median = latencies.quantile(0.5);
//! assert!((490_000..=510_000).contains(&median), "{median}");
//! ```

pub mod args;
mod case;
pub mod client;
pub mod clients;
mod error;
pub mod growth;
pub mod load;
pub mod open_files;
pub mod relay;
pub mod report;
pub mod run;
pub mod sample;
pub mod server;
pub mod soak;
pub mod tls;

pub use case::{Case, Goal, Part, Unit};
pub use error::{Context, Error, Result};
