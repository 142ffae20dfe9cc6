//! Weaves mutants into the text of a file: every place that some change holds the changed texts beside its own, and a switch
//! tells at run time which of them counts. Text outside of such places stays as it is. Pure: it knows no Rust but that of
//! the switch.

use std::collections::BTreeMap;
use std::ops::Range;

/// A mutant by its place in the list, from one.
pub(super) type Id = u32;

/// How one mutant is put into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    /// Another expression in place of one.
    Instead { range: Range<usize>, text: String },
    /// The function that begins here returns at once.
    Early { at: usize, value: String },
    /// The match arm whose pattern ends here, and has no guard, matches nothing.
    Unmatched { at: usize },
}

/// A file with its mutants.
#[derive(Debug, Default)]
pub(super) struct Woven {
    pub(super) text: String,
    /// Where the text of each mutant is. They do not overlap.
    variants: Vec<(Range<usize>, Id)>,
    /// Where the places are that have mutants. They nest.
    places: Vec<(Range<usize>, Vec<Id>)>,
}

impl Woven {
    /// The mutant in whose text a range begins.
    pub(super) fn variant_at(&self, range: &Range<usize>) -> Option<Id> {
        self.variants.iter().find(|(variant, _)| variant.contains(&range.start)).map(|(_, id)| *id)
    }

    /// The mutants of the smallest place that holds a range.
    pub(super) fn place_at(&self, range: &Range<usize>) -> Option<&[Id]> {
        let holding = self.places.iter().filter(|(place, _)| place.start <= range.start && range.end <= place.end);
        holding.min_by_key(|(place, _)| place.len()).map(|(_, ids)| ids.as_slice())
    }
}

/// A place that has mutants: first by its start, what is put in before what is replaced, and the wide before the narrow.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    start: usize,
    replaces: bool,
    end: std::cmp::Reverse<usize>,
}

/// Puts edits into a text. Those that replace something must nest or be apart.
pub(super) fn weave(text: &str, edits: &[(Id, Edit)]) -> Woven {
    let mut places: BTreeMap<Key, Vec<(Id, &Edit)>> = BTreeMap::new();
    for (id, edit) in edits {
        let (range, replaces) = match edit {
            Edit::Instead { range, .. } => (range.clone(), true),
            Edit::Early { at, .. } | Edit::Unmatched { at } => (*at..*at, false),
        };
        let key = Key { start: range.start, replaces, end: std::cmp::Reverse(range.end) };
        places.entry(key).or_default().push((*id, edit));
    }
    let places: Vec<_> = places.into_iter().collect();
    let mut woven = Woven::default();
    let mut rest = places.as_slice();
    woven.render(text, 0..text.len(), &mut rest);
    woven
}

impl Woven {
    /// Writes a range of the original, with the places that are in it; they are taken off the front of `places`.
    fn render(&mut self, original: &str, range: Range<usize>, places: &mut &[(Key, Vec<(Id, &Edit)>)]) {
        let mut done = range.start;
        while let Some(((key, edits), rest)) = places.split_first() {
            if key.start >= range.end {
                break;
            }
            *places = rest;
            self.text.push_str(&original[done..key.start]);
            done = key.end.0;
            let start = self.text.len();
            if key.replaces {
                self.text.push('(');
            }
            for (id, edit) in edits {
                self.variant(*id, edit);
            }
            if key.replaces {
                self.text.push_str("{ ");
                self.render(original, key.start..key.end.0, places);
                self.text.push_str(" })");
            }
            self.places.push((start..self.text.len(), edits.iter().map(|(id, _)| *id).collect()));
        }
        self.text.push_str(&original[done..range.end]);
    }

    fn variant(&mut self, id: Id, edit: &Edit) {
        let start = self.text.len();
        let text = match edit {
            Edit::Instead { text, .. } => format!("if crate::mutant::on({id}) {{ {text} }}"),
            Edit::Early { value, .. } => format!("if crate::mutant::on({id}) {{ return {value}; }}"),
            Edit::Unmatched { .. } => format!(" if !crate::mutant::on({id})"),
        };
        self.text.push_str(&text);
        self.variants.push((start..self.text.len(), id));
        self.text.push_str(match edit {
            Edit::Instead { .. } => " else ",
            Edit::Early { .. } => " ",
            Edit::Unmatched { .. } => "",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instead(text: &str, part: &str, by: &str) -> Edit {
        let start = text.find(part).expect("the part is there");
        Edit::Instead { range: start..start + part.len(), text: by.into() }
    }

    #[test]
    fn texts_are_woven() {
        let sum = "fn f() -> i32 { a + b * c }";
        let arm = "match x { 1 => a, _ => b }";
        let cases: [(&str, Vec<Edit>, &str); 5] = [
            (sum, vec![], sum),
            (
                sum,
                vec![
                    instead(sum, "b * c", "b / c"),
                    instead(sum, "b * c", "b + c"),
                    instead(sum, "a + b * c", "a - b * c"),
                ],
                "fn f() -> i32 { (if crate::mutant::on(3) { a - b * c } else { a + (if crate::mutant::on(1) { b / c } else if crate::mutant::on(2) { b + c } else { b * c }) }) }",
            ),
            (
                sum,
                vec![
                    instead(sum, "a + b * c", "a - b * c"),
                    Edit::Early { at: 16, value: "0".into() },
                    Edit::Early { at: 16, value: "1".into() },
                ],
                "fn f() -> i32 { if crate::mutant::on(2) { return 0; } if crate::mutant::on(3) { return 1; } (if crate::mutant::on(1) { a - b * c } else { a + b * c }) }",
            ),
            (arm, vec![Edit::Unmatched { at: 11 }], "match x { 1 if !crate::mutant::on(1) => a, _ => b }"),
            (
                "a == b",
                vec![instead("a == b", "a == b", "a != b")],
                "(if crate::mutant::on(1) { a != b } else { a == b })",
            ),
        ];
        for (text, edits, expected) in cases {
            let edits: Vec<_> = (1..).zip(edits).collect();
            assert_eq!(weave(text, &edits).text, expected);
        }
    }

    #[test]
    fn what_is_wrong_is_found_in_the_woven_text() {
        let text = "a + b * c";
        let edits = [(1, instead(text, text, "a - b * c")), (2, instead(text, "b * c", "b / c"))];
        let woven = weave(text, &edits);
        let of = |part: &str| {
            let start = woven.text.find(part).expect("the part is there");
            start..start + part.len()
        };
        assert_eq!(woven.variant_at(&of("a - b * c")), Some(1));
        assert_eq!(woven.variant_at(&of("b / c")), Some(2));
        assert_eq!(woven.variant_at(&of("a + ")), None);
        assert_eq!(woven.place_at(&of("a + ")), Some([1].as_slice()));
        assert_eq!(woven.place_at(&of("{ b * c }")), Some([2].as_slice()));
    }
}
