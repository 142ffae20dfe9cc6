//! What a backend says about itself so that the suite can run over it.

use stockroom::ports::Store;

/// What a backend can do. It selects the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// A store that is opened on a place after another was dropped sees what that one committed.
    pub durable: bool,
    /// Several stores can be open on one place at a time, from several threads, and see each other's commits.
    pub shared: bool,
}

/// A backend: how to make a place for data, and how to open a store on it.
pub trait Fixture: Send + Sync + 'static {
    /// Where one case keeps its data; dropping it clears up. A directory, a schema, or nothing.
    type Place: Send + Sync;

    /// The store under test.
    type Store: Store + Send + 'static;

    /// What the backend can do.
    fn capabilities(&self) -> Capabilities;

    /// A place that is fresh and empty and that no other case uses.
    fn create(&self) -> Self::Place;

    /// Opens a store on a place. Backends that are not durable open an empty one each time.
    fn open(&self, place: &Self::Place) -> Self::Store;
}
