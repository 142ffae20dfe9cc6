//! What the scenes did, for places where the tables themselves cannot be read: with `STOCKROOM_TABLES_LOG=DIR` each table
//! leaves `DIR/NAME.jsonl`, a line a scene with its commands, their replies, and the digest of what they led to. The npm
//! package's tests do them again (`wasm/npm/test/support/tables.mjs`).

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};
use stockroom::{Reply, TimedCommand};

/// Appends a scene to its table's file, where one was asked for.
pub(crate) fn record(table: &str, scene: &str, steps: &[(TimedCommand, Reply)], digest: &str) -> Result<(), String> {
    let Some(directory) = std::env::var_os("STOCKROOM_TABLES_LOG") else { return Ok(()) };
    let step = |(timed, reply): &(TimedCommand, Reply)| -> serde_json::Result<Value> {
        let mut command = serde_json::to_value(&timed.command)?;
        command["at_ms"] = timed.at_ms.into();
        Ok(json!({ "command": command, "reply": serde_json::to_value(reply)? }))
    };
    let steps: Vec<Value> = steps.iter().map(step).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let line = json!({ "scene": scene, "steps": steps, "digest": digest });
    let file = PathBuf::from(directory).join(table.replace(".txt", ".jsonl"));
    let written =
        OpenOptions::new().create(true).append(true).open(&file).and_then(|mut file| writeln!(file, "{line}"));
    written.map_err(|error| format!("{}: {error}", file.display()))
}
