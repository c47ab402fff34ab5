//! The client's side: [`Uploads`] is the service of the extension.
//!
//! ```no_run
//! # use stonechat_extension::client::Tables;
//! use stonechat_xep_upload::Request;
//! use stonechat_xep_upload::client::{SlotError, Uploads};
//!
//! # async fn run(tables: &Tables) -> Result<(), SlotError> {
//! let uploads = tables.service::<Uploads>().expect("the extension is installed");
//! let Some(service) = uploads.find("montague.tld".parse().expect("an address")).await? else { return Ok(()) };
//! let content_type = Some("image/jpeg".to_owned());
//! let request = Request { filename: "très cool.jpg".into(), size: 23456, content_type, purpose: None };
//! let slot = uploads.slot(&service, &request).await?;
//! println!("PUT {} to {}:{}, then tell {}", slot.put.target(), slot.put.host(), slot.put.port(), slot.get);
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use stonechat_extension::client::{self, Handle, Installer, Query, RequestError};
use stonechat_extension::{InstallError, Manifest, NoConfig};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{ParseError, Stanza, iq};
use stonechat_xep_disco::Info;
use stonechat_xep_disco::client::Disco;

use crate::{NS, PURPOSE, Purpose, Request, Slot, max_file_size, retry_after};

/// So many entities of a server are asked whether they take files.
const MOST_ITEMS: usize = 30;

/// Where files can be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its address.
    pub jid: Jid,
    /// The largest file that it takes, in bytes; `None` where it does not say.
    pub max_file_size: Option<u64>,
    /// The names of the [purposes](Purpose::name) that it knows.
    pub purposes: Vec<String>,
}

impl Service {
    /// What an entity says about itself, if it takes files (§3).
    #[must_use]
    pub fn read(jid: Jid, info: &Info) -> Option<Self> {
        if !info.has(NS) {
            return None;
        }
        let form = info.forms.iter().find(|form| form.form_type() == Some(NS));
        let max_file_size = form.and_then(|form| form.parsed("max-file-size").ok().flatten());
        let purpose = |var: &str| Some(var.strip_prefix(PURPOSE)?.strip_prefix('#')?.to_owned());
        let purposes = info.features.iter().filter_map(|feature| purpose(&feature.var)).collect();
        Some(Self { jid, max_file_size, purposes })
    }

    /// Whether it knows what such a file is for.
    #[must_use]
    pub fn knows(&self, purpose: Purpose) -> bool {
        self.purposes.iter().any(|known| known == purpose.name())
    }
}

/// Why there is no slot.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// The file is too large; the largest may be of so many bytes, where that is known.
    #[error("the file is too large{}", .0.map(|most| format!(", the largest may have {most} bytes")).unwrap_or_default())]
    TooLarge(Option<u64>),
    /// Not now; from then on it may be tried again.
    #[error("not before {0}")]
    Later(DateTime),
    /// Anything else: the service refuses, or its slot is none that may be used.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl SlotError {
    fn of(error: RequestError) -> Self {
        let RequestError::Refused(refused) = &error else { return Self::Request(error) };
        match (max_file_size(refused), retry_after(refused)) {
            (Some(most), _) => Self::TooLarge(most),
            (None, Some(stamp)) => Self::Later(stamp),
            (None, None) => Self::Request(error),
        }
    }
}

/// The client extension; it provides [`Uploads`].
#[derive(Debug)]
pub struct Extension;

impl client::Extension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("upload").about("finds places on the web for files").xep(363, "1.2.0").needs("disco");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let disco = client.service()?;
        client.provide(Arc::new(Uploads { handle: client.handle(), disco }))
    }
}

impl Query for Request {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Slot;

    fn read(result: &Stanza) -> Result<Slot, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "slot"))
    }
}

/// Finds services and asks for slots; a service of the client extension.
#[derive(Debug)]
pub struct Uploads {
    handle: Handle,
    disco: Arc<Disco>,
}

impl Uploads {
    /// Finds a service at a server: the server itself, or the first of its items that takes files (§3). `None` where there is none. What an item
    /// does not say is as if it took none.
    ///
    /// # Errors
    /// [`RequestError`] when the server itself cannot be asked.
    pub async fn find(&self, server: Jid) -> Result<Option<Service>, RequestError> {
        let info = self.disco.info(server.clone(), None).await?;
        if let Some(service) = Service::read(server.clone(), &info) {
            return Ok(Some(service));
        }
        for item in self.disco.items(server, None).await?.items.into_iter().take(MOST_ITEMS) {
            match self.disco.info(item.jid.clone(), None).await {
                Ok(info) => {
                    if let Some(service) = Service::read(item.jid, &info) {
                        return Ok(Some(service));
                    }
                }
                Err(error @ (RequestError::Lost | RequestError::Closed)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Asks for a slot (§4). What the service is known not to take is not asked for.
    ///
    /// # Errors
    /// [`SlotError`]. [`RequestError::Malformed`] where the slot is not at `https` addresses.
    pub async fn slot(&self, service: &Service, request: &Request) -> Result<Slot, SlotError> {
        if service.max_file_size.is_some_and(|most| request.size > most) {
            return Err(SlotError::TooLarge(service.max_file_size));
        }
        self.handle.request(Some(service.jid.clone()), request).await.map_err(SlotError::of)
    }
}

stonechat_extension::register!(client: Extension);
