//! Where each file of an installation goes and what it holds, by the rules of GNU prefixes, sonames, pkg-config and
//! CMake. Plain values in, plain values out: it may not touch the disk.

use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

use super::native::NativeLibraries;

const PKG_CONFIG: &str = include_str!("../../../ffi/install/stockroom.pc.in");
const CMAKE_CONFIG: &str = include_str!("../../../ffi/install/stockroom-config.cmake.in");
const CMAKE_VERSION: &str = include_str!("../../../ffi/install/stockroom-config-version.cmake.in");

/// What is to be installed.
pub(crate) struct Release {
    /// The package's version, such as `0.1.0`.
    pub(crate) version: String,
    /// The version of the ABI: the number of the soname.
    pub(crate) abi: u32,
    /// What the static library needs of the system.
    pub(crate) native: NativeLibraries,
    pub(crate) header: PathBuf,
    pub(crate) shared: PathBuf,
    /// What the shared library loads to run exchanges.
    pub(crate) http: Option<PathBuf>,
    pub(crate) archive: PathBuf,
}

/// One file of an installation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Below the prefix.
    pub(crate) path: String,
    pub(crate) content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A copy of a file, which may be run or not.
    Copy {
        from: PathBuf,
        executable: bool,
    },
    Text(String),
    /// A symbolic link to a file beside it.
    Link(String),
}

/// The directory that files are written to: the prefix, below the staging directory of packagers where there is one.
pub(crate) fn root(prefix: &Path, destdir: Option<&Path>, current: &Path) -> Result<PathBuf> {
    match destdir {
        None => Ok(current.join(prefix)),
        Some(destdir) => match prefix.strip_prefix("/") {
            Ok(below) if below.components().all(|part| matches!(part, Component::Normal(_))) => {
                Ok(current.join(destdir).join(below))
            }
            _ => bail!("below a staging directory the prefix is absolute and without `..`, not {}", prefix.display()),
        },
    }
}

/// Every file of an installation whose libraries lie in `libdir` below the prefix.
pub(crate) fn items(release: &Release, libdir: &str) -> Result<Vec<Item>> {
    let depth = depth(libdir)?;
    let [shared_file, soname] = names("stockroom", release);
    let [http_file, http_soname] = names("stockroom-http", release);
    let (major, minor) = major_and_minor(&release.version)?;
    let values = [
        ("VERSION", release.version.clone()),
        ("MAJOR", major),
        ("MINOR", minor),
        ("LIBDIR", libdir.to_owned()),
        ("SHARED_FILE", shared_file.clone()),
        ("SONAME", soname.clone()),
        ("HTTP_SONAME", http_soname.clone()),
        ("UP_FROM_PKGCONFIG", up(depth + 1)),
        ("UP_FROM_CMAKE", up(depth + 2)),
        ("PRIVATE_FLAGS", release.native.flags()),
        ("PRIVATE_LIBRARIES", release.native.cmake_list()),
        ("POINTER_BYTES", size_of::<usize>().to_string()),
    ];
    let copy = |from: &Path, executable| Content::Copy { from: from.to_owned(), executable };
    let text = |template: &str| fill(template, &values).map(Content::Text);
    let item = |path: String, content| Item { path, content };
    let mut items = vec![
        item("include/stockroom.h".to_owned(), copy(&release.header, false)),
        item(format!("{libdir}/{shared_file}"), copy(&release.shared, true)),
    ];
    // Where version and ABI are written alike the file itself has the soname.
    if soname != shared_file {
        items.push(item(format!("{libdir}/{soname}"), Content::Link(shared_file)));
    }
    // Nothing is linked with it, so that it has no name for linkers.
    if let Some(http) = &release.http {
        items.push(item(format!("{libdir}/{http_file}"), copy(http, true)));
        if http_soname != http_file {
            items.push(item(format!("{libdir}/{http_soname}"), Content::Link(http_file)));
        }
    }
    items.extend([
        item(format!("{libdir}/libstockroom.so"), Content::Link(soname)),
        item(format!("{libdir}/libstockroom.a"), copy(&release.archive, false)),
        item(format!("{libdir}/pkgconfig/stockroom.pc"), text(PKG_CONFIG)?),
        item(format!("{libdir}/cmake/stockroom/stockroom-config.cmake"), text(CMAKE_CONFIG)?),
        item(format!("{libdir}/cmake/stockroom/stockroom-config-version.cmake"), text(CMAKE_VERSION)?),
    ]);
    Ok(items)
}

/// The file of a shared library, and its soname.
fn names(library: &str, release: &Release) -> [String; 2] {
    [format!("lib{library}.so.{}", release.version), format!("lib{library}.so.{}", release.abi)]
}

/// The ABI's version as the header says it.
pub(crate) fn abi_of(header: &str) -> Result<u32> {
    let defined = header.lines().find_map(|line| line.strip_prefix("#define STOCKROOM_ABI_VERSION "));
    match defined.and_then(|number| number.trim().parse().ok()) {
        Some(abi) => Ok(abi),
        None => bail!("the header has no STOCKROOM_ABI_VERSION"),
    }
}

/// How many directories deep the libraries lie below the prefix.
fn depth(libdir: &str) -> Result<usize> {
    let path = Path::new(libdir);
    let is_plain = !libdir.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || libdir.contains(['@', '"', '$', ';', ' ']) {
        bail!("--libdir is a directory below the prefix such as `lib` or `lib/x86_64-linux-gnu`, not `{libdir}`");
    }
    Ok(path.components().count())
}

fn up(levels: usize) -> String {
    vec![".."; levels].join("/")
}

fn major_and_minor(version: &str) -> Result<(String, String)> {
    let mut numbers = version.split('.');
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => Ok((major.to_owned(), minor.to_owned())),
        _ => bail!("`{version}` is no version"),
    }
}

/// Puts values in the place of `@NAME@`; a name that is not known is an error.
fn fill(template: &str, values: &[(&str, String)]) -> Result<String> {
    let mut parts = template.split('@');
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let Some(name) = parts.next() {
        let value = values.iter().find(|(known, _)| *known == name);
        let (Some((_, value)), Some(rest)) = (value, parts.next()) else {
            bail!("a template asks for `@{name}@`, which nothing fills");
        };
        text.push_str(value);
        text.push_str(rest);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str, abi: u32) -> Release {
        Release {
            version: version.to_owned(),
            abi,
            native: NativeLibraries::new("-lgcc_s -lm -lc"),
            header: "h".into(),
            shared: "so".into(),
            http: Some("http".into()),
            archive: "a".into(),
        }
    }

    fn text<'a>(items: &'a [Item], path: &str) -> &'a str {
        match &items.iter().find(|item| item.path == path).expect("it is installed").content {
            Content::Text(text) => text,
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn files_go_below_the_prefix_and_the_staging_directory() {
        for (prefix, destdir, expected) in [
            ("/usr", None, "/usr"),
            ("out", None, "/here/out"),
            ("/usr", Some("/stage"), "/stage/usr"),
            ("/usr", Some("stage"), "/here/stage/usr"),
            ("/", Some("/stage"), "/stage"),
        ] {
            let found = root(Path::new(prefix), destdir.map(Path::new), Path::new("/here")).expect(prefix);
            assert_eq!(found, Path::new(expected), "{prefix} {destdir:?}");
        }
        for prefix in ["usr", "", "/usr/../../opt"] {
            assert!(root(Path::new(prefix), Some(Path::new("/stage")), Path::new("/here")).is_err(), "{prefix}");
        }
    }

    #[test]
    fn libraries_are_linked_by_soname() {
        for (version, abi, expected) in [
            (
                "0.1.0",
                0,
                vec![
                    "lib/libstockroom.so.0 -> libstockroom.so.0.1.0",
                    "lib/libstockroom-http.so.0 -> libstockroom-http.so.0.1.0",
                    "lib/libstockroom.so -> libstockroom.so.0",
                ],
            ),
            (
                "1.2.3",
                4,
                vec![
                    "lib/libstockroom.so.4 -> libstockroom.so.1.2.3",
                    "lib/libstockroom-http.so.4 -> libstockroom-http.so.1.2.3",
                    "lib/libstockroom.so -> libstockroom.so.4",
                ],
            ),
        ] {
            let links: Vec<String> = items(&release(version, abi), "lib")
                .expect("a layout")
                .into_iter()
                .filter_map(|item| match item.content {
                    Content::Link(target) => Some(format!("{} -> {target}", item.path)),
                    _ => None,
                })
                .collect();
            assert_eq!(links, expected);
        }
    }

    #[test]
    fn texts_find_the_prefix_from_where_they_lie() {
        for (libdir, pkg_config, cmake) in [
            ("lib", "../..", "../../.."),
            ("lib64", "../..", "../../.."),
            ("lib/x86_64-linux-gnu", "../../..", "../../../.."),
        ] {
            let items = items(&release("0.1.0", 0), libdir).expect(libdir);
            let pc = text(&items, &format!("{libdir}/pkgconfig/stockroom.pc")).to_owned();
            assert!(pc.contains(&format!("prefix=${{pcfiledir}}/{pkg_config}\n")), "{pc}");
            assert!(pc.contains(&format!("libdir=${{prefix}}/{libdir}\n")), "{pc}");
            assert!(pc.contains("Libs.private: -lm\n"), "{pc}");
            let config = text(&items, &format!("{libdir}/cmake/stockroom/stockroom-config.cmake"));
            assert!(config.contains(&format!("/{cmake}\" ABSOLUTE")), "{config}");
            assert!(config.contains(&format!("/{libdir}/libstockroom.so.0.1.0\"")), "{config}");
        }
        for libdir in ["", "/usr/lib", "../lib", "lib/../lib", "./lib", "my lib", "lib;x"] {
            assert!(items(&release("0.1.0", 0), libdir).is_err(), "{libdir:?}");
        }
    }

    #[test]
    fn a_template_has_only_names_that_are_filled() {
        let values = [("A", "1".to_owned())];
        assert_eq!(fill("x@A@y@A@", &values).expect("filled"), "x1y1");
        for template in ["@B@", "@A", "a@"] {
            assert!(fill(template, &values).is_err(), "{template}");
        }
    }

    #[test]
    fn the_abi_is_read_from_the_header() {
        assert_eq!(abi_of("/* */\n#define STOCKROOM_ABI_VERSION 3\n").expect("a number"), 3);
        for header in ["", "#define STOCKROOM_ABI_VERSION x\n", "// STOCKROOM_ABI_VERSION 3\n"] {
            assert!(abi_of(header).is_err(), "{header:?}");
        }
    }
}
