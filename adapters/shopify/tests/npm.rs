//! Shopify's own packages from npm, to hold the adapter against: its schemas, its library, examples of its webhooks.
//! They are installed once, into a folder below the target directory, from the lock file in `tests/npm/`. What is
//! missing for it is said; nothing is skipped in silence.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

/// The package with the schemas. Of it only the schemas are taken: it depends on half a gigabyte that is not needed.
const SCHEMAS: &str = "@shopify/dev-mcp@1.16.0";
const SCHEMAS_INTEGRITY: &str =
    "sha512-tqgRnK7sQhjew+htxtleTH23nXB5fZcsrhWgEkomsorGXvLOB2mh2upwZm8uzuTDNTZnqtLMe64yIwh6s2awtw==";

const FILES: &[(&str, &str)] = &[
    ("package.json", include_str!("npm/package.json")),
    ("package-lock.json", include_str!("npm/package-lock.json")),
    ("schemas.mjs", include_str!("npm/schemas.mjs")),
    ("judge.mjs", include_str!("npm/judge.mjs")),
    ("bodies.mjs", include_str!("npm/bodies.mjs")),
];

/// Runs one of the scripts and gives what it prints.
pub(crate) fn run(script: &str, arguments: &[&str], input: &str) -> String {
    let mut node = command("node");
    node.arg(folder().join(script)).args(arguments);
    output(node, input)
}

/// Where the packages are, installed at the first call.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut hash = Sha256::new();
        for (_, text) in FILES {
            hash.update(text);
        }
        let name: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm-shopify");
        let folder = all.join(&name);
        if !folder.join("schemas").is_dir() {
            install(&all.join(format!("{name}-{}", std::process::id())), &folder);
        }
        folder
    })
}

/// Installs into a folder of this process alone, and moves it to its place when it is whole, so that two tests at once
/// do no harm.
fn install(own: &Path, folder: &Path) {
    eprintln!("installing Shopify's packages from npm into {}, once", folder.display());
    fs::create_dir_all(own).expect("the target directory can be written");
    for (name, text) in FILES {
        fs::write(own.join(name), text).expect("a file can be written");
    }
    let mut npm = command("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(own);
    output(npm, "");
    let mut npm = command("npm");
    npm.args(["pack", SCHEMAS, "--silent"]).current_dir(own);
    output(npm, "");
    let archive = fs::read_dir(own).expect("it can be read").filter_map(Result::ok).map(|entry| entry.path());
    let archive =
        archive.into_iter().find(|path| path.extension().is_some_and(|end| end == "tgz")).expect("an archive");
    let digest = Sha512::digest(fs::read(&archive).expect("it can be read"));
    let integrity = format!("sha512-{}", STANDARD.encode(digest));
    assert_eq!(integrity, SCHEMAS_INTEGRITY, "{SCHEMAS} is not what it was");
    let mut tar = command("tar");
    tar.args(["-xzf"]).arg(&archive).arg("package/dist/data").current_dir(own);
    output(tar, "");
    fs::rename(own.join("package/dist/data"), own.join("schemas")).expect("it can be moved");
    fs::remove_file(&archive).expect("it can be removed");
    if let Err(fault) = fs::rename(own, folder) {
        // Another test was first.
        assert!(folder.join("schemas").is_dir(), "{}: {fault}", folder.display());
        fs::remove_dir_all(own).expect("it can be removed");
    }
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("NO_COLOR", "1");
    command
}

fn output(mut command: Command, input: &str) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|fault| match fault.kind() {
        ErrorKind::NotFound => panic!(
            "`{program}` is not there. These tests need node 20 or newer with npm (https://nodejs.org), tar, and the \
             npm registry once."
        ),
        _ => panic!("{program}: {fault}"),
    });
    let mut stdin = child.stdin.take().expect("an input");
    // A thread of its own: both pipes may fill.
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let done = child.wait_with_output().expect("it can be waited for");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{program} failed ({}): {said}", done.status);
    writer.join().expect("it wrote").expect("it read all");
    String::from_utf8(done.stdout).expect("text")
}
