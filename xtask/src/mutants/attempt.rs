//! Runs the core's test programs: once with no mutant on, to learn which mutants each comes to and how long it takes, then
//! with one mutant on, to its first failure.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::build::Program;
use super::outcomes::Verdict;
use super::switch;
use super::weave::Id;

/// The shortest time that a program is given: the machine may be at something else.
const PATIENCE_MIN: Duration = Duration::from_secs(20);

/// Beyond the shortest, so many times what it takes without a mutant.
const PATIENCE_TIMES: u32 = 8;

/// What is done sooner goes first: it finds nearly all that is found.
const QUICK: Duration = Duration::from_millis(800);

/// Address space of a test program, in kilobytes: some mutants never stop filling a list.
const MEMORY_KB: u32 = 4_000_000;

/// A test program, and what is known of it without mutants.
#[derive(Debug)]
pub(super) struct Measured {
    program: Program,
    reaches: BTreeSet<Id>,
    takes: Duration,
}

/// What came of a mutant.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tried {
    /// How it was found, and by which program.
    pub(super) found: Option<(Verdict, String)>,
    /// The programs that did not find it.
    pub(super) passed: Vec<String>,
}

/// How a run of a program went.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Run {
    Passed,
    Failed,
    TooLong,
}

/// Runs every program without a mutant, and gives them by the time that they take. All must pass.
pub(super) fn measure(programs: Vec<Program>, copy: &Path) -> Result<Vec<Measured>> {
    let (core, recorded) = (&copy.join("core"), copy.with_extension("reached"));
    if recorded.exists() {
        fs::remove_dir_all(&recorded)?;
    }
    let mut all = Vec::new();
    for program in programs {
        let directory = recorded.join(&program.name);
        fs::create_dir_all(&directory)?;
        let start = Instant::now();
        let plain = run(&mut command(&program.path, core), Duration::from_secs(600))?;
        let takes = start.elapsed();
        let recording = run(command(&program.path, core).env(switch::REACHED, &directory), Duration::from_secs(1200))?;
        for run in [plain, recording] {
            ensure!(run == Run::Passed, "`{}` fails without a mutant: {run:?}", program.path.display());
        }
        let reaches = reached(&directory)?;
        all.push(Measured { program, reaches, takes });
    }
    all.sort_by_key(|measured| measured.takes);
    Ok(all)
}

impl Measured {
    pub(super) fn name(&self) -> &str {
        &self.program.name
    }

    pub(super) fn reaches(&self, id: Id) -> bool {
        self.reaches.contains(&id)
    }

    /// Whether it is worth to run it for every mutant before others are run for any.
    pub(super) fn is_quick(&self) -> bool {
        self.takes < QUICK
    }

    /// The same suite, built anew.
    pub(super) fn rebuilt(&self, programs: &[Program]) -> Option<Measured> {
        let program = programs.iter().find(|program| program.name == self.program.name)?.clone();
        Some(Measured { program, reaches: BTreeSet::new(), takes: self.takes })
    }

    /// What a person wants to know of it.
    pub(super) fn told(&self) -> String {
        let Measured { program, reaches, takes } = self;
        format!("{} reaches {} in {:.2} s", program.name, reaches.len(), takes.as_secs_f64())
    }
}

fn reached(directory: &Path) -> Result<BTreeSet<Id>> {
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let text = fs::read_to_string(entry?.path())?;
        ids.extend(text.lines().filter_map(|line| line.parse::<Id>().ok()));
    }
    Ok(ids)
}

/// Tries a mutant with some programs, up to the first that finds it.
pub(super) fn attempt<'a>(
    id: Option<Id>,
    programs: impl IntoIterator<Item = &'a Measured>,
    core: &Path,
) -> Result<Tried> {
    let mut tried = Tried::default();
    for Measured { program, takes, .. } in programs {
        let patience = PATIENCE_MIN.max(*takes * PATIENCE_TIMES);
        let mut command = command(&program.path, core);
        if let Some(id) = id {
            command.env(switch::ON, id.to_string());
        }
        let verdict = match run(&mut command, patience)? {
            Run::Passed => {
                tried.passed.push(program.name.clone());
                continue;
            }
            Run::Failed => Verdict::Caught,
            Run::TooLong => Verdict::TimedOut,
        };
        tried.found = Some((verdict, program.name.clone()));
        break;
    }
    Ok(tried)
}

/// A test program in the surroundings that cargo gives it, with little memory, behind what else the machine does.
fn command(program: &Path, core: &Path) -> Command {
    // The shell makes way for the program, so that it is the program that is killed. Some systems know no such limit.
    let script = format!("ulimit -v {MEMORY_KB} 2>/dev/null; exec nice -n 10 \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(program).arg("--test-threads=1");
    command.current_dir(core).env("CARGO_MANIFEST_DIR", core);
    // A failure is all that we ask for: nothing is made shorter, kept or explained.
    command.env("STOCKROOM_KEEP_NOTHING", "1").env("PROPTEST_MAX_SHRINK_ITERS", "0").env("RUST_BACKTRACE", "0");
    command.env_remove(switch::ON).env_remove(switch::REACHED);
    command
}

/// Runs a program until it ends, a test fails, or time is over.
fn run(command: &mut Command, patience: Duration) -> Result<Run> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("a test program does not start")?;
    let output = child.stdout.take().context("a test program has no output")?;
    let end = Instant::now() + patience;
    let (failed, ended) = channel();
    // It ends with the program, whose output it reads.
    let reader = thread::spawn(move || {
        let lines = BufReader::new(output).split(b'\n').map_while(Result::ok);
        for line in lines {
            if is_failure(&line) {
                // Nobody listens where time is over.
                let _ = failed.send(());
            }
        }
    });
    let run = match ended.recv_timeout(patience) {
        Ok(()) => Run::Failed,
        Err(RecvTimeoutError::Timeout) => Run::TooLong,
        Err(RecvTimeoutError::Disconnected) => loop {
            // It has closed its output, and is about to end.
            if let Some(status) = child.try_wait()? {
                break if status.success() { Run::Passed } else { Run::Failed };
            }
            if Instant::now() > end {
                break Run::TooLong;
            }
            thread::sleep(Duration::from_millis(1));
        },
    };
    // It may be gone already.
    let _ = child.kill();
    child.wait()?;
    let _ = reader.join();
    Ok(run)
}

/// Whether a line tells of a test that failed. What the test itself printed may stand before.
fn is_failure(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    line.starts_with("test ") && line.trim_end().ends_with("FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, patience_ms: u64) -> (Run, Duration) {
        let start = Instant::now();
        let run = run(Command::new("/bin/sh").args(["-c", script]), Duration::from_millis(patience_ms));
        (run.expect("the shell starts"), start.elapsed())
    }

    #[test]
    fn a_run_ends_at_its_first_failure() {
        let cases = [
            ("echo 'test a ... ok'", Run::Passed),
            ("echo 'test a ... ok'; exit 1", Run::Failed),
            ("kill -9 $$", Run::Failed),
            ("echo 'test a ... FAILED'; exec sleep 60", Run::Failed),
            ("exec >&-; sleep 0.1; exit 0", Run::Passed),
        ];
        for (script, expected) in cases {
            let (run, took) = sh(script, 50_000);
            assert!(run == expected && took < Duration::from_secs(40), "{script}: {run:?} in {took:?}");
        }
        assert_eq!(sh("exec sleep 60", 50).0, Run::TooLong);
        assert_eq!(sh("exec >&-; exec sleep 60", 50).0, Run::TooLong);
    }

    #[test]
    fn a_program_is_the_shell_s_own_process() {
        let mut command = command(Path::new("/bin/sh"), Path::new("/"));
        // `sh --test-threads=1` is refused.
        assert_eq!(run(&mut command, Duration::from_secs(20)).expect("it starts"), Run::Failed);
    }

    #[test]
    fn failures_are_told_from_other_lines() {
        let cases = [
            ("test a::b ... FAILED", true),
            ("test a - should panic ... FAILED\r", true),
            ("test a ... ok", false),
            ("test result: FAILED. 1 passed; 1 failed", false),
            ("a FAILED", false),
        ];
        for (line, expected) in cases {
            assert_eq!(is_failure(line.as_bytes()), expected, "{line}");
        }
    }
}
