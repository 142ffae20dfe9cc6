//! What a case works with: a place of its own, and stores and engines on it. The store's type is hidden here,
//! so that the cases are ordinary functions that are compiled once for all backends.

use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{Result, Stockroom};

use crate::documents::NOON;
use crate::fixture::{Capabilities, Fixture};

/// A store of whatever backend is under test.
pub struct AnyStore(Box<dyn Store + Send>);

impl AnyStore {
    /// Hides the type of a store.
    pub fn new(store: impl Store + Send + 'static) -> Self {
        AnyStore(Box::new(store))
    }
}

impl Store for AnyStore {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.0.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.0.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.0.write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        self.0.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.0.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.0.freshness()
    }

    fn writes_ahead(&self) -> Option<usize> {
        self.0.writes_ahead()
    }
}

/// The engine over the store under test.
pub type Shop = Stockroom<AnyStore>;

/// An engine whose clock stands at noon.
pub(crate) fn shop_over(store: AnyStore) -> Shop {
    Stockroom::new(store, || NOON)
}

/// The place of one case.
pub struct Bench<'f> {
    open: Box<dyn Fn() -> AnyStore + Sync + 'f>,
    capabilities: Capabilities,
}

impl<'f> Bench<'f> {
    pub(crate) fn new<F: Fixture>(fixture: &'f F, place: &'f F::Place) -> Self {
        let open = Box::new(|| AnyStore::new(fixture.open(place)));
        Bench { open, capabilities: fixture.capabilities() }
    }

    /// Opens a store on the place. A case calls it once, or, where the backend is shared, as often as it
    /// likes.
    pub fn store(&self) -> AnyStore {
        (self.open)()
    }

    /// An engine over [`Bench::store`].
    pub fn shop(&self) -> Shop {
        shop_over(self.store())
    }

    /// The same state under a new engine that remembers nothing, over a store opened anew where the backend is
    /// durable.
    pub fn restart(&self, shop: Shop) -> Shop {
        let store = shop.into_store();
        if !self.capabilities.durable {
            return shop_over(store);
        }
        drop(store);
        self.shop()
    }
}
