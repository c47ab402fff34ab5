//! Benchmarks of Stonechat's crates beside their peers.
//!
//! Nothing here to call: each benchmark is a file of `benches/benches`, run by
//! `cargo bench -p stonechat-benches --bench <name>`.
