//! Callers in several processes on one database, who all want the last units and send again what they have no answer for:
//! every interleaving of reading, committing, answering and dying. The model is abstract, since the engine commits in one
//! piece; what can be promised is reckoned by the engine's own `Stock::available`. It says which of the parts of a commit
//! are needed: the guard over what was read, the key written with the effect, the answer after the commit.

use stateright::{Model, Property};
use stockroom::inventory::Stock;

use crate::{breaks, holds};

const CALLERS: usize = 4;
const UNITS: i64 = 2;
/// How often each caller's process dies, at most.
const CRASHES: u8 = 2;

/// What is left out, in a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// A commit looks whether anything changed since it was read.
    Guard,
    /// The effect's name is written with the effect.
    Key,
    /// Nothing is answered before it is committed.
    CommitFirst,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Commits {
    without: Option<Without>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Caller {
    /// It has sent its order, for the first time or again.
    Sent,
    /// Its process has read the rows at this version, and decided.
    Decided { version: u8, claims: bool, known: bool },
    /// It is committed, and the answer is on its way.
    Committed { accepted: bool },
    /// It has its answer.
    Answered { accepted: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    version: u8,
    /// Claims in the database by the caller whose order made them.
    claims: [u8; CALLERS],
    /// Keys in the database, with their answers.
    keys: [Option<bool>; CALLERS],
    callers: Vec<Caller>,
    crashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Read(usize),
    Commit(usize),
    Answer(usize),
    /// The process dies, or its answer is lost: the caller sends again.
    Crash(usize),
}

impl State {
    fn stock(&self) -> Stock {
        let allocated = self.claims.iter().map(|units| i64::from(*units)).sum();
        Stock { on_hand: UNITS, allocated, ..Stock::default() }
    }

    fn is_over(&self) -> bool {
        self.callers.iter().all(|caller| matches!(caller, Caller::Answered { .. }))
    }
}

impl Model for Commits {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let callers = vec![Caller::Sent; CALLERS];
        vec![State { version: 0, claims: [0; CALLERS], keys: [None; CALLERS], callers, crashes: 0 }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        for (index, caller) in state.callers.iter().enumerate() {
            match caller {
                Caller::Sent => steps.push(Step::Read(index)),
                Caller::Decided { .. } => steps.extend([Step::Commit(index), Step::Crash(index)]),
                Caller::Committed { .. } => steps.extend([Step::Answer(index), Step::Crash(index)]),
                Caller::Answered { .. } => {}
            }
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut next = last.clone();
        match step {
            Step::Read(index) => {
                let known = last.keys[index];
                let claims = known.unwrap_or(last.stock().available() >= 1);
                next.callers[index] = match self.without {
                    // Who answers first has nothing to lose but the order.
                    Some(Without::CommitFirst) if known.is_none() => Caller::Answered { accepted: claims },
                    _ => Caller::Decided { version: last.version, claims, known: known.is_some() },
                };
            }
            Step::Commit(index) => {
                let Caller::Decided { version, claims, known } = last.callers[index] else { return None };
                if known {
                    next.callers[index] = Caller::Committed { accepted: claims };
                } else if version != last.version && self.without != Some(Without::Guard) {
                    // Somebody else wrote: it is read and decided anew.
                    next.callers[index] = Caller::Sent;
                } else {
                    next.claims[index] += u8::from(claims);
                    next.keys[index] = Some(claims).filter(|_| self.without != Some(Without::Key));
                    next.version += 1;
                    next.callers[index] = Caller::Committed { accepted: claims };
                }
            }
            Step::Answer(index) => {
                let Caller::Committed { accepted } = last.callers[index] else { return None };
                next.callers[index] = Caller::Answered { accepted };
            }
            Step::Crash(index) => {
                if last.crashes == CRASHES {
                    return None;
                }
                next.crashes += 1;
                next.callers[index] = Caller::Sent;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("NEVER-OVERSOLD", |_, state: &State| state.stock().available() >= 0),
            Property::always("NO-DOUBLE-CLAIM", |_, state: &State| state.claims.iter().all(|units| *units <= 1)),
            Property::always("WHAT-IS-ANSWERED-IS-THERE", |_, state: &State| {
                state.callers.iter().zip(&state.claims).all(|(caller, units)| match caller {
                    Caller::Answered { accepted } => *accepted == (*units > 0),
                    _ => true,
                })
            }),
            // Paths of this model have an end: callers are answered once, and processes die so often and no oftener.
            Property::eventually("EVERY-ORDER-ENDS", |_, state: &State| state.is_over()),
            Property::sometimes("all units are sold", |_, state: &State| state.stock().available() == 0),
            Property::sometimes("all are answered after every crash", |_, state: &State| {
                state.crashes == CRASHES && state.is_over()
            }),
        ]
    }
}

#[test]
fn commits_hold() {
    holds("commits", Commits { without: None });
}

#[test]
fn every_part_of_a_commit_is_needed() {
    for (without, property) in [
        (Without::Guard, "NEVER-OVERSOLD"),
        (Without::Key, "NO-DOUBLE-CLAIM"),
        (Without::CommitFirst, "WHAT-IS-ANSWERED-IS-THERE"),
    ] {
        breaks(&format!("a commit without {without:?}"), property, Commits { without: Some(without) });
    }
}
