//! One case of the suite: its name, what it needs of a backend, and the function that it is.

use crate::bench::Bench;
use crate::fixture::{Capabilities, Fixture};

/// What a case needs of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Every backend runs it.
    Nothing,
    /// [`Capabilities::durable`].
    Durable,
    /// [`Capabilities::shared`].
    Shared,
}

impl Needed {
    pub(crate) fn met_by(self, capabilities: Capabilities) -> bool {
        match self {
            Needed::Nothing => true,
            Needed::Durable => capabilities.durable,
            Needed::Shared => capabilities.shared,
        }
    }
}

/// One case of the suite.
#[derive(Debug)]
pub struct Case {
    name: &'static str,
    needs: Needed,
    function: fn(&Bench<'_>),
}

impl Case {
    pub(crate) const fn new(name: &'static str, needs: Needed, function: fn(&Bench<'_>)) -> Self {
        Case { name, needs, function }
    }

    /// The name, as `topic::function`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it needs of a backend.
    pub fn needs(&self) -> Needed {
        self.needs
    }

    /// Runs the case in a place of its own.
    ///
    /// # Panics
    /// Where the backend does not do what the case expects.
    pub fn run<F: Fixture>(&self, fixture: &F) {
        let place = fixture.create();
        (self.function)(&Bench::new(fixture, &place));
    }
}

/// A topic's table of cases: functions of the file, each with what it needs where that is anything. A function
/// that is left out is dead code, which the compiler reports.
macro_rules! cases {
    ($topic:ident: $($function:ident $(($needs:ident))?),* $(,)?) => {
        pub(crate) const CASES: &[$crate::case::Case] = &[$(
            $crate::case::Case::new(
                concat!(stringify!($topic), "::", stringify!($function)),
                cases!(@needs $($needs)?),
                $function,
            )
        ),*];
    };
    (@needs) => { $crate::case::Needed::Nothing };
    (@needs $needs:ident) => { $crate::case::Needed::$needs };
}

pub(crate) use cases;
