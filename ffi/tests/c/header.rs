//! The header by itself: compilers take it, and every declaration says what a host has to know.

use std::process::{Command, Stdio};

use crate::declarations::{named, statuses_in};
use crate::library::{include_directory, told};
use crate::{generated, header};

/// Compilers and the languages that they are asked for; those that must be there, and those that may.
const COMPILERS: &[(&str, bool)] = &[("cc", true), ("clang", false), ("clang-22", false)];
const LANGUAGES: &[(&str, &str, bool)] = &[
    ("c", "c99", true),
    ("c", "c11", true),
    ("c", "c17", true),
    ("c", "c2x", false),
    ("c", "c23", false),
    ("c++", "c++17", true),
    ("c++", "c++20", false),
    ("c++", "c++23", false),
];

/// Uses of the header that need no libraries: a program that includes it twice and takes the address of everything.
fn source(language: &str) -> String {
    let functions = header().functions.iter();
    let addresses: String =
        functions.map(|function| format!("    use((void (*)(void)){});\n", function.name)).collect();
    let cast = if language == "c" { addresses } else { addresses.replace("(void (*)(void))", "(function)") };
    format!(
        "#include \"stockroom.h\"\n#include \"stockroom.h\"\ntypedef void (*function)(void);\n\
         function kept;\nvoid use(function given);\nvoid use(function given) {{\n    kept = given;\n}}\n\
         int32_t all(void);\nint32_t all(void) {{\n    enum stockroom_status status = STOCKROOM_OK;\n{cast}    \
         return (int32_t)status;\n}}\n"
    )
}

#[test]
fn compilers_take_the_header() {
    let mut taken = Vec::new();
    for (compiler, is_needed) in COMPILERS {
        let there = Command::new(compiler).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            assert!(!is_needed, "{compiler} is not there: `apt-get install gcc g++`");
            continue;
        }
        for (language, standard, must_know) in LANGUAGES {
            let file = generated().join(if *language == "c" { "header.c" } else { "header.cpp" });
            std::fs::write(&file, source(language)).expect("a file");
            let command = || {
                let mut command = Command::new(compiler);
                command.args(["-x", language, &format!("-std={standard}"), "-fsyntax-only"]);
                command
            };
            let knows = command().arg("/dev/null").stderr(Stdio::null()).status();
            if !knows.is_ok_and(|status| status.success()) {
                assert!(!must_know, "{compiler} knows no {standard}");
                continue;
            }
            let mut strict = command();
            strict.args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wno-cast-function-type"]);
            if *language == "c" {
                strict.arg("-Wstrict-prototypes");
            }
            told(strict.arg("-I").arg(include_directory()).arg(&file), "compile the header");
            taken.push(format!("{compiler} {standard}"));
        }
    }
    println!("the header is taken by: {}", taken.join(", "));
    assert!(taken.len() >= 4);
}

/// What every comment has to say, by what the function is.
#[test]
fn every_declaration_says_what_a_host_has_to_know() {
    let header = header();
    let mut missing = Vec::new();
    for function in &header.functions {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                missing.push(format!("{}: {what}", function.name));
            }
        };
        let comment = &function.comment;
        must(comment.len() > 30, "has no comment");
        if function.returns == "const char *" {
            must(comment.contains("not to be freed") || comment.contains("Valid"), "does not say who owns the text");
            must(comment.contains("NULL") || comment.contains("Static"), "does not say whether it can be NULL");
        }
        if !function.returns_status() {
            continue;
        }
        let Some(errors) = function.errors() else {
            must(false, "does not name its errors");
            continue;
        };
        must(!named(function, header).is_empty() || errors.contains("those of the engine"), "names no error");
        for word in errors.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')) {
            let is_known = statuses_in(word, header).len() == 1;
            must(!word.starts_with("STOCKROOM_") || is_known, &format!("names {word}, which is no status"));
        }
        // Whatever is read or written where a pointer points, the host answers for.
        let points = |kind: &str| kind.ends_with('*') && !header.opaque.contains(handle(kind));
        if function.parameters.iter().any(|parameter| points(&parameter.kind)) {
            must(comment.contains("The host keeps:"), "does not say what the host has to keep");
        }
    }
    let text = std::fs::read_to_string(include_directory().join("stockroom.h")).expect("the header is there");
    let mut before = "";
    for line in text.lines() {
        let declares = line.starts_with("typedef struct") || line.starts_with("typedef int") || is_field(line);
        if declares && !before.ends_with("*/") && !line.contains("stockroom_status") {
            missing.push(format!("{line}: has no comment"));
        }
        before = line;
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

fn is_field(line: &str) -> bool {
    line.starts_with("    ") && line.ends_with(';') && !line.contains(')')
}

fn handle(kind: &str) -> &str {
    kind.trim_end_matches('*').trim().trim_start_matches("const ").trim()
}
