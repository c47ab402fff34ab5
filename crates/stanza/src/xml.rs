//! The XML of a stream: restricted XML 1.0 with namespaces (RFC 6120 §11).
//!
//! - [`Scanner`] finds where an element ends while it checks every rule, in one pass over bytes that may
//!   arrive in any pieces. What it accepted needs no check again.
//! - [`Scope`] are the namespace bindings that the stream's header contributes.
//! - [`read_element`] builds a tree from accepted bytes, [`write_element`] writes one.
//!
//! Left out on purpose, because RFC 6120 §11.1 forbids them: comments, processing instructions, document
//! type definitions, entities other than the five predefined ones. CDATA sections are text.

mod attribute;
mod chars;
mod document;
mod error;
mod escape;
mod limits;
mod names;
mod read;
mod scanner;
mod scope;
mod write;

pub use attribute::Attribute;
pub use document::check;
pub use error::{Error, Limit, Restricted, Syntax};
pub use escape::{escape_attribute, escape_text, unescape};
pub(crate) use escape::{escape_attribute_bytes, escaped_len};
pub use limits::Limits;
pub use read::read_element;
pub use scanner::Scanner;
pub use scope::{Content, Scope};
pub use write::{write_element, write_element_prefixed};

pub(crate) use attribute::{Header, Slot};
pub(crate) use scanner::{Borrowed, ChildTag, Naming};
