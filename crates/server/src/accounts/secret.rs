//! The secret from which the salts of accounts that do not exist are made.

use stonechat_extension::AccountError;
use stonechat_sasl::scram::Decoy;
use stonechat_store::{Document, Owner};
use zeroize::Zeroizing;

use super::failed;

/// Each host has a secret of its own, so that one name does not have the same salt on two hosts. It is made once and kept.
pub(super) async fn decoy(secrets: &Document, domain: &str, iterations: u32) -> Result<Decoy, AccountError> {
    let owner = Owner::host(domain);
    let secret = match secrets.get(&owner).await.map_err(failed)? {
        Some(kept) => kept,
        None => {
            let mut random = Zeroizing::new([0_u8; 32]);
            getrandom::fill(random.as_mut_slice())
                .map_err(|error| AccountError::Failed(format!("no random bytes to be had: {error}")))?;
            match secrets.create(&owner, random.to_vec()).await {
                Err(error) if !error.is_conflict() => return Err(failed(error)),
                // Of two who make one at the same time, both use that which was first.
                _ => secrets.get(&owner).await.map_err(failed)?.unwrap_or_default(),
            }
        }
    };
    let secret: [u8; 32] = secret.as_ref().try_into().map_err(|_| {
        AccountError::Failed(format!("the document `decoys` of {domain} is damaged: it has to be 32 bytes"))
    })?;
    Decoy::new(secret, iterations).map_err(|error| AccountError::Failed(error.to_string()))
}
