//! The macro that declares closed lists of words.

/// Declares a closed list of words, such as the values of an attribute: an enum that is `Copy`, with
/// `Display`, `FromStr` (by exact match, failing with
/// [`UnknownValue`](crate::payload::UnknownValue)), `as_str` and the list of `ALL` its values.
///
/// ```
/// stonechat_stanza::enumeration! {
///     /// Left or right.
///     pub enum Side {
///         /// Left.
///         Left = "left",
///         /// Right.
///         Right = "right",
///     }
/// }
///
/// assert_eq!("left".parse(), Ok(Side::Left));
/// assert!("Left".parse::<Side>().is_err());
/// assert_eq!(Side::Right.as_str(), "right");
/// assert_eq!(Side::ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! enumeration {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// All values, in the order of their declaration.
            #[allow(dead_code)]
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::payload::UnknownValue;

            fn from_str(word: &str) -> ::core::result::Result<Self, Self::Err> {
                match word {
                    $($text => ::core::result::Result::Ok(Self::$variant),)+
                    _ => ::core::result::Result::Err($crate::payload::UnknownValue),
                }
            }
        }
    };
}
