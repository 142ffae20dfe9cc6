//! Failures that were found, each as a short plan in a file of its own below `regressions/`, replayed by the tests for
//! good.

use std::fs;
use std::path::{Path, PathBuf};

use crate::auditor::Broken;
use crate::plan::Plan;
use crate::run::{Wanted, run};

/// Where they are kept.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/regressions")
}

/// Writes a failing plan down, with its commands for people.
pub(crate) fn keep(plan: &Plan, failure: &Broken, folder: &Path) -> std::io::Result<PathBuf> {
    let log = run(plan, Wanted { log: true, ..Wanted::default() }).log;
    let mut text = String::new();
    let comment = failure.to_string();
    for line in comment.lines().chain(log.iter().flat_map(|entry| entry.lines())) {
        let line: String = line.chars().take(2_000).collect();
        text.push_str(&format!("# {line}\n"));
    }
    text.push_str(&plan.to_text());
    let name = failure.invariant.to_lowercase();
    let path = folder.join(format!("{name}-{}-{}.txt", plan.world, plan.steps.len()));
    fs::create_dir_all(folder)?;
    fs::write(&path, text)?;
    Ok(path)
}

/// Every plan that is kept, with the name of its file.
pub(crate) fn all() -> std::io::Result<Vec<(String, Plan)>> {
    let mut plans = Vec::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let plan = Plan::parse(&fs::read_to_string(&path)?).map_err(std::io::Error::other)?;
            plans.push((name, plan));
        }
    }
    plans.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(plans)
}
