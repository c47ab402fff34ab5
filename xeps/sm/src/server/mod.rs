//! The server's side.

mod before;
mod config;
mod during;
mod ended;

use stonechat_extension::point::SessionClosed;
use stonechat_extension::{InstallError, Installer, Manifest, Phase, ServerExtension};

use crate::{NS, feature};
pub use config::Config;
use ended::Ended;

/// The extension. What there is to know of a session is the session's.
#[derive(Debug)]
pub struct Extension {
    config: Config,
    ended: Ended,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("sm").about("acknowledges stanzas, and resumes sessions").xep(198, "1.6.3");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if let Some(problem) = config.problem() {
            return Err(host.failed(problem));
        }
        let ended = Ended::open(&config, host)?;
        let sm = host.share(Self { config, ended });
        host.react::<SessionClosed>(&sm);
        host.stream_feature(Phase::AfterAuth, feature());
        for name in ["enable", "r", "a", "resume"] {
            host.nonza(NS, name, &sm)?;
        }
        // `r` and `a` have no place there, and end the stream as any unknown element does.
        for name in ["enable", "resume"] {
            host.before_session(NS, name, &sm)?;
        }
        host.inline_feature(&sm);
        host.resume_at_login(NS, "resume", &sm)?;
        host.at_bind(NS, &[(NS, "enable")], &sm)?;
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
