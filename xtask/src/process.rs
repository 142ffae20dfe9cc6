//! Running other programs, with their output shown as it comes. It may not decide what a failure means
//! for the caller, only say which command failed and how.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a command to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a command to its end and returns its standard output; the error output goes where ours goes.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{}`", line(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        // The output that was kept back may hold the reason.
        print!("{text}");
        bail!("`{}` failed ({})", line(command), output.status);
    }
    Ok(text)
}

/// Runs a command to its end and hands over its standard output line by line as it comes; the error output goes where
/// ours goes.
pub(crate) fn each_line(command: &mut Command, mut take: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{}`", line(command)))?;
    let mut taken = Ok(());
    for text in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        // It is heard to its end, so that it does not die of a closed pipe.
        taken = taken.and_then(|()| take(&text?));
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    taken
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_status() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 3"])).expect_err("it exits with 3").to_string();
        assert!(error.contains("sh -c exit 3") && error.contains('3'), "{error}");
        assert!(run(Command::new("/bin/sh").args(["-c", "exit 0"])).is_ok());
        let error = run(&mut Command::new("/no/such/program")).expect_err("there is none").to_string();
        assert!(error.contains("cannot start `program`"), "{error}");
    }

    #[test]
    fn lines_are_handed_over_and_a_failure_is_said() {
        let mut lines = Vec::new();
        let mut keep = |line: &str| {
            lines.push(line.to_owned());
            Ok(())
        };
        each_line(Command::new("/bin/sh").args(["-c", "echo a; echo b"]), &mut keep).expect("echo works");
        assert!(each_line(Command::new("/bin/sh").args(["-c", "echo c; exit 1"]), &mut keep).is_err());
        assert_eq!(lines, ["a", "b", "c"]);
        assert!(each_line(Command::new("/bin/sh").args(["-c", "echo d"]), |_| bail!("no")).is_err());
    }

    #[test]
    fn captured_output_is_returned_only_on_success() {
        let text = capture(Command::new("/bin/sh").args(["-c", "echo 7"])).expect("echo works");
        assert_eq!(text, "7\n");
        assert!(capture(Command::new("/bin/sh").args(["-c", "exit 1"])).is_err());
    }
}
