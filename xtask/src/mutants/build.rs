//! Builds the copy. Some mutants do not compile: the compiler's errors tell which, these are taken out, and it is tried
//! again until it builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::list::{Genre, Mutant};
use super::tree::Copy;
use super::weave::{Id, Woven};
use crate::workspace::Workspace;

/// Rounds before we give up. Each goes as far as the compiler gets; it took four when this was written.
const ROUNDS_MAX: usize = 30;

/// Errors that say nothing of a mutant's own sense: what is borrowed or moved, how long it lives, what a constant may call.
const OF_THE_WEAVING: [&str; 12] =
    ["E0015", "E0373", "E0382", "E0499", "E0502", "E0503", "E0505", "E0506", "E0507", "E0515", "E0597", "E0716"];

/// Why a mutant is not in the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fate {
    /// Its types are wrong; nobody could have written it.
    Unviable,
    /// We cannot express it beside the others, for this reason.
    NotWoven(String),
}

pub(super) type Fates = BTreeMap<Id, Fate>;

/// A test program that was built.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// The suite, or `lib` for the tests inside of the core.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// A line of what cargo says.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Said {
    CompilerMessage {
        message: Message,
    },
    CompilerArtifact {
        target: Target,
        profile: Profile,
        executable: Option<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    code: Option<Code>,
    spans: Vec<Part>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// A part of a file that an error is about.
#[derive(Clone, Deserialize)]
struct Part {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    /// Where the macro was called that wrote it.
    expansion: Option<Box<Expansion>>,
}

#[derive(Clone, Deserialize)]
struct Expansion {
    span: Part,
}

/// Which mutants are left out of the build, found before or now; the copy is left as it builds.
pub(super) fn fates(workspace: &Workspace, copy: &mut Copy, mutants: &[Mutant], output: &Path) -> Result<Fates> {
    let hash = copy.hash();
    let mut fates = known(output, &hash)
        .unwrap_or_else(|| copy.not_woven().map(|(id, reason)| (id, Fate::NotWoven(reason.to_owned()))).collect());
    copy.write(workspace, &fates.keys().copied().collect())?;
    for round in 1..=ROUNDS_MAX {
        let said = cargo(workspace, copy, output, &["check", "--lib", "--features", "planted-bugs"])?;
        let Some(errors) = said.errors() else {
            fs::write(file(output), serde_json::to_string(&(hash, &fates))?)?;
            return Ok(fates);
        };
        let more = culprits(&errors, mutants, |path| copy.woven(path));
        let before = fates.len();
        fates.extend(more.into_iter().filter(|(id, _)| !fates.contains_key(id)).collect::<Vec<_>>());
        if fates.len() == before {
            bail!("the woven core does not compile, and that is no mutant's doing:\n{}", rendered(&errors));
        }
        eprintln!("Round {round}: {} do not compile", fates.len() - before);
        copy.write(workspace, &fates.keys().copied().collect())?;
    }
    bail!("after {ROUNDS_MAX} rounds the woven core does not compile yet")
}

fn file(output: &Path) -> PathBuf {
    output.join("left_out.json")
}

/// What an earlier run found out of the same core.
pub(super) fn known(output: &Path, hash: &str) -> Option<Fates> {
    let text = fs::read_to_string(file(output)).ok()?;
    let (of, fates): (String, Fates) = serde_json::from_str(&text).ok()?;
    (of == hash).then_some(fates)
}

/// Builds the core's own tests, or gives the compiler's errors.
pub(super) fn programs(workspace: &Workspace, copy: &Copy, output: &Path) -> Result<Result<Vec<Program>, String>> {
    let said = cargo(workspace, copy, output, &["test", "--no-run", "--lib", "--tests"])?;
    if let Some(errors) = said.errors() {
        return Ok(Err(rendered(&errors)));
    }
    let mut programs = Vec::new();
    for said in said.0 {
        let Said::CompilerArtifact { target, profile: Profile { test: true }, executable: Some(built) } = said else {
            continue;
        };
        let name = if target.kind.iter().any(|kind| kind == "test") { target.name } else { "lib".to_owned() };
        // Ours alone: what cargo built is replaced by its next build, be it in the middle of a run.
        let directory = copy.root.with_extension("programs");
        fs::create_dir_all(&directory)?;
        let path = directory.join(&name);
        fs::copy(&built, &path).with_context(|| format!("cannot copy {}", built.display()))?;
        programs.push(Program { name, path });
    }
    Ok(Ok(programs))
}

struct Heard(Vec<Said>, bool);

impl Heard {
    /// The errors, where it failed.
    fn errors(&self) -> Option<Vec<&Message>> {
        let errors = self.0.iter().filter_map(|said| match said {
            Said::CompilerMessage { message } if message.level.starts_with("error") => Some(message),
            _ => None,
        });
        (!self.1).then(|| errors.collect())
    }
}

fn rendered(errors: &[&Message]) -> String {
    errors.iter().filter_map(|error| error.rendered.as_deref()).take(5).collect()
}

/// Runs cargo in the copy.
fn cargo(workspace: &Workspace, copy: &Copy, output: &Path, arguments: &[&str]) -> Result<Heard> {
    let mut command: Command = workspace.cargo(arguments);
    command.current_dir(&copy.root).args(["--package", "stockroom", "--locked", "--message-format=json"]);
    // One for each copy: cargo tells packages apart by their paths within the workspace, and would take what was built of
    // one copy for the other's.
    command.env("CARGO_TARGET_DIR", output.join("build").join(copy.root.file_name().unwrap_or_default()));
    // A mutant may well write what a lint forbids. Optimized a little, the tests are done ten times as soon, and check
    // what they always do: overflow and debug assertions.
    command.env("RUSTFLAGS", "--cap-lints=allow").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    let heard = command.stderr(Stdio::piped()).output().context("cargo does not start")?;
    let lines = String::from_utf8_lossy(&heard.stdout);
    let said: serde_json::Result<Vec<Said>> =
        lines.lines().filter(|line| line.starts_with('{')).map(serde_json::from_str).collect();
    let heard_lines = Heard(said.context("cannot read what cargo says")?, heard.status.success());
    if heard_lines.errors().is_some_and(|errors| errors.is_empty()) {
        bail!("`cargo {}` failed in the copy:\n{}", arguments.join(" "), String::from_utf8_lossy(&heard.stderr));
    }
    Ok(heard_lines)
}

/// The mutants to which errors are due.
fn culprits<'a>(errors: &[&Message], mutants: &[Mutant], woven: impl Fn(&str) -> Option<&'a Woven>) -> Fates {
    let mut fates = Fates::new();
    for error in errors {
        let code = error.code.as_ref().map_or("", |code| code.code.as_str());
        let parts =
            |primary: bool| error.spans.iter().filter(move |part| part.is_primary == primary).flat_map(outwards);
        let range = |part: &Part| part.byte_start..part.byte_end;
        let variant = |part: Part| woven(&part.file_name)?.variant_at(&range(&part));
        // What it is about, else what it tells beside that.
        let hit: BTreeSet<Id> = match parts(true).filter_map(variant).collect::<BTreeSet<_>>() {
            none if none.is_empty() => parts(false).filter_map(variant).collect(),
            some => some,
        };
        for id in &hit {
            let genre = mutants.get(*id as usize - 1).map(|mutant| mutant.genre);
            fates.entry(*id).or_insert_with(|| fate(genre, code));
        }
        if hit.is_empty() {
            let place = |part: Part| woven(&part.file_name)?.place_at(&range(&part)).map(<[Id]>::to_vec);
            let ids = parts(true).filter_map(place).flatten();
            fates.extend(ids.map(|id| (id, Fate::NotWoven(format!("the switch itself does not compile: {code}")))));
        }
    }
    fates
}

/// A part of a file, and where the macros were called that wrote it.
fn outwards(part: &Part) -> impl Iterator<Item = Part> {
    std::iter::successors(Some(part.clone()), |part| part.expansion.as_ref().map(|called| called.span.clone()))
}

fn fate(genre: Option<Genre>, code: &str) -> Fate {
    let has_types = matches!(genre, Some(Genre::BinaryOperator | Genre::UnaryOperator | Genre::FnValue));
    if has_types && !OF_THE_WEAVING.contains(&code) {
        return Fate::Unviable;
    }
    Fate::NotWoven(format!("does not compile beside the others: {code}"))
}

#[cfg(test)]
mod tests {
    use super::super::weave::{Edit, weave};
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn errors_are_due_to_mutants() {
        let text = "a + b";
        let edits = [(1, Edit::Instead { range: 0..5, text: "a - b".into() })];
        let woven = weave(text, &edits);
        let mutant = |genre: &str| {
            let at = json!({ "line": 1, "column": 1 });
            let said = json!({ "file": "a.rs", "name": "m", "genre": genre, "replacement": "", "span": { "start": at, "end": at } });
            serde_json::from_value::<Mutant>(said).expect("a mutant")
        };
        let within = woven.text.find("a - b").expect("it is there");
        let beside = woven.text.find("a + b").expect("it is there");
        let part = |file: &str, at: usize, primary: bool| json!({ "file_name": file, "byte_start": at, "byte_end": at + 5, "is_primary": primary, "expansion": null });
        let called = |at: usize| {
            let mut part_of_macro = part("std.rs", 3, true);
            part_of_macro["expansion"] = json!({ "span": part("a.rs", at, false) });
            part_of_macro
        };
        let not_woven = |why: &str| Some(Fate::NotWoven(why.to_owned()));
        let cases: [(&str, &str, Value, Option<Fate>); 7] = [
            ("BinaryOperator", "E0369", json!([part("a.rs", within, true)]), Some(Fate::Unviable)),
            ("BinaryOperator", "E0369", json!([called(within)]), Some(Fate::Unviable)),
            (
                "BinaryOperator",
                "E0308",
                json!([part("a.rs", beside, true), part("a.rs", within, false)]),
                Some(Fate::Unviable),
            ),
            (
                "BinaryOperator",
                "E0382",
                json!([part("a.rs", within, true)]),
                not_woven("does not compile beside the others: E0382"),
            ),
            (
                "StructField",
                "E0308",
                json!([part("a.rs", within, true)]),
                not_woven("does not compile beside the others: E0308"),
            ),
            (
                "BinaryOperator",
                "E0308",
                json!([part("a.rs", beside, true)]),
                not_woven("the switch itself does not compile: E0308"),
            ),
            ("BinaryOperator", "E0308", json!([part("b.rs", within, true)]), None),
        ];
        for (genre, code, spans, expected) in cases {
            let said = json!({ "level": "error", "code": { "code": code }, "spans": spans, "rendered": null });
            let error: Message = serde_json::from_value(said).expect("a message");
            let fates = culprits(&[&error], &[mutant(genre)], |path| (path == "a.rs").then_some(&woven));
            assert_eq!(fates.get(&1).cloned(), expected, "{genre} {code} {spans}");
        }
    }
}
