//! The examples are beside this folder; `cargo run -p stonechat-examples --example server` runs one.
