//! Programs that a step needs and that are not Rust's: looked for, and fetched from apt where we may. What a step does
//! without them is for the step.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process;

/// A program and the Debian package that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const CC: Tool = Tool { program: "cc", package: "gcc" };
pub(crate) const CHROMIUM: Tool = Tool { program: "chromium", package: "chromium" };
pub(crate) const CMAKE: Tool = Tool { program: "cmake", package: "cmake" };
pub(crate) const MAKE: Tool = Tool { program: "make", package: "make" };
pub(crate) const NODE: Tool = Tool { program: "node", package: "nodejs" };
pub(crate) const NPM: Tool = Tool { program: "npm", package: "npm" };
pub(crate) const PHP: Tool = Tool { program: "php", package: "php-cli" };
/// Makes a PostgreSQL server for one command, and drops it.
pub(crate) const PG_VIRTUALENV: Tool = Tool { program: "pg_virtualenv", package: "postgresql" };
pub(crate) const PKG_CONFIG: Tool = Tool { program: "pkg-config", package: "pkg-config" };
pub(crate) const PYTHON: Tool = Tool { program: "python3", package: "python3" };
pub(crate) const SQLITE: Tool = Tool { program: "sqlite3", package: "sqlite3" };
pub(crate) const READELF: Tool = Tool { program: "readelf", package: "binutils" };
pub(crate) const STRACE: Tool = Tool { program: "strace", package: "strace" };

/// Looks for programs and, as root on a system with apt, installs those that are absent. The reason where some stay
/// absent, nothing where all are here.
pub(crate) fn provide(tools: &[Tool]) -> Result<Option<String>> {
    let lacking = absent(tools);
    if lacking.is_empty() {
        return Ok(None);
    }
    let packages: Vec<&str> = lacking.iter().map(|tool| tool.package).collect();
    if is_here("apt-get") && is_root()? {
        println!("not here, so installed from apt: {}", packages.join(" "));
        // It may fail, without a network for one; then what is absent is the reason to tell.
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends"]).args(&packages);
        install.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        if let Err(error) = process::run(&mut install) {
            println!("{error:#}");
        }
    }
    Ok(reason(&absent(tools)))
}

fn absent(tools: &[Tool]) -> Vec<Tool> {
    tools.iter().copied().filter(|tool| !is_here(tool.program)).collect()
}

fn reason(absent: &[Tool]) -> Option<String> {
    let names: Vec<&str> = absent.iter().map(|tool| tool.program).collect();
    let packages: Vec<&str> = absent.iter().map(|tool| tool.package).collect();
    let verb = if absent.len() == 1 { "is" } else { "are" };
    (!absent.is_empty())
        .then(|| format!("{} {verb} not here (Debian: apt-get install {})", names.join(", "), packages.join(" ")))
}

fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory: PathBuf| directory.join(program)).any(|file| file.is_file())
}

fn is_root() -> Result<bool> {
    Ok(process::capture(Command::new("id").arg("-u"))?.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_said_with_the_way_to_get_it() {
        assert_eq!(reason(&[]), None);
        assert_eq!(reason(&[CMAKE]).expect("a reason"), "cmake is not here (Debian: apt-get install cmake)");
        let two = reason(&[CC, PHP]).expect("a reason");
        assert_eq!(two, "cc, php are not here (Debian: apt-get install gcc php-cli)");
    }

    #[test]
    fn programs_are_looked_for_on_the_path() {
        assert!(is_here("sh"));
        assert!(!is_here("no-such-program"));
        assert_eq!(absent(&[Tool { program: "sh", package: "dash" }]), []);
    }
}
