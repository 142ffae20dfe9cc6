//! Other processes: this program starts itself again, to do one job and say how it goes line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use stockroom::{Error, Reply};
use stockroom_conformance::Random;
use stockroom_conformance::documents::{hold, order, receive, release};

use crate::place::{Shop, over};

const JOB: &str = "STOCKROOM_TEST_JOB";
const FILE: &str = "STOCKROOM_TEST_FILE";
const NAME: &str = "STOCKROOM_TEST_NAME";

/// What stands before the lines that are meant for the parent: the harness prints some of its own.
const SAYS: &str = "child: ";

/// A process at work; dropping it kills it.
pub(crate) struct Worker {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program again for a job. A command to run it under may stand before.
    pub(crate) fn start_under(under: &[&str], job: &str, file: &Path, name: &str) -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let arguments = ["--exact", "child::works", "--nocapture", "--test-threads=1"];
        let mut command = match under {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.args(arguments).env(JOB, job).env(FILE, file).env(NAME, name);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let lines = BufReader::new(process.stdout.take().expect("its output"));
        Worker { process, lines }
    }

    /// Starts this program again for a job.
    pub(crate) fn start(job: &str, file: &Path, name: &str) -> Self {
        Self::start_under(&[], job, file, name)
    }

    /// The next thing that it says; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).expect("its output can be read") == 0 {
                return None;
            }
            // A process that was killed may leave half a line, which was never said.
            if let Some((_, said)) = line.split_once(SAYS).filter(|_| line.ends_with('\n')) {
                return Some(said.trim_end().to_owned());
            }
        }
    }

    /// All that it says until its end, which must be a good one.
    pub(crate) fn finish(mut self) -> Vec<String> {
        let lines: Vec<String> = std::iter::from_fn(|| self.line()).collect();
        let status = self.process.wait().expect("it ends");
        assert!(status.success(), "{status}: {lines:?}");
        lines
    }

    /// Kills it where it stands. Returns what it had said and nobody had read.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().expect("it can be killed");
        let status = self.process.wait().expect("it ends");
        assert!(!status.success(), "it ended by itself");
        std::iter::from_fn(|| self.line()).collect()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It has ended already, or nobody needs it any more.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{SAYS}{text}").and_then(|()| out.flush()).expect("the parent listens");
}

/// The jobs. Without one this is no test.
#[test]
fn works() {
    let Ok(job) = std::env::var(JOB) else {
        return;
    };
    let file = std::env::var(FILE).expect("a file");
    let name = std::env::var(NAME).expect("a name");
    match job.as_str() {
        "open" => {
            drop(stockroom_sqlite::SqliteStore::open(&file).expect("opens"));
            say("opened");
        }
        "sell" => sell(&shop(&file), &name),
        "sell on" => sell_on(&shop(&file), &name),
        "sell batches" => sell_batches(&shop(&file), &name),
        "prune" => prune_on(&shop(&file)),
        "fill the disk" => crate::full::fill(Path::new(&file)),
        other => panic!("{other} is no job"),
    }
}

fn shop(file: &str) -> Shop {
    over(crate::place::open(file).expect("opens"))
}

/// Does a command, again while other processes hold the file.
fn persist(shop: &Shop, command: impl Into<stockroom::Command>) -> Reply {
    let command = command.into();
    loop {
        match shop.execute(command.clone()) {
            Ok(reply) => return reply,
            Err(error) if Error::is_retryable(&error) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sells single mugs, and holds some in between, until 120 orders were tried.
fn sell(shop: &Shop, name: &str) {
    let mut random = Random::new(name.len() as u64);
    for number in 0..120 {
        let id = format!("{name}-{number}");
        if random.percent(10) && persist(shop, hold(&id, &[("mug", 1)], 60_000)).accepted().is_ok() {
            persist(shop, release(&id));
        }
        let reply = persist(shop, order(&id, &[("mug", 1)]));
        say(if reply.accepted().is_ok() { "sold" } else { "refused" });
    }
}

/// Takes goods in and sells them, for ever. Says what is done once it is done.
fn sell_on(shop: &Shop, name: &str) {
    for number in 0.. {
        let id = format!("{name}-{number}");
        persist(shop, stockroom::Command::from(receive("main", &[("mug", 2)])).with_key(format!("in {id}")));
        assert!(persist(shop, order(&id, &[("mug", 2)])).accepted().is_ok());
        say(&id);
    }
}

/// The same in large batches, the first part of which is written while the rest is decided.
fn sell_batches(shop: &Shop, name: &str) {
    for batch in 0.. {
        let ids: Vec<String> = (0..200).map(|number| format!("{name}-{batch}-{number}")).collect();
        let delivery = receive("main", &[("mug", 200)]);
        let commands = std::iter::once(stockroom::Command::from(delivery).with_key(format!("in {name}-{batch}")))
            .chain(ids.iter().map(|id| order(id, &[("mug", 1)]).into()));
        let replies = shop.execute_batch(commands).expect("done");
        assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
        ids.iter().for_each(|id| say(id));
    }
}

/// Forgets what is old, again and again, while there is anything.
fn prune_on(shop: &Shop) {
    say("begins");
    loop {
        shop.prune(stockroom_conformance::documents::NOON + 1).expect("prunes");
    }
}
