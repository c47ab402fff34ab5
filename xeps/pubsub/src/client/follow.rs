//! Following nodes, for extensions.

use std::sync::Arc;

use stonechat_extension::InstallError;
use stonechat_extension::client::{Installer, React};

use super::service::Shared;
use super::{Nodes, Notice};

/// Which nodes extensions follow; a service for [`follow`] alone.
#[derive(Debug)]
pub(super) struct Followed(pub(super) Arc<Shared>);

/// Has an extension told of a personal node, of the own account and of contacts: `handler` gets each [`Notice`], of this and of other nodes. The
/// extension names `pubsub` among its needs. Gives the service by which to publish.
///
/// # Errors
/// [`InstallError::MissingService`] where it does not.
pub fn follow(
    client: &mut Installer<'_>,
    node: &str,
    handler: &Arc<impl React<Notice>>,
) -> Result<Arc<Nodes>, InstallError> {
    client.service::<Followed>()?.0.follow(node);
    client.feature(&format!("{node}+notify"));
    client.react::<Notice>(handler);
    client.service()
}
