//! What extensions tell the application.

use std::any::Any;
use std::fmt;

/// What an event can be: any type of an extension's own.
pub trait EventBody: Any + fmt::Debug + Send + Sync {}
impl<T: Any + fmt::Debug + Send + Sync> EventBody for T {}

/// An event that an extension emitted, of a type that the extension defines.
///
/// ```
/// use stonechat_extension::client::Event;
///
/// #[derive(Debug, PartialEq)]
/// struct Typing(bool);
///
/// let event = Event::new(Typing(true));
/// assert_eq!(event.get::<Typing>(), Some(&Typing(true)));
/// assert!(event.get::<String>().is_none());
/// assert_eq!(event.take::<Typing>().unwrap(), Typing(true));
/// ```
pub struct Event(Box<dyn Inner>);

/// Both sides of the value, as one trait object.
trait Inner: Send + Sync {
    fn any(&self) -> &dyn Any;
    fn debug(&self) -> &dyn fmt::Debug;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: EventBody> Inner for T {
    fn any(&self) -> &dyn Any {
        self
    }

    fn debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Event {
    /// An event with this value.
    #[must_use]
    pub fn new(value: impl EventBody) -> Self {
        Self(Box::new(value))
    }

    /// The value, if it is a `T`.
    #[must_use]
    pub fn get<T: EventBody>(&self) -> Option<&T> {
        (*self.0).any().downcast_ref()
    }

    /// The value itself, if it is a `T`.
    ///
    /// # Errors
    /// The event as it was, if it is something else.
    pub fn take<T: EventBody>(self) -> Result<T, Self> {
        if !(*self.0).any().is::<T>() {
            return Err(self);
        }
        let value = self.0.into_any().downcast::<T>();
        Ok(*value.expect("the type was just seen to be this"))
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self.0).debug().fmt(f)
    }
}
