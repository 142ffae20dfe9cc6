//! Finds for each mutant of a file what expression it changes, and what stands there instead. cargo-mutants names the
//! operator alone; what is woven is the whole expression, with the operands as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Arm, BinOp, Expr, ExprBinary, ExprConst, ExprMatch, ExprRepeat, ExprStruct, ExprUnary, ImplItemConst, ImplItemFn,
    ItemConst, ItemFn, ItemStatic, Pat, Signature, TraitItemConst, TraitItemFn, TypeArray, Variant,
};

use super::list::{Genre, Mutant};
use super::weave::{Edit, Id};

/// Why a mutant cannot be woven.
pub(super) const CONSTANT: &str = "in what is evaluated at compile time";
pub(super) const LET_CHAIN: &str = "joins a `let`";
pub(super) const NEEDED: &str = "no arm takes whatever is left";
pub(super) const HIDDEN_TYPE: &str = "the result is `impl` of a trait";
pub(super) const NOT_FOUND: &str = "not found in the file";

/// What becomes of the mutants of a file.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) edits: Vec<(Id, Edit)>,
    /// With the reason.
    pub(super) not_woven: Vec<(Id, &'static str)>,
}

/// Finds the mutants of one file.
pub(super) fn find(text: &str, mutants: &[(Id, &Mutant)]) -> Result<Places> {
    let file = syn::parse_file(text).context("this is not Rust")?;
    let mut finder = Finder { text, ..Finder::default() };
    for (id, mutant) in mutants {
        if let Some(range) = mutant.range(text) {
            finder.sought.entry((genre_order(mutant.genre), range.start)).or_default().push((*id, mutant, range));
        }
    }
    finder.visit_file(&file);
    finder.early();
    let Finder { mut found, .. } = finder;
    let known: BTreeSet<Id> =
        found.edits.iter().map(|(id, _)| *id).chain(found.not_woven.iter().map(|(id, _)| *id)).collect();
    found.not_woven.extend(mutants.iter().filter(|(id, _)| !known.contains(id)).map(|(id, _)| (*id, NOT_FOUND)));
    Ok(found)
}

fn genre_order(genre: Genre) -> u8 {
    genre as u8
}

type Sought<'a> = (Id, &'a Mutant, Range<usize>);

#[derive(Default)]
struct Finder<'a> {
    text: &'a str,
    /// By genre and the start of the span.
    sought: BTreeMap<(u8, usize), Vec<Sought<'a>>>,
    /// What is evaluated at compile time, where no switch can be read.
    constants: Vec<Range<usize>>,
    found: Places,
}

impl<'a> Finder<'a> {
    fn at(&self, genre: Genre, start: usize) -> Vec<Sought<'a>> {
        self.sought.get(&(genre_order(genre), start)).cloned().unwrap_or_default()
    }

    fn source(&self, part: &impl Spanned) -> &'a str {
        &self.text[part.span().byte_range()]
    }

    fn is_constant(&self, at: usize) -> bool {
        self.constants.iter().any(|range| range.contains(&at))
    }

    /// Notes an edit, where a switch can be read.
    fn push(&mut self, id: Id, at: usize, edit: Edit) {
        if self.is_constant(at) {
            self.found.not_woven.push((id, CONSTANT));
        } else {
            self.found.edits.push((id, edit));
        }
    }

    fn constant(&mut self, part: &impl Spanned) {
        self.constants.push(part.span().byte_range());
    }

    fn body(&mut self, signature: &Signature, body: &impl Spanned) {
        if signature.constness.is_some() {
            self.constant(body);
        }
    }

    /// Functions that return at once. Only now are all constants known.
    fn early(&mut self) {
        let functions = genre_order(Genre::FnValue);
        let sought: Vec<_> =
            self.sought.range((functions, 0)..(functions + 1, 0)).flat_map(|(_, it)| it.clone()).collect();
        for (id, mutant, range) in sought {
            if mutant.is_of_hidden_type() {
                self.found.not_woven.push((id, HIDDEN_TYPE));
            } else {
                self.push(id, range.start, Edit::Early { at: range.start, value: mutant.replacement.clone() });
            }
        }
    }

    /// An arm of a match, which may have another that takes whatever is left: an arm with a guard counts for nothing when
    /// the compiler sees whether all is taken.
    fn arm(&mut self, arm: &Arm, has_rest: bool) {
        let start = arm.span().byte_range().start;
        let deleted = self.at(Genre::MatchArm, start);
        let Pat::Guard(guarded) = &arm.pat else {
            let at = arm.pat.span().byte_range().end;
            for (id, ..) in deleted {
                if has_rest {
                    self.push(id, at, Edit::Unmatched { at });
                } else {
                    self.found.not_woven.push((id, NEEDED));
                }
            }
            return;
        };
        let range = guarded.guard.span().byte_range();
        let replaced = self.at(Genre::MatchArmGuard, range.start);
        let has_let = joins_let(&guarded.guard);
        let texts = deleted.iter().map(|(id, ..)| (*id, "false".to_owned()));
        let texts = texts.chain(replaced.iter().map(|(id, mutant, _)| (*id, mutant.replacement.clone())));
        for (id, text) in texts.collect::<Vec<_>>() {
            if has_let {
                self.found.not_woven.push((id, LET_CHAIN));
            } else {
                self.push(id, range.start, Edit::Instead { range: range.clone(), text });
            }
        }
    }
}

/// Whether a pattern takes every value. A name that begins with a capital is a constant's or a variant's.
fn takes_all(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(name) => name.subpat.is_none() && name.ident.to_string().starts_with(|c: char| !c.is_uppercase()),
        Pat::Paren(inner) => takes_all(&inner.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(takes_all),
        _ => false,
    }
}

/// Whether a `let` is among the conditions that an expression joins, so that it may stand only where it does.
fn joins_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(ExprBinary { left, op: BinOp::And(_) | BinOp::Or(_), right, .. }) => {
            joins_let(left) || joins_let(right)
        }
        _ => false,
    }
}

impl<'a, 'ast> Visit<'ast> for Finder<'a> {
    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let range = binary.span().byte_range();
        let has_let = joins_let(&binary.left) || joins_let(&binary.right);
        for (id, mutant, _) in self.at(Genre::BinaryOperator, binary.op.span().byte_range().start) {
            if has_let {
                self.found.not_woven.push((id, LET_CHAIN));
                continue;
            }
            let (left, right) = (self.source(&binary.left), self.source(&binary.right));
            let text = format!("({left}) {} ({right})", mutant.replacement);
            self.push(id, range.start, Edit::Instead { range: range.clone(), text });
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let range = unary.span().byte_range();
        for (id, mutant, _) in self.at(Genre::UnaryOperator, range.start) {
            let text = format!("{}{}", mutant.replacement, self.source(&unary.expr));
            self.push(id, range.start, Edit::Instead { range: range.clone(), text });
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_struct(&mut self, made: &'ast ExprStruct) {
        let range = made.span().byte_range();
        for field in &made.fields {
            for (id, mutant, span) in self.at(Genre::StructField, field.span().byte_range().start) {
                let (before, after) = (&self.text[range.start..span.start], &self.text[span.end..range.end]);
                let text = format!("{before}{}{after}", mutant.replacement);
                self.push(id, range.start, Edit::Instead { range: range.clone(), text });
            }
        }
        visit::visit_expr_struct(self, made);
    }

    fn visit_expr_match(&mut self, matched: &'ast ExprMatch) {
        let has_rest = matched.arms.iter().any(|arm| takes_all(&arm.pat));
        matched.arms.iter().for_each(|arm| self.arm(arm, has_rest));
        visit::visit_expr_match(self, matched);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.body(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.body(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        self.body(&function.sig, &function.default);
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.constant(item);
        visit::visit_item_const(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        self.constant(item);
        visit::visit_item_static(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast ImplItemConst) {
        self.constant(item);
        visit::visit_impl_item_const(self, item);
    }

    fn visit_trait_item_const(&mut self, item: &'ast TraitItemConst) {
        self.constant(item);
        visit::visit_trait_item_const(self, item);
    }

    fn visit_expr_const(&mut self, block: &'ast ExprConst) {
        self.constant(block);
        visit::visit_expr_const(self, block);
    }

    fn visit_expr_repeat(&mut self, array: &'ast ExprRepeat) {
        self.constant(&array.len);
        visit::visit_expr_repeat(self, array);
    }

    fn visit_type_array(&mut self, array: &'ast TypeArray) {
        self.constant(&array.len);
        visit::visit_type_array(self, array);
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.constant(variant);
        visit::visit_variant(self, variant);
    }
}

#[cfg(test)]
mod tests {
    use super::super::weave::weave;
    use super::*;
    use serde_json::json;

    /// The mutant that replaces the first `part` of the text, with `^` before it where that is not the first.
    fn mutant(text: &str, genre: &str, part: &str, replacement: &str) -> Mutant {
        let at = text.find(part).expect("the part is there");
        let line = text[..at].matches('\n').count() + 1;
        let column = at - text[..at].rfind('\n').map_or(0, |at| at + 1) + 1;
        let span = json!({ "start": { "line": line, "column": column }, "end": { "line": line, "column": column + part.len() } });
        let returned = text.split_once("->").map_or("", |(_, rest)| rest.split('{').next().unwrap_or_default());
        let said = json!({
            "file": "a.rs", "name": part, "genre": genre, "replacement": replacement, "span": span,
            "function": { "return_type": returned },
        });
        serde_json::from_value(said).expect("a mutant")
    }

    #[test]
    fn places_are_found() {
        let cases = [
            ("fn f() { a + b * c; }", "BinaryOperator", "*", "/", "fn f() { a + (@(b) / (c) @ b * c }); }"),
            ("fn f() { x.y -= 1; }", "BinaryOperator", "-=", "+=", "fn f() { (@(x.y) += (1) @ x.y -= 1 }); }"),
            ("fn f() { if !x.y() {} }", "UnaryOperator", "!", "", "fn f() { if (@x.y() @ !x.y() }) {} }"),
            (
                "fn f() { if let A = b && c == d {} }",
                "BinaryOperator",
                "==",
                "!=",
                "fn f() { if let A = b && (@(c) != (d) @ c == d }) {} }",
            ),
            (
                "fn f() { match x { A if b => c, _ => d } }",
                "MatchArmGuard",
                "b",
                "true",
                "fn f() { match x { A if (@true @ b }) => c, _ => d } }",
            ),
            (
                "fn f() { match x { A if b => c, _ => d } }",
                "MatchArm",
                "A if b => c,",
                "",
                "fn f() { match x { A if (@false @ b }) => c, _ => d } }",
            ),
            (
                "fn f() { match x { A | B => c, _ => d } }",
                "MatchArm",
                "A | B => c,",
                "",
                "fn f() { match x { A | B if !crate::mutant::on(1) => c, _ => d } }",
            ),
            (
                "fn f() { S { a: 1, b, ..s }; }",
                "StructField",
                "a: 1,",
                "",
                "fn f() { (@S {  b, ..s } @ S { a: 1, b, ..s } }); }",
            ),
            (
                "fn f() -> u8 { 1; 2 }",
                "FnValue",
                "1; 2",
                "0",
                "fn f() -> u8 { if crate::mutant::on(1) { return 0; } 1; 2 }",
            ),
        ];
        for (text, genre, part, replacement, expected) in cases {
            let mutant = mutant(text, genre, part, replacement);
            let places = find(text, &[(1, &mutant)]).expect("Rust");
            assert_eq!(places.not_woven, [], "{text}");
            let expected = expected.replacen('@', "if crate::mutant::on(1) { ", 1).replacen(" @", " } else {", 1);
            assert_eq!(weave(text, &places.edits).text, expected);
        }
    }

    #[test]
    fn what_cannot_be_woven_is_told_with_the_reason() {
        let cases = [
            ("const A: u8 = 1 + 2;", "BinaryOperator", "+", CONSTANT),
            ("const fn f() -> u8 { 1 + 2 }", "BinaryOperator", "+", CONSTANT),
            ("const fn f() -> u8 { 1 + 2 }", "FnValue", "1 + 2", CONSTANT),
            ("fn f() { let a = [0; 1 + 2]; }", "BinaryOperator", "+", CONSTANT),
            ("enum E { A = 1 + 2 }", "BinaryOperator", "+", CONSTANT),
            ("fn f() { if let A = b && c == d {} }", "BinaryOperator", "&&", LET_CHAIN),
            ("fn f() -> impl Iterator<Item = u8> { x() }", "FnValue", "x()", HIDDEN_TYPE),
            ("fn f() { match x { A => b, _ if c => d, B => e } }", "MatchArm", "A => b,", NEEDED),
            ("fn f() { m!(a + b); }", "BinaryOperator", "+", NOT_FOUND),
        ];
        for (text, genre, part, reason) in cases {
            let mutant = mutant(text, genre, part, "-");
            let places = find(text, &[(1, &mutant)]).expect("Rust");
            assert_eq!((places.edits, places.not_woven), (vec![], vec![(1, reason)]), "{text}");
        }
    }
}
