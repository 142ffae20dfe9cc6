//! Choosing the locations that serve an order. Pure: what is free where comes in, an order of locations
//! goes out.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::channel::Sourcing;
use crate::ids::{LocationNumber, SkuNumber, StockNumber};
use crate::inventory::{Component, takes};

/// Units of one SKU or bundle that are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    pub(crate) sku: SkuNumber,
    pub(crate) components: &'a [Component],
    pub(crate) quantity: i64,
}

/// Units free to be claimed, by stock row. What is not named has none.
pub(crate) type FreeUnits = FxHashMap<StockNumber, i64>;

/// The work, as demands looked at, beyond which the fewest locations are sought greedily.
const EXACT_WORK_MAX: usize = 200_000;
/// The locations beyond which they are sought greedily.
const EXACT_LOCATIONS_MAX: usize = 16;

/// The locations to try, in order. With [`Sourcing::FewestSplits`] the chosen few come first, in the order
/// given, and then the others, for what the chosen cannot serve.
///
/// The fewest are found exactly among up to 16 locations while that is quick (200,000 steps), else greedily:
/// the location that serves most units first.
pub(crate) fn choose<'l>(
    sourcing: Sourcing,
    locations: &'l [LocationNumber],
    demands: &[Demand<'_>],
    free: &FreeUnits,
) -> Cow<'l, [LocationNumber]> {
    if sourcing == Sourcing::Priority || locations.len() < 2 {
        return Cow::Borrowed(locations);
    }
    let chosen = fewest_exactly(locations, demands, free).unwrap_or_else(|| fewest_greedily(locations, demands, free));
    let others = locations.iter().filter(|location| !chosen.contains(location));
    Cow::Owned(chosen.iter().chain(others).copied().collect())
}

/// The smallest set that serves everything, the first in the order of the locations among equals; `None`
/// where there is none or the search would be long.
fn fewest_exactly(
    locations: &[LocationNumber],
    demands: &[Demand<'_>],
    free: &FreeUnits,
) -> Option<Vec<LocationNumber>> {
    let useful: Vec<LocationNumber> =
        locations.iter().copied().filter(|location| served(&[*location], demands, free) > 0).collect();
    let wanted: i64 = demands.iter().map(|demand| demand.quantity).sum();
    if useful.len() > EXACT_LOCATIONS_MAX || served(&useful, demands, free) < wanted {
        return None;
    }
    let mut work = 0;
    for size in 1..=useful.len() {
        let mut picks: Vec<usize> = (0..size).collect();
        loop {
            let set: Vec<LocationNumber> = picks.iter().map(|index| useful[*index]).collect();
            if served(&set, demands, free) == wanted {
                return Some(set);
            }
            work += size * demands.len();
            if work > EXACT_WORK_MAX {
                return None;
            }
            if !next_combination(&mut picks, useful.len()) {
                break;
            }
        }
    }
    None
}

/// Steps to the next combination in lexicographic order.
fn next_combination(picks: &mut [usize], of: usize) -> bool {
    let size = picks.len();
    for index in (0..size).rev() {
        if picks[index] < of - size + index {
            picks[index] += 1;
            for after in index + 1..size {
                picks[after] = picks[after - 1] + 1;
            }
            return true;
        }
    }
    false
}

fn fewest_greedily(locations: &[LocationNumber], demands: &[Demand<'_>], free: &FreeUnits) -> Vec<LocationNumber> {
    let mut chosen: Vec<LocationNumber> = Vec::new();
    let mut so_far = 0;
    loop {
        let mut best = None;
        for location in locations {
            if chosen.contains(location) {
                continue;
            }
            chosen.push(*location);
            let total = served(&chosen, demands, free);
            chosen.pop();
            if total > best.map_or(so_far, |(total, _)| total) {
                best = Some((total, *location));
            }
        }
        let Some((total, location)) = best else {
            return chosen;
        };
        so_far = total;
        chosen.push(location);
    }
}

/// How many of the wanted units a set of locations serves, taking line after line from location after
/// location as allocating does.
fn served(set: &[LocationNumber], demands: &[Demand<'_>], free: &FreeUnits) -> i64 {
    let mut taken: FreeUnits = FreeUnits::default();
    let mut total = 0;
    for demand in demands {
        let mut wanted = demand.quantity;
        for location in set {
            let takes = takes(demand.sku, demand.components).map(|(sku, per)| (StockNumber::of(sku, *location), per));
            let left = |number: StockNumber, taken: &FreeUnits| {
                free.get(&number).copied().unwrap_or(0) - taken.get(&number).copied().unwrap_or(0)
            };
            let units = takes.clone().map(|(number, per)| left(number, &taken).div_euclid(per)).min().unwrap_or(0);
            let units = units.clamp(0, wanted);
            if units > 0 {
                takes.for_each(|(number, per)| *taken.entry(number).or_default() += per * units);
                wanted -= units;
                total += units;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Free units by SKU (rows) and location (columns), and what is wanted of each SKU.
    fn chosen(free: &[&[i64]], wanted: &[i64]) -> Vec<u64> {
        let locations: Vec<_> = (1..=free[0].len() as u64).map(LocationNumber).collect();
        let mut units = FreeUnits::default();
        for (sku, row) in (1..).map(SkuNumber).zip(free) {
            for (location, quantity) in locations.iter().zip(*row) {
                units.insert(StockNumber::of(sku, *location), *quantity);
            }
        }
        let demands: Vec<_> = (1..)
            .map(SkuNumber)
            .zip(wanted)
            .map(|(sku, quantity)| Demand { sku, components: &[], quantity: *quantity })
            .collect();
        let order = choose(Sourcing::FewestSplits, &locations, &demands, &units);
        assert_eq!(order.len(), locations.len(), "every location is still tried");
        order.iter().map(|location| location.0).collect()
    }

    #[test]
    fn fewest_splits_cases() {
        // (free by SKU and location, wanted by SKU, order of locations)
        type Case<'a> = (&'a [&'a [i64]], &'a [i64], &'a [u64]);
        let cases: &[Case<'_>] = &[
            // One location has all: it comes first although another has priority.
            (&[&[1, 5], &[0, 5]], &[1, 1], &[2, 1]),
            // Two have all: the channel's order decides.
            (&[&[5, 5]], &[3], &[1, 2]),
            // No one alone; the only pair that serves is 2 and 3.
            (&[&[1, 2, 0], &[0, 0, 2]], &[2, 2], &[2, 3, 1]),
            // Greedy would take 1 first (most units) and need three; the exact search finds the pair.
            (&[&[2, 3, 0], &[2, 0, 3], &[2, 3, 0], &[2, 0, 3]], &[3, 3, 3, 3], &[2, 3, 1]),
            // It cannot be served in full: most units first, then what adds most.
            (&[&[1, 4, 2]], &[9], &[2, 3, 1]),
            // Nothing anywhere: the channel's order stays.
            (&[&[0, 0]], &[1], &[1, 2]),
            // Negative (backordered) rows count as nothing.
            (&[&[-3, 1]], &[1], &[2, 1]),
        ];
        for (free, wanted, order) in cases {
            assert_eq!(&chosen(free, wanted), order, "free {free:?}, wanted {wanted:?}");
        }
    }

    #[test]
    fn many_locations_are_sought_greedily_and_still_serve() {
        let free: Vec<i64> = (0..40).map(|i| i64::from(i % 7 == 6) * 10).collect();
        let order = chosen(&[&free], &[30]);
        assert_eq!(&order[..3], &[7, 14, 21]);
    }

    #[test]
    fn two_lines_of_one_sku_share_its_units() {
        let locations = [LocationNumber(1), LocationNumber(2)];
        let mut free = FreeUnits::default();
        free.insert(StockNumber::of(SkuNumber(1), locations[0]), 3);
        free.insert(StockNumber::of(SkuNumber(1), locations[1]), 4);
        let line = Demand { sku: SkuNumber(1), components: &[], quantity: 2 };
        let order = choose(Sourcing::FewestSplits, &locations, &[line, line], &free);
        assert_eq!(*order, [locations[1], locations[0]]);
    }
}
