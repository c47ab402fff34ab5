//! Clearing what the archive has, when a client that reads archives comes (XEP-0386 §3.2).

use async_trait::async_trait;
use stonechat_extension::login::{AtBind, Login};
use stonechat_extension::{Cx, HandlerError};
use stonechat_stanza::Element;

use super::Extension;
use super::keeper::Keeper;

/// Called where a session is bound together with its login. What somebody else does not keep goes on waiting, and so does all of it
/// where nobody keeps anything any more.
#[async_trait]
impl AtBind for Extension {
    async fn at_bind(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        _: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        if cx.service::<dyn Keeper>().is_some() {
            self.waiting.forget_kept(&login.account).await?;
        }
        Ok(None)
    }
}
