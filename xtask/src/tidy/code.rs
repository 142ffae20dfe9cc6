//! Rules about what code may use: library code never panics on its own account, and the core asks nothing
//! of the machine. Tests are free of both; how they are told apart is in `lex.rs`.

use std::collections::BTreeSet;

use super::Finding;
use super::lex::{Kind, Lexed, Token, lex};
use crate::workspace::SourceFile;

const PANICKING_METHODS: &[&str] = &["unwrap", "expect"];
const PANICKING_MACROS: &[&str] = &["panic", "unreachable"];

const MACHINE_TYPES: &[&str] = &["SystemTime", "Instant"];
const MACHINE_MODULES: &[&str] = &["fs", "net", "thread", "env"];
const FLOAT_TYPES: &[&str] = &["f32", "f64"];

/// Hands on what serde calls it with, floats too, and reckons with none.
const HANDS_FLOATS_ON: &str = "core/src/json_reader.rs";

/// Checks the library files among the sources.
pub(super) fn check(sources: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut lexed_sources = Vec::new();
    let mut only_in_tests = BTreeSet::new();
    for source in sources.iter().filter(|source| is_library(&source.path)) {
        match lex(&source.text) {
            Ok(lexed) => {
                only_in_tests.extend(lexed.test_modules.iter().map(|name| module_stem(&source.path, name)));
                lexed_sources.push((source.path.as_str(), lexed));
            }
            Err(error) => {
                let line = error.span().start().line;
                findings.push(Finding::new(&source.path, line, "lex", format!("this is not Rust: {error}")));
            }
        }
    }
    for (path, lexed) in &lexed_sources {
        if is_below(path, &only_in_tests) {
            continue;
        }
        findings.extend(no_panics(path, lexed));
        if path.starts_with("core/src/") {
            findings.extend(nothing_of_the_machine(path, lexed));
        }
    }
    findings
}

/// Whether a file is code that hosts link: the core's and the adapters', but not the conformance suites,
/// which are tests.
fn is_library(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["core", "src", ..] => true,
        ["adapters", name, "src", ..] => *name != "conformance",
        _ => false,
    }
}

/// Where a module in a file of its own lives, without the `.rs`.
fn module_stem(declared_in: &str, name: &str) -> String {
    let (directory, file) = declared_in.rsplit_once('/').unwrap_or(("", declared_in));
    match file {
        "lib.rs" | "main.rs" | "mod.rs" => format!("{directory}/{name}"),
        _ => format!("{}/{name}", declared_in.trim_end_matches(".rs")),
    }
}

/// Whether a file is one of the modules or lies in the directory of one.
fn is_below(path: &str, stems: &BTreeSet<String>) -> bool {
    stems.iter().any(|stem| path.strip_prefix(stem.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')))
}

/// No `unwrap`, `expect`, `panic!` or `unreachable!`: a host is answered with an error, not stopped.
fn no_panics(path: &str, lexed: &Lexed) -> Vec<Finding> {
    let tokens = &lexed.tokens;
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
        let word = token.text.as_str();
        // `.unwrap()`, and `Option::unwrap` handed on as a function.
        let is_member = match &tokens[..at] {
            [.., first, second] => second.text == "." || (first.text == ":" && second.text == ":"),
            _ => false,
        };
        let is_macro = text_at(tokens, at + 1) == "!" && text_at(tokens, at + 2) != "=";
        let found = if PANICKING_METHODS.contains(&word) && is_member {
            format!("`{word}` can panic: return an error that says what to do")
        } else if PANICKING_MACROS.contains(&word) && is_macro {
            format!("`{word}!` panics: return an error that says what to do")
        } else {
            continue;
        };
        findings.push(Finding::new(path, token.line, "panic", found));
    }
    findings
}

/// No clock, disk, network, thread, environment or float: a decision is the same on every machine. Giving other
/// threads a turn (`std::thread::yield_now`) starts none and tells nothing, so it is free.
fn nothing_of_the_machine(path: &str, lexed: &Lexed) -> Vec<Finding> {
    let tokens = &lexed.tokens;
    let mut findings = Vec::new();
    let mut find = |line, what: String| {
        findings.push(Finding::new(path, line, "machine", format!("{what} has no place in the core")));
    };
    for (at, token) in tokens.iter().enumerate() {
        let word = token.text.as_str();
        match token.kind {
            Kind::Word if MACHINE_TYPES.contains(&word) => find(token.line, format!("the clock `{word}`")),
            Kind::Word if FLOAT_TYPES.contains(&word) && path != HANDS_FLOATS_ON => {
                find(token.line, format!("the float `{word}`"))
            }
            Kind::Word if word == "std" && text_at(tokens, at + 6) == "yield_now" => {}
            Kind::Word if word == "std" => {
                for module in modules_after(tokens, at) {
                    if MACHINE_MODULES.contains(&module.text.as_str()) {
                        find(module.line, format!("`std::{}`", module.text));
                    }
                }
            }
            // After a dot it is the fields of nested tuples, as in `pair.0.1`.
            Kind::Literal if is_float(word) && (at == 0 || tokens[at - 1].text != ".") => {
                find(token.line, format!("the float `{word}`"));
            }
            _ => {}
        }
    }
    findings
}

/// The modules that a path starting with the crate at `at` names: one, or those of an import in braces.
fn modules_after(tokens: &[Token], at: usize) -> Vec<&Token> {
    if text_at(tokens, at + 1) != ":" || text_at(tokens, at + 2) != ":" {
        return Vec::new();
    }
    let Some(first) = tokens.get(at + 3) else { return Vec::new() };
    if first.text != "{" {
        return vec![first];
    }
    let mut modules = Vec::new();
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(at + 3) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 && matches!(text_at(tokens, index - 1), "{" | ",") => modules.push(token),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    modules
}

fn text_at(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

/// Whether a literal is a number with a fraction, an exponent or a float's suffix.
fn is_float(literal: &str) -> bool {
    if !literal.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let rest = literal.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    // `0xe1` has its `x` here, so that its digits are not taken for an exponent.
    rest.starts_with(['.', 'e', 'E']) || FLOAT_TYPES.contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    fn found(path: &str, text: &str) -> Vec<Finding> {
        check(&[source(path, text)])
    }

    const CORE: &str = "core/src/order/decide.rs";
    const ADAPTER: &str = "adapters/sqlite/src/lib.rs";

    #[test]
    fn library_code_does_not_panic() {
        for text in [
            "fn f() { a.unwrap(); }",
            "fn f() { a\n    .unwrap(); }",
            "fn f() { a.expect(\"b\"); }",
            "fn f() { a.map(Option::unwrap); }",
            "fn f() { panic!(\"b\"); }",
            "fn f() { unreachable!() }",
            "#[cfg(not(test))] fn f() { a.unwrap(); }",
        ] {
            for path in [CORE, ADAPTER] {
                assert_eq!(found(path, text).len(), 1, "{path}: {text}");
            }
            assert!(found("adapters/conformance/src/lib.rs", text).is_empty(), "suites are tests");
            assert!(found("core/tests/tables.rs", text).is_empty(), "tests are free");
            assert!(found("xtask/src/main.rs", text).is_empty(), "tools are free");
        }
        for text in [
            "/// a.unwrap(); panic!()\nfn f() {}",
            "// a.unwrap()\nfn f() { /* b.expect(\"c\") */ }",
            "fn f() { a.unwrap_or_default(); b.expect_err(\"c\"); }",
            "#[expect(dead_code)] fn f() {}",
            "fn f() { g(\".unwrap()\"); }",
            "#[cfg(test)] mod tests { fn f() { a.unwrap(); } }",
            "fn f(panic: u8) -> bool { panic != 1 }",
            "fn f() { let a = Seen { found: expect }; }",
        ] {
            assert!(found(CORE, text).is_empty(), "{text}: {:?}", found(CORE, text));
        }
    }

    #[test]
    fn the_core_asks_nothing_of_the_machine() {
        for text in [
            "use std::time::SystemTime;",
            "fn f() { Instant::now(); }",
            "use std::fs;",
            "use std::net::TcpStream;",
            "use std::{collections::BTreeMap, thread};",
            "use std::{sync::{Arc, Mutex}, env::args};",
            "fn f() { std::thread::spawn(g); }",
            "fn f(a: f32) {}",
            "fn f() { a as f64; }",
            "fn f() { g(1.5); }",
            "fn f() { g(1e3); }",
            "fn f() { g(1_f64); }",
            "fn f() { g(1f64); }",
        ] {
            let findings = found(CORE, text);
            assert_eq!(findings.len(), 1, "{text}: {findings:?}");
            assert!(found(ADAPTER, text).is_empty(), "adapters may: {text}");
        }
        for text in [
            "fn f() { std::thread::yield_now(); }",
            "use std::{collections::BTreeMap, fmt};",
            "use std::sync::{Arc, Mutex};",
            "use crate::net::{fs, env};",
            "fn f() { g(pair.0.1, 0xe1, 1usize, 1_000, 0..9, \"1.5\"); }",
            "/// std::fs and f64\nfn f() {}",
            "#[cfg(test)] mod tests { fn f() -> f64 { 1.5 } }",
        ] {
            assert!(found(CORE, text).is_empty(), "{text}: {:?}", found(CORE, text));
        }
    }

    #[test]
    fn who_hands_floats_on_may_name_their_type_and_no_value() {
        let text = "fn visit_f64(value: f64) { g(value) }";
        assert!(found(HANDS_FLOATS_ON, text).is_empty() && !found(CORE, text).is_empty());
        assert!(!found(HANDS_FLOATS_ON, "fn f() { g(1.5); }").is_empty());
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_is_free() {
        let root = source("core/src/lib.rs", "#[cfg(test)]\nmod tables;\nmod table;\n");
        let nested = source("core/src/order.rs", "#[cfg(test)]\nmod tests;\n");
        let panics = |path| source(path, "fn f() { a.unwrap(); }");
        let findings = check(&[
            root,
            nested,
            panics("core/src/tables.rs"),
            panics("core/src/tables/rows.rs"),
            panics("core/src/order/tests.rs"),
            panics("core/src/table.rs"),
            panics("core/src/tests.rs"),
        ]);
        let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["core/src/table.rs", "core/src/tests.rs"]);
    }

    #[test]
    fn a_finding_names_the_line() {
        let findings = found(CORE, "//! A.\n\nfn f() {\n    a\n        .unwrap();\n}\n");
        assert_eq!(findings[0].line, 5);
    }

    #[test]
    fn a_file_that_is_not_rust_is_a_finding() {
        let findings = found(CORE, "fn f( {");
        assert_eq!((findings.len(), findings[0].rule), (1, "lex"));
    }
}
