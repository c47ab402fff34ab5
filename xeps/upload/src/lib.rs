//! XEP-0363 (HTTP File Upload), version 1.2.0, for clients: a place on the web for a file, to be told to others.
//!
//! The client finds a service and asks it for a [`Slot`]. What comes back is checked here: addresses are `https` and nothing else, and of the
//! headers those alone are left that the standard allows, each on one line (§4). See [`client`].
//!
//! **The upload itself is the application's**: a `PUT` to [`Slot::put`] with the file as its body, with `Content-Length` as it was asked for, with
//! `Content-Type` if that was, and with [`Slot::headers`], each as often and in the order as it is there; success is 201 (§7). The slot is good for a few
//! minutes (§8). A redirection has to be checked like the address itself, and headers must not follow it elsewhere.
//!
//! Left out: the service; the upload.
//!
//! ```
//! use stonechat_stanza::Payload as _;
//! use stonechat_xep_upload::Slot;
//!
//! let xml = "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://upload.montague.tld/4a77/x.jpg'>\
//!            <header name='Authorization'>Basic Base64String==</header><header name='Host'>evil</header></put>\
//!            <get url='https://download.montague.tld/4a77/x.jpg'/></slot>";
//! let slot = Slot::parse(&xml.parse().unwrap()).unwrap();
//! assert_eq!((slot.put.host(), slot.put.port(), slot.put.target()), ("upload.montague.tld", 443, "/4a77/x.jpg"));
//! assert_eq!(slot.headers.len(), 1);
//! ```

mod url;
mod wire;
pub use url::{HttpsUrl, NotHttps};
pub use wire::{Header, HeaderName, NS, PURPOSE, Purpose, Request, Slot, max_file_size, retry_after};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
