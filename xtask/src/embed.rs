//! The step that installs libstockroom into an empty prefix, moves that elsewhere, and builds and runs the programs of
//! docs/c.md against it, found by pkg-config and found by CMake. It also gives the examples their installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::install::{self, Arguments};
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, CC, CMAKE, MAKE, PKG_CONFIG, READELF};
use crate::workspace::Workspace;

/// As strict as a careful host.
pub(crate) const STRICT: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];

/// An installation that nothing but a step uses.
pub(crate) struct Installation {
    /// An empty directory for what the step builds.
    pub(crate) scratch: PathBuf,
    pub(crate) prefix: PathBuf,
    /// What programs ask the loader for.
    soname: String,
}

impl Installation {
    /// Installs into a directory of the step's own and moves it from there, so that whatever names the place shows.
    pub(crate) fn fresh(workspace: &Workspace, step: &str) -> Result<Self> {
        let scratch = workspace.target_directory()?.join("tmp/xtask").join(step);
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(|| format!("cannot clear {}", scratch.display()))?;
        }
        let (first, prefix) = (scratch.join("first"), scratch.join("moved/stockroom"));
        fs::create_dir_all(scratch.join("moved"))?;
        install::run(workspace, &Arguments::new(first.clone()))?;
        fs::rename(&first, &prefix)?;
        Ok(Installation { scratch, prefix, soname: format!("libstockroom.so.{}", install::abi(workspace)?) })
    }

    pub(crate) fn libdir(&self) -> PathBuf {
        self.prefix.join("lib")
    }

    pub(crate) fn shared(&self) -> PathBuf {
        self.libdir().join(&self.soname)
    }

    /// What pkg-config says, knowing this installation and no other.
    pub(crate) fn pkg_config(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_LIBDIR", self.libdir().join("pkgconfig")).env_remove("PKG_CONFIG_PATH");
        let flags = process::capture(command.args(arguments).arg("stockroom"))?;
        Ok(flags.split_whitespace().map(str::to_owned).collect())
    }

    /// A program that finds the shared library at this place.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", self.libdir()).current_dir(&self.scratch);
        command
    }
}

/// The step `install`.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[CC, CMAKE, MAKE, PKG_CONFIG, READELF])? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let installed = Installation::fresh(workspace, "install")?;
    soname(&installed)?;
    staged(workspace, &installed)?;
    let guide = workspace.read("docs/c.md")?.text;
    let programs = blocks(&guide, "c");
    ensure!(programs.len() > 1, "docs/c.md shows no C");
    for (number, program) in (1..).zip(&programs) {
        let source = installed.scratch.join(format!("guide-{number}.c"));
        fs::write(&source, program)?;
        let mut compile = Command::new("cc");
        compile.current_dir(&installed.scratch).args(STRICT).args(installed.pkg_config(&["--cflags"])?);
        process::run(compile.arg("-c").arg(&source)).with_context(|| format!("C block {number} of docs/c.md"))?;
    }
    let whole = programs.iter().find(|program| program.contains("int main(")).context("docs/c.md has no program")?;
    fs::write(installed.scratch.join("shop.c"), whole)?;
    by_pkg_config(&installed)?;
    by_readme(workspace, &installed)?;
    by_cmake(&installed, &guide)?;
    Ok(Outcome::Passed)
}

/// The shared library has the soname that its links are made for.
fn soname(installed: &Installation) -> Result<()> {
    let dynamic = process::capture(Command::new("readelf").arg("-d").arg(installed.shared()))?;
    let expected = format!("soname: [{}]", installed.soname);
    ensure!(dynamic.contains(&expected), "ffi/build.rs gives another soname than the header's ABI:\n{dynamic}");
    Ok(())
}

/// Below a staging directory the same files are written, and none names where that is.
fn staged(workspace: &Workspace, installed: &Installation) -> Result<()> {
    let stage = installed.scratch.join("stage");
    let arguments = Arguments { destdir: Some(stage.clone().into()), ..Arguments::new("/usr".into()) };
    install::run(workspace, &arguments)?;
    let (staged, plain) = (files(&stage.join("usr"))?, files(&installed.prefix)?);
    ensure!(staged == plain, "staged are {staged:?}, installed are {plain:?}");
    for file in plain.iter().filter(|file| file.ends_with(".pc") || file.ends_with(".cmake")) {
        let text = fs::read_to_string(installed.prefix.join(file))?;
        ensure!(!text.contains(&installed.scratch.display().to_string()), "{file} names where it was installed");
    }
    Ok(())
}

/// Every file below a directory, by its path from there.
fn files(directory: &Path) -> Result<Vec<String>> {
    let listing = process::capture(Command::new("find").arg(directory).args(["!", "-type", "d", "-printf", "%P\\n"]))?;
    let mut files: Vec<String> = listing.lines().map(str::to_owned).collect();
    files.sort();
    Ok(files)
}

fn by_pkg_config(installed: &Installation) -> Result<()> {
    let shared = installed.pkg_config(&["--cflags", "--libs"])?;
    let with_private = installed.pkg_config(&["--static", "--cflags", "--libs"])?;
    // Our archive, with the system's libraries shared as ever.
    let archive = with_private.iter().map(|flag| flag.replace("-lstockroom", "-l:libstockroom.a")).collect();
    let whole = ["-static".to_owned()].into_iter().chain(with_private.iter().cloned()).collect();
    for (name, flags) in [("shared", shared), ("archive", archive), ("static", whole)] {
        let mut compile = Command::new("cc");
        compile.current_dir(&installed.scratch).args(STRICT).args(["shop.c", "-o", name]).args::<Vec<_>, _>(flags);
        process::run(&mut compile)?;
        verified(installed, &installed.scratch.join(name), name == "shared")?;
    }
    Ok(())
}

/// The second of the README's two commands compiles the till: it is run as it stands, from a copy of the place where
/// it stands, in the home of somebody who ran the first.
fn by_readme(workspace: &Workspace, installed: &Installation) -> Result<()> {
    let readme = workspace.read("README.md")?.text;
    let (_, section) = readme.split_once("\n## Embed it in C\n").context("the README has no section on C")?;
    let commands = blocks(section, "sh").into_iter().next().context("the README's section on C has no commands")?;
    let (first, second) = commands.split_once('\n').context("the README's section on C has one command")?;
    ensure!(first == "cargo xtask install --prefix ~/stockroom", "the README installs by `{first}`");
    let checkout = installed.scratch.join("checkout");
    fs::create_dir_all(checkout.join("examples/c"))?;
    fs::copy(workspace.root().join("examples/c/till.c"), checkout.join("examples/c/till.c"))?;
    let mut shell = Command::new("sh");
    shell.current_dir(&checkout).env("HOME", installed.scratch.join("moved")).arg("-ec").arg(second);
    process::run(&mut shell)?;
    let text =
        process::capture(Command::new("sh").current_dir(&checkout).args(["-c", "echo mug | ./till shop.sqlite3"]))?;
    ensure!(text.ends_with("verify: ok\n"), "the till of the README says {text}");
    Ok(())
}

fn by_cmake(installed: &Installation, guide: &str) -> Result<()> {
    let lists = blocks(guide, "cmake").into_iter().next().context("docs/c.md shows no CMakeLists.txt")?;
    let project = installed.scratch.join("cmake");
    fs::create_dir_all(&project)?;
    fs::write(project.join("CMakeLists.txt"), &lists)?;
    fs::copy(installed.scratch.join("shop.c"), project.join("shop.c"))?;
    configure(installed, &project)?;
    process::run(Command::new("cmake").arg("--build").arg(project.join("build")))?;
    verified(installed, &project.join("build/shop"), true)?;
    verified(installed, &project.join("build/shop-static"), false)?;

    // A version that this one cannot stand in for is not found.
    for version in ["0.0", "0.2", "1", "0.1.1000"] {
        let asked = lists.replace("stockroom 0.1 ", &format!("stockroom {version} "));
        ensure!(asked != lists, "docs/c.md asks CMake for no version");
        let other = installed.scratch.join(format!("cmake-{version}"));
        fs::create_dir_all(&other)?;
        fs::write(other.join("CMakeLists.txt"), asked)?;
        fs::copy(installed.scratch.join("shop.c"), other.join("shop.c"))?;
        ensure!(configure(installed, &other).is_err(), "CMake took this library for version {version}");
    }
    Ok(())
}

fn configure(installed: &Installation, project: &Path) -> Result<()> {
    let mut command = Command::new("cmake");
    command.arg("-S").arg(project).arg("-B").arg(project.join("build"));
    // Found at this place or nowhere.
    command
        .arg(format!("-DCMAKE_PREFIX_PATH={}", installed.prefix.display()))
        .arg("-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF");
    let output = command.output().context("cannot start `cmake`")?;
    if !output.status.success() {
        bail!("cmake: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Runs the guide's program, which ends in a verification, and looks whether it uses the shared library.
fn verified(installed: &Installation, program: &Path, shared: bool) -> Result<()> {
    let text = process::capture(&mut installed.program(program))?;
    for line in ["order 1: 2500 cents", "available: 8", "verify: ok"] {
        ensure!(text.lines().any(|found| found == line), "{} does not say `{line}`:\n{text}", program.display());
    }
    let dynamic = process::capture(Command::new("readelf").arg("-d").arg(program))?;
    let uses = dynamic.contains(&format!("[{}]", installed.soname));
    ensure!(uses == shared, "{} is linked wrongly:\n{dynamic}", program.display());
    Ok(())
}

/// The code blocks of one language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for event in Parser::new(document) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == language => {
                block = Some(String::new());
            }
            Event::Text(text) => {
                if let Some(block) = &mut block {
                    block.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => found.extend(block.take()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_one_language_are_taken_whole() {
        let document = "text\n```c\nint a;\n\nint b;\n```\n```sh\nls\n```\n\n    indented\n\n```c\nint c;\n```\n";
        assert_eq!(blocks(document, "c"), ["int a;\n\nint b;\n", "int c;\n"]);
        assert_eq!(blocks(document, "sh"), ["ls\n"]);
        assert!(blocks(document, "cmake").is_empty());
    }
}
