//! What extensions hold in memory for a host, an account, a session or a stanza: values by their type.

use std::any::{Any, TypeId};
use std::sync::OnceLock;

/// Typed values by their type, which stay as long as this does. Few of them, so a list beats a map; it only grows, so reading takes no
/// lock.
#[derive(Default)]
pub(crate) struct States(OnceLock<Box<Link<dyn Any + Send + Sync>>>);

/// A value, and those that came after it.
struct Link<T: ?Sized> {
    id: TypeId,
    next: States,
    value: T,
}

impl States {
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        let id = TypeId::of::<T>();
        let link = self.iter().find(|link| link.id == id)?;
        link.value.downcast_ref()
    }

    pub(crate) fn get_or_default<T: Default + Send + Sync + 'static>(&self) -> &T {
        let mut states = self;
        loop {
            let link = states.0.get_or_init(|| Box::new(Link::<T>::default()));
            if let Some(value) = link.value.downcast_ref() {
                return value;
            }
            states = &link.next;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Link<dyn Any + Send + Sync>> {
        std::iter::successors(self.0.get(), |link| link.next.0.get()).map(Box::as_ref)
    }
}

impl<T: Default + 'static> Default for Link<T> {
    fn default() -> Self {
        Self { id: TypeId::of::<T>(), next: States::default(), value: T::default() }
    }
}

impl std::fmt::Debug for States {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} states", self.iter().count())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Default)]
    struct Other(AtomicU32);

    #[test]
    fn a_value_stays_once_somebody_has_asked_for_it() {
        let states = States::default();
        assert!(states.get::<AtomicU32>().is_none());
        states.get_or_default::<AtomicU32>().store(1, Ordering::Relaxed);
        states.get_or_default::<Other>().0.store(2, Ordering::Relaxed);
        assert_eq!(states.get_or_default::<AtomicU32>().load(Ordering::Relaxed), 1);
        assert_eq!(states.get::<Other>().map(|other| other.0.load(Ordering::Relaxed)), Some(2));
        assert_eq!(format!("{states:?}"), "2 states");
    }

    #[test]
    fn all_who_ask_at_the_same_time_get_the_same_value() {
        let states = States::default();
        let count = || {
            states.get_or_default::<AtomicU32>().fetch_add(1, Ordering::Relaxed);
            states.get_or_default::<Other>().0.fetch_add(1, Ordering::Relaxed);
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(count))));
        assert_eq!(states.get_or_default::<AtomicU32>().load(Ordering::Relaxed), 8);
        assert_eq!(states.get_or_default::<Other>().0.load(Ordering::Relaxed), 8);
    }
}
