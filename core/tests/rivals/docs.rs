//! `docs/rivals.md` lists every scenario, made of the scenarios themselves. With `STOCKROOM_BLESS=1` the list is written
//! anew; what stands around it is for people to write.

use std::fmt::Write;
use std::path::PathBuf;

use libtest_mimic::Failed;

use crate::peer::Flaw;
use crate::scenario;

const BEGIN: &str = "<!-- made of core/tests/rivals -->\n";
const END: &str = "<!-- end -->\n";

/// Holds the list in the docs against the scenarios.
pub(crate) fn are_true() -> Result<(), Failed> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../docs/rivals.md");
    let text = std::fs::read_to_string(&path)?;
    let (Some((before, rest)), Some((_, after))) = (text.split_once(BEGIN), text.split_once(END)) else {
        return Err("docs/rivals.md has no place for the list".into());
    };
    let (now, expected) = (rest, format!("{}{END}{after}", list()));
    if now == expected {
        return Ok(());
    }
    if std::env::var_os("STOCKROOM_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}"))?;
        return Ok(());
    }
    Err("docs/rivals.md lists other scenarios than there are: STOCKROOM_BLESS=1 writes it anew".into())
}

fn list() -> String {
    let mut list = String::from(
        "\n| scenario and test | reports | what others did | what must hold here | made to fail by |\n|---|---|---|---|---|\n",
    );
    for scenario in scenario::all() {
        let reports: Vec<String> = scenario.reports.iter().map(|report| link(report)).collect();
        let wrongs: Vec<String> = scenario.noticed.iter().map(|wrong| format!("`{}`", wrong.name())).collect();
        let row = [
            format!("`{}`", scenario.name),
            reports.join(", "),
            scenario.others.to_owned(),
            scenario.here.to_owned(),
            wrongs.join(", "),
        ];
        writeln!(list, "| {} |", row.join(" | ")).expect("a string takes everything");
    }
    list.push_str("\n| peer | what is wrong with it |\n|---|---|\n");
    for (name, about) in Flaw::ALL {
        writeln!(list, "| `{name}` | {about} |").expect("a string takes everything");
    }
    list.push('\n');
    list
}

fn link(report: &str) -> String {
    let (repository, number) = report.split_once('#').expect("a report names its number");
    format!("[{report}](https://github.com/{repository}/issues/{number})")
}
