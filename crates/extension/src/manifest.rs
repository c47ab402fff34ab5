//! What an extension says of itself before any of its code runs.

/// One XEP (or RFC) that an extension implements, and the version it was written against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standard {
    /// A XEP by number, with the version of the document.
    Xep {
        /// The number, 280 for XEP-0280.
        number: u16,
        /// The version of the document, `"1.0.1"`.
        version: &'static str,
    },
    /// A section of an RFC.
    Rfc {
        /// The number of the RFC.
        number: u16,
        /// The section, `"2"`.
        section: &'static str,
    },
}

/// The longest list that a [`Manifest`] holds of anything.
pub const MANIFEST_LIST: usize = 8;

/// Name, standards and needs of an extension; a constant, written as a chain.
///
/// ```
/// use stonechat_extension::Manifest;
/// const MANIFEST: Manifest = Manifest::new("carbons").xep(280, "1.0.1").needs("disco");
/// assert_eq!(MANIFEST.name(), "carbons");
/// assert_eq!(MANIFEST.needed().collect::<Vec<_>>(), ["disco"]);
/// assert!(MANIFEST.is_on_by_default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest {
    name: &'static str,
    about: &'static str,
    standards: [Option<Standard>; MANIFEST_LIST],
    needs: [Option<&'static str>; MANIFEST_LIST],
    on_by_default: bool,
}

impl Manifest {
    /// A manifest for the extension called `name`: lower case, digits and hyphens, the name of its configuration section.
    ///
    /// # Panics
    /// When `name` is empty or has another character; as manifests are constants, that is at compile time.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "an extension needs a name");
        let mut i = 0;
        while i < bytes.len() {
            assert!(
                bytes[i].is_ascii_lowercase() || bytes[i].is_ascii_digit() || bytes[i] == b'-',
                "an extension's name has lower-case letters, digits and hyphens only"
            );
            i += 1;
        }
        Self {
            name,
            about: "",
            standards: [None; MANIFEST_LIST],
            needs: [None; MANIFEST_LIST],
            on_by_default: true,
        }
    }

    /// One line that says what the extension does for its users.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Adds a XEP and the version that is implemented.
    ///
    /// # Panics
    /// At compile time when there are more than [`MANIFEST_LIST`] standards.
    #[must_use]
    pub const fn xep(self, number: u16, version: &'static str) -> Self {
        self.standard(Standard::Xep { number, version })
    }

    /// Adds a section of an RFC.
    ///
    /// # Panics
    /// At compile time when there are more than [`MANIFEST_LIST`] standards.
    #[must_use]
    pub const fn rfc(self, number: u16, section: &'static str) -> Self {
        self.standard(Standard::Rfc { number, section })
    }

    const fn standard(mut self, standard: Standard) -> Self {
        let mut i = 0;
        while i < MANIFEST_LIST {
            if self.standards[i].is_none() {
                self.standards[i] = Some(standard);
                return self;
            }
            i += 1;
        }
        panic!("a manifest holds eight standards at most");
    }

    /// Names an extension that has to be enabled on the same host; it is installed earlier.
    ///
    /// # Panics
    /// At compile time when there are more than [`MANIFEST_LIST`] needs.
    #[must_use]
    pub const fn needs(mut self, extension: &'static str) -> Self {
        let mut i = 0;
        while i < MANIFEST_LIST {
            if self.needs[i].is_none() {
                self.needs[i] = Some(extension);
                return self;
            }
            i += 1;
        }
        panic!("a manifest holds eight needs at most");
    }

    /// Leaves the extension off until a configuration enables it by name.
    #[must_use]
    pub const fn off_by_default(mut self) -> Self {
        self.on_by_default = false;
        self
    }

    /// The extension's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the extension does, in one line; may be empty.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.about
    }

    /// The standards implemented.
    pub fn standards(&self) -> impl Iterator<Item = Standard> + '_ {
        self.standards.iter().flatten().copied()
    }

    /// The names of the extensions that must be there too.
    pub fn needed(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.needs.iter().flatten().copied()
    }

    /// Whether hosts have it without naming it.
    #[must_use]
    pub const fn is_on_by_default(&self) -> bool {
        self.on_by_default
    }
}
