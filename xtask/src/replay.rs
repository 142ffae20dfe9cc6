//! The two steps that replay a real shop's orders and look at the report that comes out. They hold the
//! known result of the long replay; they may not compute any of it.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// Half a year of orders, kept beside the repository because of its size.
const FULL_DATA: &str = "../shared/data/online-retail-2010-12_2011-05.csv.gz";

/// Replays the month that is bundled with the example.
pub(crate) fn bundled(workspace: &Workspace) -> Result<Outcome> {
    replay(workspace, &[], &json!({ "verify": "ok" }))
}

/// Replays the half year, where its file is present.
pub(crate) fn full(workspace: &Workspace) -> Result<Outcome> {
    if !workspace.root().join(FULL_DATA).is_file() {
        return Ok(Outcome::NotRun(format!("{FULL_DATA} is not here")));
    }
    let expected = json!({
        "verify": "ok",
        "orders_accepted": 3940,
        "orders_rejected_invalid": 652,
        "orders_rejected_stock": 4514,
        "units_shipped": 498761,
        "value_minor": 105947426,
        "on_hand_sha256": "d1b632c745bd97ec0fe4a47937aefc3f7476688c6694e997787edc1b9004fec3",
    });
    replay(workspace, &[FULL_DATA], &expected)
}

fn replay(workspace: &Workspace, files: &[&str], expected: &Value) -> Result<Outcome> {
    let mut command = workspace.cargo(&["run", "--quiet", "--release", "--locked", "-p", "replay", "--", "--json"]);
    let report = process::capture(command.args(files))?;
    let differences = compare(&report, expected)?;
    if !differences.is_empty() {
        bail!("the replay's report is not the expected one: {}", differences.join("; "));
    }
    Ok(Outcome::Passed)
}

/// Every expected field that the report lacks or has otherwise. The report may have more fields.
fn compare(report: &str, expected: &Value) -> Result<Vec<String>> {
    let found: Value = serde_json::from_str(report).with_context(|| format!("the report is not JSON: {report:?}"))?;
    let expected = expected.as_object().into_iter().flatten();
    Ok(expected
        .filter(|(field, value)| found.get(field) != Some(value))
        .map(|(field, value)| match found.get(field) {
            Some(other) => format!("{field} is {other}, expected {value}"),
            None => format!("{field} is missing, expected {value}"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_say_more_than_is_expected() {
        let report = r#"{ "verify": "ok", "orders_accepted": 2, "seconds": 1.5 }"#;
        let expected = json!({ "verify": "ok", "orders_accepted": 2 });
        assert_eq!(compare(report, &expected).expect("JSON"), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_named() {
        let expected = json!({ "orders_accepted": 3, "units_shipped": 1, "verify": "ok" });
        let report = r#"{ "verify": "CONSERVED is broken", "orders_accepted": 2 }"#;
        let differences = compare(report, &expected).expect("JSON");
        assert_eq!(
            differences,
            [
                "orders_accepted is 2, expected 3",
                "units_shipped is missing, expected 1",
                r#"verify is "CONSERVED is broken", expected "ok""#,
            ]
        );
    }

    #[test]
    fn a_report_that_is_not_json_is_an_error() {
        assert!(compare("", &json!({ "verify": "ok" })).is_err());
        assert!(compare("replayed 3 orders", &json!({ "verify": "ok" })).is_err());
        // JSON, but no object: every field is missing.
        assert_eq!(compare("7", &json!({ "verify": "ok" })).expect("JSON").len(), 1);
    }
}
