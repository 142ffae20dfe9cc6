//! Handles: what hosts hold in place of pointers. A handle looks like a pointer to C, but its value is a place in a
//! table, the generation of that place, and the kind. Nothing is ever read where it points. So a handle that was
//! freed, freed twice, made up or mistaken for one of another kind is answered and not suffered.

use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use crate::status::{Fault, stockroom_status};

const KIND_BITS: u32 = 4;
/// Half of what a pointer's other bits hold names the place, half the generation: 2^28 places on 64-bit machines, 2^12
/// on 32-bit ones.
const PLACE_BITS: u32 = (usize::BITS - KIND_BITS * 2) / 2;
const GENERATION_MAX: usize = usize::MAX >> (KIND_BITS + PLACE_BITS);
const PLACES_MAX: usize = (1 << PLACE_BITS) - 1;

/// What a kind of handle stands for.
pub(crate) trait Kind: Sized + 'static {
    /// What is kept behind it.
    type Value: Send + Sync;
    /// The table that keeps it.
    fn table() -> &'static Table<Self>;
}

/// Everything of one kind that hosts hold.
pub(crate) struct Table<K: Kind> {
    kind: usize,
    name: &'static str,
    places: RwLock<Places<K::Value>>,
    of: PhantomData<fn() -> K>,
}

struct Places<V> {
    all: Vec<Place<V>>,
    free: Vec<usize>,
}

struct Place<V> {
    /// From 1, so that no handle is NULL.
    generation: usize,
    value: Option<Arc<V>>,
}

impl<K: Kind> Table<K> {
    /// A table for a kind with a number from 1 to 15 of its own.
    pub(crate) const fn new(kind: usize, name: &'static str) -> Self {
        let places = RwLock::new(Places { all: Vec::new(), free: Vec::new() });
        Table { kind, name, places, of: PhantomData }
    }

    fn number(&self, place: usize, generation: usize) -> usize {
        (generation << (KIND_BITS + PLACE_BITS)) | (place << KIND_BITS) | self.kind
    }

    /// The place and generation that a handle names, if it is of this kind.
    fn named(&self, handle: *const K) -> Result<(usize, usize), Fault> {
        let number = handle.addr();
        if number == 0 {
            return Err(Fault::new(stockroom_status::STOCKROOM_NULL_ARGUMENT, format!("the {} is NULL", self.name)));
        }
        if number & ((1 << KIND_BITS) - 1) != self.kind {
            return Err(self.stale());
        }
        Ok(((number >> KIND_BITS) & PLACES_MAX, number >> (KIND_BITS + PLACE_BITS)))
    }

    fn stale(&self) -> Fault {
        Fault::new(stockroom_status::STOCKROOM_STALE_HANDLE, format!("this is no live {}", self.name))
    }

    fn insert(&self, value: K::Value) -> Result<*mut K, Fault> {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let place = match places.free.pop() {
            Some(place) => place,
            None if places.all.len() < PLACES_MAX => {
                places.all.push(Place { generation: 0, value: None });
                places.all.len() - 1
            }
            None => {
                let message = format!("there are {PLACES_MAX} handles of this kind already");
                return Err(Fault::new(stockroom_status::STOCKROOM_TOO_MANY, message));
            }
        };
        let kept = &mut places.all[place];
        kept.generation += 1;
        kept.value = Some(Arc::new(value));
        let number = self.number(place, kept.generation);
        Ok(std::ptr::without_provenance_mut(number))
    }

    fn get(&self, handle: *const K) -> Result<Arc<K::Value>, Fault> {
        let (place, generation) = self.named(handle)?;
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let kept = places.all.get(place).filter(|kept| kept.generation == generation);
        kept.and_then(|kept| kept.value.clone()).ok_or_else(|| self.stale())
    }

    fn remove(&self, handle: *const K) -> Result<Arc<K::Value>, Fault> {
        let (place, generation) = self.named(handle)?;
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let kept = places.all.get_mut(place).filter(|kept| kept.generation == generation);
        let Some((value, last)) = kept.and_then(|kept| Some((kept.value.take()?, kept.generation == GENERATION_MAX)))
        else {
            return Err(self.stale());
        };
        // A place whose generations are used up is not used again, so that no handle ever comes back to life.
        if !last {
            places.free.push(place);
        }
        Ok(value)
    }
}

/// Gives out a handle for a value.
pub(crate) fn give<K: Kind>(value: K::Value) -> Result<*mut K, Fault> {
    K::table().insert(value)
}

/// What a handle stands for. It lives on while it is in use here, also where another thread frees the handle.
pub(crate) fn held<K: Kind>(handle: *const K) -> Result<Arc<K::Value>, Fault> {
    K::table().get(handle)
}

/// Takes a handle back: it is stale from now on.
pub(crate) fn take_back<K: Kind>(handle: *const K) -> Result<Arc<K::Value>, Fault> {
    K::table().remove(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cup;
    struct Mug;

    impl Kind for Cup {
        type Value = u32;
        fn table() -> &'static Table<Self> {
            static TABLE: Table<Cup> = Table::new(1, "cup");
            &TABLE
        }
    }

    impl Kind for Mug {
        type Value = u32;
        fn table() -> &'static Table<Self> {
            static TABLE: Table<Mug> = Table::new(2, "mug");
            &TABLE
        }
    }

    fn status<T>(result: Result<T, Fault>) -> stockroom_status {
        result.err().map_or(stockroom_status::STOCKROOM_OK, |fault| fault.status)
    }

    #[test]
    fn a_freed_handle_stays_stale_when_its_place_is_used_again() {
        use stockroom_status::*;
        let first: *mut Cup = give(1).unwrap();
        assert_eq!(*held(first).unwrap(), 1);
        assert_eq!(*take_back(first).unwrap(), 1);
        for _ in 0..100 {
            let next: *mut Cup = give(2).unwrap();
            assert_ne!(first, next);
            assert_eq!(status(held(first)), STOCKROOM_STALE_HANDLE);
            assert_eq!(status(take_back(first)), STOCKROOM_STALE_HANDLE);
            take_back(next).unwrap();
        }
    }

    #[test]
    fn what_is_no_handle_of_the_kind_is_answered() {
        use stockroom_status::*;
        let mug: *mut Mug = give(1).unwrap();
        assert_eq!(status(held(mug.cast::<Cup>())), STOCKROOM_STALE_HANDLE);
        assert_eq!(status(held(std::ptr::null::<Mug>())), STOCKROOM_NULL_ARGUMENT);
        for number in [1, 2, 16, 0xdead_beef, usize::MAX, usize::MAX - 13, mug.addr() + 16] {
            assert_eq!(status(held(std::ptr::without_provenance::<Mug>(number))), STOCKROOM_STALE_HANDLE, "{number:x}");
        }
        let local = 7;
        assert_eq!(status(held(std::ptr::from_ref(&local).cast::<Mug>())), STOCKROOM_STALE_HANDLE);
        assert_eq!(*take_back(mug).unwrap(), 1);
    }

    #[test]
    fn a_value_lives_on_while_it_is_used() {
        let cup: *mut Cup = give(9).unwrap();
        let used = held(cup).unwrap();
        take_back(cup).unwrap();
        assert_eq!(*used, 9);
    }
}
