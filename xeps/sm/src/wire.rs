//! What is on the wire (XEP-0198 §3 to §6): what the streams between servers have, too.

pub use stonechat_stanza::sm::{
    Ack, Enable, Enabled, NS, REQUEST, Resume, Resumed, failed, feature, timed_out, too_high,
};
