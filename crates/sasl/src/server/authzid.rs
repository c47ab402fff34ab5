//! Whether an authorization identity is the identity that was authenticated.

/// Compares an authorization identity, as the client sent it, with an identity of ours.
pub type SameIdentity = fn(authzid: &str, identity: &str) -> bool;

/// The comparison where none is given: domains without regard to ASCII case, what stands before the `@` exactly.
///
/// It never takes two different addresses for the same, but knows nothing of how JIDs are prepared (RFC 7622); a
/// caller with a JID type had better give its own to [`Context::comparing_identities`](super::Context::comparing_identities).
///
/// ```
/// use stonechat_sasl::server::same_identity;
///
/// assert!(same_identity("juliet@EXAMPLE.org", "juliet@example.org"));
/// assert!(!same_identity("Juliet@example.org", "juliet@example.org"));
/// ```
#[must_use]
pub fn same_identity(authzid: &str, identity: &str) -> bool {
    match (authzid.rsplit_once('@'), identity.rsplit_once('@')) {
        (Some((user, domain)), Some((our_user, our_domain))) => {
            user == our_user && domain.eq_ignore_ascii_case(our_domain)
        }
        (None, None) => authzid.eq_ignore_ascii_case(identity),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_another_domain_and_a_resource_are_other_identities() {
        for authzid in
            ["romeo@example.org", "juliet@example.com", "juliet@example.org/x", "juliet", "example.org", ""]
        {
            assert!(!same_identity(authzid, "juliet@example.org"), "{authzid}");
        }
    }

    #[test]
    fn domains_compare_without_case() {
        assert!(same_identity("Example.ORG", "example.org"));
        assert!(!same_identity("sub.example.org", "example.org"));
    }
}
