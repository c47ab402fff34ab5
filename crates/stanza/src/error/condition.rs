//! The types and defined conditions of stanza errors.

crate::enumeration! {
    /// What the sender of the stanza can do about an error: its `type` (RFC 6120 §8.3.2).
    pub enum Kind {
        /// Retry after providing credentials.
        Auth = "auth",
        /// Do not retry, the error cannot be remedied.
        Cancel = "cancel",
        /// Proceed, the condition was only a warning.
        Continue = "continue",
        /// Retry after changing the data sent.
        Modify = "modify",
        /// Retry after waiting, the error is temporary.
        Wait = "wait",
    }
}

crate::enumeration! {
    /// The defined conditions (RFC 6120 §8.3.3).
    pub enum Condition {
        /// The XML breaks a schema or cannot be processed (§8.3.3.1).
        BadRequest = "bad-request",
        /// A resource or session of that name or address exists (§8.3.3.2).
        Conflict = "conflict",
        /// The feature is not implemented (§8.3.3.3).
        FeatureNotImplemented = "feature-not-implemented",
        /// The sender lacks a permission that only some authorised entities have (§8.3.3.4).
        Forbidden = "forbidden",
        /// The recipient can no longer be contacted at this address (§8.3.3.5).
        Gone = "gone",
        /// A misconfiguration or another internal fault of the server (§8.3.3.6).
        InternalServerError = "internal-server-error",
        /// The addressed JID or item cannot be found (§8.3.3.7).
        ItemNotFound = "item-not-found",
        /// An address, or a part of one, breaks the address format (§8.3.3.8).
        JidMalformed = "jid-malformed",
        /// The stanza does not meet the criteria of the recipient or server (§8.3.3.9).
        NotAcceptable = "not-acceptable",
        /// No entity is allowed to perform the action (§8.3.3.10).
        NotAllowed = "not-allowed",
        /// Proper credentials have to be provided first (§8.3.3.11).
        NotAuthorized = "not-authorized",
        /// A local service policy has been violated (§8.3.3.12).
        PolicyViolation = "policy-violation",
        /// The recipient is temporarily unavailable (§8.3.3.13).
        RecipientUnavailable = "recipient-unavailable",
        /// Requests are redirected to another entity (§8.3.3.14).
        Redirect = "redirect",
        /// Prior registration is necessary (§8.3.3.15).
        RegistrationRequired = "registration-required",
        /// The remote server does not exist or cannot be resolved (§8.3.3.16).
        RemoteServerNotFound = "remote-server-not-found",
        /// The remote server could not be contacted within a reasonable time (§8.3.3.17).
        RemoteServerTimeout = "remote-server-timeout",
        /// The server or recipient is busy or lacks resources (§8.3.3.18).
        ResourceConstraint = "resource-constraint",
        /// The service is not provided (§8.3.3.19).
        ServiceUnavailable = "service-unavailable",
        /// A prior subscription is necessary (§8.3.3.20).
        SubscriptionRequired = "subscription-required",
        /// None of the other conditions (§8.3.3.21).
        UndefinedCondition = "undefined-condition",
        /// The request was understood, but not expected at this time (§8.3.3.22).
        UnexpectedRequest = "unexpected-request",
    }
}

impl Condition {
    /// The type that RFC 6120 §8.3.3 associates with the condition.
    ///
    /// Where it leaves a choice: `feature-not-implemented` is `cancel`, `policy-violation` and
    /// `unexpected-request` are `modify` as in the RFC's examples, and `undefined-condition`, which may
    /// have any, is `cancel`, so that nobody retries for a reason nobody knows.
    pub const fn kind(self) -> Kind {
        match self {
            Self::BadRequest
            | Self::JidMalformed
            | Self::NotAcceptable
            | Self::PolicyViolation
            | Self::Redirect
            | Self::UnexpectedRequest => Kind::Modify,
            Self::Forbidden
            | Self::NotAuthorized
            | Self::RegistrationRequired
            | Self::SubscriptionRequired => Kind::Auth,
            Self::RecipientUnavailable | Self::RemoteServerTimeout | Self::ResourceConstraint => Kind::Wait,
            Self::Conflict
            | Self::FeatureNotImplemented
            | Self::Gone
            | Self::InternalServerError
            | Self::ItemNotFound
            | Self::NotAllowed
            | Self::RemoteServerNotFound
            | Self::ServiceUnavailable
            | Self::UndefinedCondition => Kind::Cancel,
        }
    }

    /// Whether the condition's element holds the URI of another address (§8.3.3.5, §8.3.3.14).
    pub const fn has_uri(self) -> bool {
        matches!(self, Self::Gone | Self::Redirect)
    }
}
