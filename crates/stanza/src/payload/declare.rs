//! The macro that declares payloads.

/// Declares a struct and its [`Payload`](crate::payload::Payload) implementation.
///
/// `struct Name: NS, "name";` is an empty element. `struct Name: NS, "name" { … }` has fields, each
/// `name: Type => kind`, where the type is what the field holds and the kind says where it stands:
///
/// | Kind | Type | Stands in |
/// |---|---|---|
/// | `required("a")` | `T` | attribute, must be there |
/// | `optional("a")` | `Option<T>` | attribute |
/// | `default("a", value)` | `T` | attribute, written only where it differs from `value` |
/// | `boolean("a", value)` | `bool` | `xs:boolean` attribute with a default |
/// | `lang` | `Option<String>` | `xml:lang` |
/// | `text` | `T` | character data of the element |
/// | `optional_text` | `Option<T>` | character data; `None` where it is empty |
/// | `required_child("c")` | `T` | character data of `<c/>`, must be there |
/// | `child("c")` | `Option<T>` | character data of `<c/>` |
/// | `children("c")` | `Vec<T>` | character data of each `<c/>` |
/// | `flag("c")` | `bool` | `<c/>`, present or not |
/// | `required_payload` | `P` | child element, must be there |
/// | `payload` | `Option<P>` | child element |
/// | `payloads` | `Vec<P>` | child elements |
///
/// `T` is any type with `FromStr` and `Display`, `P` any [`Payload`](crate::payload::Payload); `<c/>` is
/// in the namespace of the element. Where a child stands twice and one is asked for, the first counts.
/// Fields are written in the order of their declaration. Unknown attributes and children are
/// ignored; `struct Name: NS, "name", strict { … }` refuses them.
///
/// Documentation, derives and visibilities are written as on any struct. The module
/// [`payload`](mod@crate::payload) has an example; two shapes more:
///
/// ```
/// use stonechat_stanza::{payload, payload::Payload};
///
/// payload! {
///     /// "Are you there?"
///     #[derive(Debug, Clone, Copy, PartialEq, Eq)]
///     pub struct Ping: "urn:xmpp:ping", "ping";
/// }
///
/// payload! {
///     /// A path; anything else in the element is refused.
///     #[derive(Debug, Clone, PartialEq, Eq)]
///     pub struct Path: "urn:example:path", "path", strict {
///         /// The path.
///         pub path: String => text,
///     }
/// }
///
/// assert_eq!(Ping::parse(&Ping.to_element()), Ok(Ping));
/// let more = "<path xmlns='urn:example:path' mode='r'>/tmp</path>".parse()?;
/// assert!(Path::parse(&more).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! payload {
    ($(#[$meta:meta])* $vis:vis struct $name:ident : $ns:expr, $element:literal ;) => {
        $(#[$meta])*
        $vis struct $name;

        impl $crate::payload::Payload for $name {
            const NS: &'static str = $ns;
            const NAME: &'static str = $element;

            fn parse(element: &$crate::Element) -> ::core::result::Result<Self, $crate::payload::ParseError> {
                <Self as $crate::payload::Payload>::expect(element)?;
                ::core::result::Result::Ok(Self)
            }

            fn parse_child(
                child: &$crate::Child<'_>,
            ) -> ::core::result::Result<Self, $crate::payload::ParseError> {
                if child.is(<Self as $crate::payload::Payload>::NS, <Self as $crate::payload::Payload>::NAME) {
                    return ::core::result::Result::Ok(Self);
                }
                <Self as $crate::payload::Payload>::parse(&child.element()?)
            }

            fn to_element(&self) -> $crate::Element {
                $crate::payload::Builder::of::<Self>().build()
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident : $ns:expr, $element:literal $(, $strict:ident)? {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty => $kind:ident $(($($args:tt)*))?),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)+
        }

        impl $crate::payload::Payload for $name {
            const NS: &'static str = $ns;
            const NAME: &'static str = $element;

            fn parse(element: &$crate::Element) -> ::core::result::Result<Self, $crate::payload::ParseError> {
                <Self as $crate::payload::Payload>::expect(element)?;
                $crate::__payload_strict!([$($strict)?] element, [$($type => $kind $(($($args)*))?),+]);
                ::core::result::Result::Ok(Self {
                    $($field: $crate::__payload_parse!(element, $kind $(($($args)*))?),)+
                })
            }

            fn to_element(&self) -> $crate::Element {
                let builder = $crate::payload::Builder::of::<Self>();
                $(let builder = $crate::__payload_build!(builder, &self.$field, $kind $(($($args)*))?);)+
                builder.build()
            }
        }
    };
}

/// One field of a payload, read.
#[doc(hidden)]
#[macro_export]
macro_rules! __payload_parse {
    ($element:ident, required($name:literal)) => {
        $crate::payload::ElementExt::required_value($element, $name)?
    };
    ($element:ident, optional($name:literal)) => {
        $crate::payload::ElementExt::value($element, $name)?
    };
    ($element:ident, default($name:literal, $default:expr)) => {
        match $crate::payload::ElementExt::value($element, $name)? {
            ::core::option::Option::Some(value) => value,
            ::core::option::Option::None => $default,
        }
    };
    ($element:ident, boolean($name:literal, $default:expr)) => {
        $crate::payload::ElementExt::boolean($element, $name)?.unwrap_or($default)
    };
    ($element:ident, lang) => {
        $crate::payload::ElementExt::lang($element).map(::std::string::String::from)
    };
    ($element:ident, text) => {
        $crate::payload::ElementExt::text_value($element)?
    };
    ($element:ident, optional_text) => {
        if $element.texts().all(str::is_empty) {
            ::core::option::Option::None
        } else {
            ::core::option::Option::Some($crate::payload::ElementExt::text_value($element)?)
        }
    };
    ($element:ident, required_child($name:literal)) => {
        $crate::payload::ElementExt::child_value($element, $name)?
            .ok_or_else(|| $crate::payload::ParseError::missing_child($element.name(), $name))?
    };
    ($element:ident, child($name:literal)) => {
        $crate::payload::ElementExt::child_value($element, $name)?
    };
    ($element:ident, children($name:literal)) => {
        $crate::payload::ElementExt::child_values($element, $name)?
    };
    ($element:ident, flag($name:literal)) => {
        $crate::payload::ElementExt::child($element, $name).is_some()
    };
    ($element:ident, required_payload) => {
        $crate::payload::ElementExt::require($element)?
    };
    ($element:ident, payload) => {
        $crate::payload::ElementExt::get($element)?
    };
    ($element:ident, payloads) => {
        $crate::payload::ElementExt::all($element)?
    };
}

/// One field of a payload, written.
#[doc(hidden)]
#[macro_export]
macro_rules! __payload_build {
    ($builder:ident, $field:expr, required($name:literal)) => {
        $builder.attr($name, $field)
    };
    ($builder:ident, $field:expr, optional($name:literal)) => {
        $builder.optional($name, $field.as_ref())
    };
    ($builder:ident, $field:expr, default($name:literal, $default:expr)) => {
        $builder.optional($name, ::core::option::Option::Some($field).filter(|value| **value != $default))
    };
    ($builder:ident, $field:expr, boolean($name:literal, $default:expr)) => {
        $builder.optional($name, ::core::option::Option::Some($field).filter(|value| **value != $default))
    };
    ($builder:ident, $field:expr, lang) => {
        $builder.lang($field.as_deref())
    };
    ($builder:ident, $field:expr, text) => {
        $builder.text($field)
    };
    ($builder:ident, $field:expr, optional_text) => {
        match $field {
            ::core::option::Option::Some(text) => $builder.text(text),
            ::core::option::Option::None => $builder,
        }
    };
    ($builder:ident, $field:expr, required_child($name:literal)) => {
        $builder.text_child($name, $field)
    };
    ($builder:ident, $field:expr, child($name:literal)) => {
        $builder.optional_child($name, $field.as_ref())
    };
    ($builder:ident, $field:expr, children($name:literal)) => {
        $field.iter().fold($builder, |builder, text| builder.text_child($name, text))
    };
    ($builder:ident, $field:expr, flag($name:literal)) => {
        $builder.flag($name, *$field)
    };
    ($builder:ident, $field:expr, required_payload) => {
        $builder.payload($field)
    };
    ($builder:ident, $field:expr, payload) => {
        $builder.payloads($field)
    };
    ($builder:ident, $field:expr, payloads) => {
        $builder.payloads($field)
    };
}

/// The check of a strict payload; nothing for the others.
#[doc(hidden)]
#[macro_export]
macro_rules! __payload_strict {
    ([] $element:ident, $fields:tt) => {};
    ([strict] $element:ident, [$($type:ty => $kind:ident $(($name:literal $($args:tt)*))?),+]) => {
        let mut known = $crate::payload::Strict::new($element);
        $($crate::__payload_known!(known, $type, $kind $(($name))?);)+
        known.check()?;
    };
}

/// One field of a payload, made known to the strict check.
#[doc(hidden)]
#[macro_export]
macro_rules! __payload_known {
    ($known:ident, $type:ty, lang) => {};
    ($known:ident, $type:ty, text) => {
        $known.text();
    };
    ($known:ident, $type:ty, optional_text) => {
        $known.text();
    };
    ($known:ident, $type:ty, required_payload) => {
        $known.child(
            <$type as $crate::payload::Payload>::NAME,
            ::core::option::Option::Some(<$type as $crate::payload::Payload>::NS),
        );
    };
    ($known:ident, $type:ty, payload) => {
        $known.payload::<$type>();
    };
    ($known:ident, $type:ty, payloads) => {
        $known.payload::<$type>();
    };
    ($known:ident, $type:ty, required($name:literal)) => {
        $known.attribute($name);
    };
    ($known:ident, $type:ty, optional($name:literal)) => {
        $known.attribute($name);
    };
    ($known:ident, $type:ty, default($name:literal)) => {
        $known.attribute($name);
    };
    ($known:ident, $type:ty, boolean($name:literal)) => {
        $known.attribute($name);
    };
    ($known:ident, $type:ty, $child:ident($name:literal)) => {
        $known.child($name, ::core::option::Option::None);
    };
}
