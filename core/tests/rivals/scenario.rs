//! What a scenario is: a known way to sell what is not there, or to lose or double an order; who reported it; what must
//! hold here. And what must make it fail, so that it is known to look.

use stockroom::planted::Planted;

use crate::peer::Flaw;
use crate::scenarios;
use crate::shop::Shop;

pub(crate) struct Scenario {
    /// Its name, which is that of its function.
    pub(crate) name: &'static str,
    /// Public reports, as `owner/repository#number`.
    pub(crate) reports: &'static [&'static str],
    /// What others did, in one sentence.
    pub(crate) others: &'static str,
    /// What must hold here, in one sentence.
    pub(crate) here: &'static str,
    pub(crate) run: fn(&mut Shop),
    /// What makes it fail.
    pub(crate) noticed: &'static [Wrong],
}

/// Something wrong that a scenario has to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A bug planted in the engine's rules.
    Bug(Planted),
    /// The same on a file that two engines share.
    BugOnFile(Planted),
    /// A peer that does what the reports tell of.
    Peer(Flaw),
}

impl Wrong {
    /// Its name in the tests and in the docs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Wrong::Bug(bug) | Wrong::BugOnFile(bug) => bug.name(),
            Wrong::Peer(flaw) => flaw.name(),
        }
    }
}

/// Every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    [scenarios::selling::ALL, scenarios::holding::ALL, scenarios::shipping::ALL, scenarios::telling::ALL]
        .into_iter()
        .flatten()
        .map(|scenario| Scenario { ..*scenario })
        .collect()
}
