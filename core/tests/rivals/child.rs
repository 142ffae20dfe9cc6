//! Places in another process: a host in C or in Node that speaks documents, one a line. A request is a verb, a tab and a
//! document; an answer is `ok` and a document, or `fail` and what the failure says of itself. JSON written without line
//! ends holds neither tabs nor line ends, so that a host needs to read no JSON to speak so.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::place::{Answer, Failure, Place};

/// How long a host may take for an answer.
const MOST: Duration = Duration::from_secs(120);

/// A program with its first arguments.
pub(crate) type Program = Vec<OsString>;

struct Host {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    program: Program,
    file: PathBuf,
    /// Gone when the last host on the file is.
    folder: Arc<TempDir>,
    now_ms: i64,
}

/// A host on a file of its own.
pub(crate) fn host(program: &Program) -> Box<dyn Place> {
    let folder = Arc::new(TempDir::new().expect("a folder"));
    let file = folder.path().join("shop.sqlite3");
    match Host::open(program, file, folder, 0) {
        Ok(host) => Box::new(host),
        Err(failure) => panic!("a new file cannot be opened: {failure}"),
    }
}

impl Host {
    fn open(program: &Program, file: PathBuf, folder: Arc<TempDir>, now_ms: i64) -> Result<Host, Failure> {
        let mut command = Command::new(&program[0]);
        command.args(&program[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program:?} cannot be started: {error}"));
        let (input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (say, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let mut host = Host { child, input, lines, program: program.clone(), file, folder, now_ms };
        host.say(&format!("clock\t{now_ms}"));
        host.hear()?;
        host.say(&format!("open\t{}", host.file.display()));
        host.hear()?;
        Ok(host)
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").and_then(|()| self.input.flush()).expect("the host listens");
    }

    fn hear(&mut self) -> Answer {
        let line = self.lines.recv_timeout(MOST).unwrap_or_else(|_| panic!("{:?} says nothing more", self.program));
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            ["ok"] => Ok(Value::Null),
            ["ok", document] => Ok(serde_json::from_str(document).expect("an answer is JSON")),
            ["fail", code, retryable, message] => Err(Failure {
                code: code.parse().expect("a number"),
                retryable: *retryable == "1",
                message: (*message).to_owned(),
            }),
            _ => panic!("{:?} says {line}", self.program),
        }
    }

    fn ask(&mut self, verb: &str, document: &Value) -> Answer {
        self.say(&format!("{verb}\t{document}"));
        self.hear()
    }

    /// Ends the process as it would end by itself.
    fn end(&mut self) {
        self.say("close");
        drop(self.hear());
        drop(self.child.wait());
    }
}

impl Place for Host {
    fn execute(&mut self, command: &Value) -> Answer {
        self.ask("execute", command)
    }

    fn batch(&mut self, commands: &Value) -> Answer {
        self.ask("batch", commands)
    }

    fn read(&mut self, read: &Value) -> Answer {
        self.ask("read", read)
    }

    fn together(&mut self, callers: &[Vec<Value>]) -> Vec<Vec<Answer>> {
        self.say(&format!("together\t{}", callers.len()));
        for caller in callers {
            let commands: Vec<String> = caller.iter().map(Value::to_string).collect();
            self.say(&commands.join("\t"));
        }
        callers.iter().map(|caller| caller.iter().map(|_| self.hear()).collect()).collect()
    }

    fn set_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        self.say(&format!("clock\t{now_ms}"));
        self.hear().expect("a clock can be set");
    }

    fn reopen(&mut self) {
        self.end();
        let again = Host::open(&self.program, self.file.clone(), Arc::clone(&self.folder), self.now_ms);
        *self = again.unwrap_or_else(|failure| panic!("it cannot be opened again: {failure}"));
    }

    fn second(&mut self) -> Option<Result<Box<dyn Place>, Failure>> {
        let second = Host::open(&self.program, self.file.clone(), Arc::clone(&self.folder), self.now_ms);
        Some(second.map(|host| Box::new(host) as Box<dyn Place>))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It has ended by itself, or is no longer needed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
