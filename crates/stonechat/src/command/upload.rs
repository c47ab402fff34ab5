//! `stonechat upload`: a file on the web (XEP-0363).

use std::path::{Path, PathBuf};

use stonechat_extension::client::new_id;
use stonechat_jid::Jid;
use stonechat_xep_upload::client::{SlotError, Uploads};
use stonechat_xep_upload::{Request, Slot};
use tokio::fs::File;

use super::send;
use crate::account::Account;
use crate::failure::{Code, Failure};
use crate::session::Session;
use crate::web::{self, PutError, Upload};
use crate::{media, progress, say, stanzas};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints where the file is then, when it is there. Whoever knows that address can read the file, and so can
the server. It is put there over HTTPS alone, and to a host alone whose certificate is good.

Examples:
  stonechat upload picture.jpg
  stonechat upload picture.jpg --to romeo@example.net")]
pub(crate) struct Args {
    /// The file.
    file: PathBuf,
    /// Tell somebody where it is, in a message.
    #[arg(long, value_name = "JID")]
    to: Option<Jid>,
    /// The media type of the file [default: by the end of its name].
    #[arg(long = "type", value_name = "TYPE/SUBTYPE", value_parser = media::parse)]
    content_type: Option<String>,
}

pub(crate) async fn run(account: &Account, args: Args) -> Result<(), Failure> {
    let (file, request) = open(&args.file, args.content_type).await?;
    let extensions =
        [&stonechat_xep_disco::CLIENT, &stonechat_xep_ping::CLIENT, &stonechat_xep_upload::CLIENT];
    let mut session = Session::open(account, &extensions).await?;
    let done = upload(&mut session, account, file, &request, args.to).await;
    session.close().await;
    done
}

async fn upload(
    session: &mut Session,
    account: &Account,
    file: File,
    request: &Request,
    to: Option<Jid>,
) -> Result<(), Failure> {
    let slot = slot(session, account, request).await?;
    put(session, account, file, request, &slot).await?;
    say::line(&slot.get)?;
    match to {
        Some(to) => {
            let id = new_id();
            let message = stanzas::link(to.clone(), &id, slot.get.as_str());
            let sent = send::deliver(session, message, &id, account).await;
            sent.map_err(|failure| failure.within(to))
        }
        None => Ok(()),
    }
}

/// The file, and what is asked for it.
async fn open(path: &Path, content_type: Option<String>) -> Result<(File, Request), Failure> {
    let failed = |error| Failure::io(path.display(), error);
    let file = File::open(path).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    let name = path.file_name().filter(|_| metadata.is_file());
    let Some(filename) = name.map(|name| name.to_string_lossy().into_owned()) else {
        return Err(Failure::usage(format!("{} is no file", path.display())));
    };
    if !say::is_xml(&filename) {
        return Err(Failure::usage(format!("{}: XMPP cannot carry such a name", path.display())));
    }
    let content_type = Some(content_type.unwrap_or_else(|| media::of(&filename).to_owned()));
    Ok((file, Request { filename, size: metadata.len(), content_type, purpose: None }))
}

async fn slot(session: &mut Session, account: &Account, request: &Request) -> Result<Slot, Failure> {
    let (uploads, domain) = (session.service::<Uploads>()?, account.jid.to_domain());
    let found = session.during(uploads.find(domain.clone().into()), |_| {}).await?;
    let Some(service) = found.map_err(|error| Failure::from(error).within(&domain))? else {
        return Err(Failure::refused(format!("{domain} has no place for files")));
    };
    let given = session.during(uploads.slot(&service, request), |_| {}).await?;
    given.map_err(|error| refused(error).within(&service.jid))
}

fn refused(error: SlotError) -> Failure {
    match error {
        SlotError::Request(error) => error.into(),
        error => Failure::refused(error),
    }
}

async fn put(
    session: &mut Session,
    account: &Account,
    content: File,
    request: &Request,
    slot: &Slot,
) -> Result<(), Failure> {
    let tls = web::config(account.roots.as_deref())?;
    let bar = progress::bytes(request.size);
    let shown = bar.clone();
    let content_type = request.content_type.clone().unwrap_or_default();
    let upload = Upload { content, size: request.size, content_type };
    let work = web::put(slot, upload, tls, account.patience, move |sent| shown.set_position(sent));
    let put = session.during(work, |_| {}).await?;
    bar.finish_and_clear();
    Ok(put?)
}

impl From<PutError> for Failure {
    fn from(error: PutError) -> Self {
        let code = match &error {
            PutError::Unreachable(_) => Code::Unreachable,
            PutError::Tls(_) => Code::Certificate,
            PutError::Status(_) => Code::Refused,
            PutError::Broken(_) => Code::Protocol,
            PutError::File(_) => Code::Io,
            PutError::Stalled => return Self::timeout(error),
        };
        Self::new(code, error)
    }
}
