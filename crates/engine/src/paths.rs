//! Which files this process opens for others: what `--allow-path` says. A process that was told nothing opens all that
//! its user may.
//!
//! A pattern allows what it matches, and all below it: `/data`, `/data/20*/flights.parquet`, `s3://bucket/public`. What
//! counts is where a path really leads, after `..` and symbolic links.

use crate::{Error, Result};
use glob::{MatchOptions, Pattern};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Component, Path, PathBuf};

/// A list of patterns, at least one of which must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct AllowedPaths(Vec<Pattern>);

impl From<AllowedPaths> for Vec<String> {
    fn from(list: AllowedPaths) -> Self {
        list.0.iter().map(|pattern| pattern.as_str().to_owned()).collect()
    }
}

/// Patterns as they were parsed, for a process of the same machine.
impl TryFrom<Vec<String>> for AllowedPaths {
    type Error = glob::PatternError;

    fn try_from(patterns: Vec<String>) -> std::result::Result<Self, glob::PatternError> {
        patterns.iter().map(|text| Pattern::new(text)).collect::<std::result::Result<_, _>>().map(Self)
    }
}

/// All lists that hold for this process.
static LISTS: RwLock<Vec<AllowedPaths>> = RwLock::new(vec![]);

/// A star stays within a folder's name; two cross folders.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl AllowedPaths {
    /// Reads patterns: absolute paths or URLs, in which `*`, `?`, `[…]` and `**` stand for what they do in a shell.
    ///
    /// # Errors
    /// `Input`: one is neither, or is malformed.
    pub fn parse<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self> {
        patterns.into_iter().map(|text| pattern(text.as_ref())).collect::<Result<_>>().map(Self)
    }

    /// Is it a path below one that is allowed? `real` leads through no link and no `..`.
    fn allows(&self, real: &Path) -> bool {
        let matches = |path: &Path| self.0.iter().any(|pattern| pattern.matches_path_with(path, MATCHING));
        real.ancestors().any(matches)
    }
}

fn pattern(text: &str) -> Result<Pattern> {
    let wrong = |what: &str| {
        Error::input(format!("{text:?} is no path to allow: {what}"))
            .with_hint("write an absolute path or a URL, as in /data, '/data/*.parquet' or s3://bucket/public")
    };
    let malformed = |error: &glob::PatternError| wrong("its pattern is malformed").caused_by(error);
    let compiled = |text: &str| Pattern::new(text).map_err(|error| malformed(&error));
    if crate::remote::is_url(text) {
        return compiled(text.trim_end_matches('/'));
    }
    let path = Path::new(text);
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(wrong("it is not absolute"));
    }
    // What is in front of the first pattern is meant as it is on this machine: `/tmp` may be a link itself.
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let plain: PathBuf = path.components().take_while(is_plain).collect();
    let rest: PathBuf = path.components().skip_while(is_plain).collect();
    let whole = Path::new(&Pattern::escape(&real(&plain).unwrap_or(plain).to_string_lossy())).join(rest);
    let whole = whole.to_string_lossy();
    compiled(if whole == "/" { "/" } else { whole.trim_end_matches('/') })
}

/// Where `path` leads, which need not be there: the deepest folder that is, and the names below it. `None` if that can't
/// be said.
fn real(path: &Path) -> Option<PathBuf> {
    for there in path.ancestors() {
        if let Ok(real) = fs::canonicalize(there) {
            let rest = path.strip_prefix(there).ok()?;
            let is_plain = rest.components().all(|part| matches!(part, Component::Normal(_)));
            return is_plain.then(|| if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
        if fs::symlink_metadata(there).is_ok() {
            return None; // a link to nowhere: what is written through it would be made there
        }
    }
    None
}

/// From now on, this process opens nothing that `list` does not allow, and all former lists. For good.
pub fn restrict(list: AllowedPaths) {
    let mut lists = LISTS.write();
    if !lists.contains(&list) {
        lists.push(list);
    }
}

/// All lists that hold for this process, for those that it starts.
pub fn lists() -> Vec<AllowedPaths> {
    LISTS.read().clone()
}

/// Has anybody restricted this process?
pub fn is_restricted() -> bool {
    !LISTS.read().is_empty()
}

fn refused(what: &str) -> Error {
    Error::input(format!("{what} is not among the paths that may be read and written here"))
        .with_hint("scheduler or workers were started with --allow-path: name the path there, or move the files")
}

/// Refuses a file that is not allowed; it need not be there.
///
/// # Errors
/// `Input`: it is not allowed.
pub fn check(path: &Path) -> Result<()> {
    check_with(&LISTS.read(), path)
}

fn check_with(lists: &[AllowedPaths], path: &Path) -> Result<()> {
    if lists.is_empty() {
        return Ok(());
    }
    let is_allowed = real(path).is_some_and(|real| lists.iter().all(|list| list.allows(&real)));
    if is_allowed { Ok(()) } else { Err(refused(&path.display().to_string())) }
}

/// Refuses a URL that is not allowed.
///
/// # Errors
/// `Input`: it is not allowed.
pub fn check_url(url: &str) -> Result<()> {
    let lists = LISTS.read();
    let has_parent = url.split('/').any(|part| part == "..");
    let is_allowed = !has_parent && lists.iter().all(|list| list.allows(Path::new(url)));
    if lists.is_empty() || is_allowed { Ok(()) } else { Err(refused(url)) }
}

/// Opens a file to read it. Whether it is allowed is asked of what was opened: no link can be put in its place between
/// the question and the answer.
///
/// # Errors
/// It can't be opened, or is not allowed.
pub fn open(path: &Path) -> io::Result<File> {
    check(path).map_err(io::Error::other)?;
    let file = File::open(path)?;
    let lists = LISTS.read();
    if !lists.is_empty() {
        let opened = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        if !lists.iter().all(|list| list.allows(&opened)) {
            return Err(io::Error::other(refused(&path.display().to_string())));
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_is_allowed_by_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for name in ["data/2024/deep", "data/2025", "secret"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for name in ["data/2024/a.parquet", "data/2024/a.csv", "data/2024/deep/b.parquet", "secret/key"] {
            fs::write(at(name), "x").unwrap();
        }
        symlink(at("secret"), at("data/2024/out")).unwrap();
        symlink(at("data/2024"), at("latest")).unwrap();
        symlink(at("secret/made"), at("data/2024/dangling")).unwrap();
        let list = |patterns: &[&str]| {
            vec![AllowedPaths::parse(patterns.iter().map(|text| at(text).display().to_string())).unwrap()]
        };
        let whole = list(&["data"]);
        let some = list(&["data/20*/*.parquet", "latest/deep"]);
        for (path, by_whole, by_some) in [
            ("data/2024/a.parquet", true, true),
            ("data/2024/a.csv", true, false),
            ("data/2024/new.parquet", true, true),
            ("data/2024/deep/b.parquet", true, true),
            ("latest/a.parquet", true, true),
            ("data/2024/../../secret/key", false, false),
            ("data/2024/out/key", false, false),
            ("data/2024/dangling", false, false),
            ("data/none/../../secret/key", false, false),
            ("data2", false, false),
            ("secret/key", false, false),
        ] {
            assert_eq!(check_with(&whole, &at(path)).is_ok(), by_whole, "{path} by a folder");
            assert_eq!(check_with(&some, &at(path)).is_ok(), by_some, "{path} by patterns");
            assert!(check_with(&[], &at(path)).is_ok());
        }
        let sent: Vec<AllowedPaths> =
            some.iter().map(|list| AllowedPaths::try_from(Vec::from(list.clone())).unwrap()).collect();
        assert_eq!(sent, some, "what a process is told is what this one holds to");
        let both = [list(&["data"]), list(&["secret"])].concat();
        assert!(check_with(&both, &at("data/2024/a.csv")).is_err(), "each list must allow it");
        let error = check_with(&whole, &at("secret/key")).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("--allow-path")), "{error}");
    }

    #[test]
    fn patterns_are_absolute() {
        for text in ["data", "./data", "/data/../etc", "/data/[", ""] {
            assert!(AllowedPaths::parse([text]).is_err(), "{text}");
        }
        let list = AllowedPaths::parse(["s3://bucket/public", "https://host/*.csv"]).unwrap();
        let allows = |url: &str| list.allows(Path::new(url));
        assert!(allows("s3://bucket/public/a/b.parquet") && allows("https://host/a.csv"));
        assert!(!allows("s3://bucket/private/a") && !allows("https://host/a/b.csv") && !allows("s3://other/public"));
        assert!(AllowedPaths::parse(["/"]).unwrap().allows(Path::new("/etc/passwd")));
    }
}
