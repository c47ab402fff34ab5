//! Why extensions could not be installed.

/// Why the extensions of a host could not be installed. For the operator: each message names the culprit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallError {
    /// The configuration names an extension that is not linked.
    #[error("there is no extension `{extension}`{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Unknown {
        /// The name in the configuration.
        extension: String,
        /// A name that exists and looks like it.
        suggestion: Option<String>,
    },
    /// Two different extensions have one name.
    #[error("two different extensions are called `{extension}`")]
    DuplicateName {
        /// The name.
        extension: String,
    },
    /// An extension needs another that is not enabled.
    #[error("extension `{extension}` needs `{needs}`, which is not enabled")]
    MissingNeed {
        /// The extension that needs something.
        extension: String,
        /// What it needs.
        needs: String,
    },
    /// Extensions that need each other, or handlers that want to be before each other.
    #[error("{what}: `{first}` and `{second}` each come before the other")]
    Cycle {
        /// What is in a circle.
        what: String,
        /// One of the extensions.
        first: String,
        /// Another one.
        second: String,
    },
    /// The order of two handlers matters and nothing says which is first.
    #[error("{what}: which is first, `{first}` or `{second}`? One of them has to say `before` or `after`")]
    Ambiguous {
        /// What they handle.
        what: String,
        /// One of the extensions.
        first: String,
        /// The other.
        second: String,
    },
    /// Two owners of something that can have only one.
    #[error("{what} is claimed by both `{first}` and `{second}`")]
    DoubleClaim {
        /// What is claimed.
        what: String,
        /// Who claimed it first.
        first: String,
        /// Who claimed it again.
        second: String,
    },
    /// A configuration section is wrong.
    #[error("extension `{extension}`: {message}")]
    Config {
        /// The extension whose section it is.
        extension: String,
        /// What is wrong; names the key.
        message: String,
    },
    /// An extension asked for a service that nobody installed before it provides.
    #[error(
        "extension `{extension}` uses the service `{service}`, which no extension that it needs provides"
    )]
    MissingService {
        /// Who asked.
        extension: String,
        /// The type of the service.
        service: String,
    },
    /// Anything else that an extension cannot start without.
    #[error("extension `{extension}`: {message}")]
    Failed {
        /// The extension.
        extension: String,
        /// What went wrong.
        message: String,
    },
}
