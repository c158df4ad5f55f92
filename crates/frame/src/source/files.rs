//! Which files a pattern means.

use super::folders::folders_of;
use super::place::Place;
use crate::error::bad_file;
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as ObjectPath;
use glob::{MatchOptions, Pattern};
use phalanx_engine::remote::{Remote, is_url};
use phalanx_engine::{Error, Result};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file that exists, with what a plan must know of it.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Where it is.
    pub place: Place,
    /// What its store knows of it.
    pub meta: ObjectMeta,
    /// Names and values in the names of the folders that it is in: `year=2024`.
    pub folders: Vec<(String, String)>,
}

impl DataFile {
    /// What people call it.
    pub(crate) fn shown(&self) -> PathBuf {
        PathBuf::from(self.place.shown())
    }
}

/// How files are looked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Ends of the names of those files of a folder that are meant; a compression's may stand behind it.
    pub extensions: Vec<String>,
    /// Whether folders inside of folders are looked into.
    pub deep: bool,
    /// How stores are opened.
    pub options: BTreeMap<String, String>,
}

const COMPRESSED: [&str; 4] = [".gz", ".bz2", ".xz", ".zst"];
/// `*` stands for what is inside of one folder's name.
const MATCH: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The files that `patterns` mean: each a file, a folder, or a name with `*`, `**`, `?` and `[…]`; a path of the local
/// file system, or a URL. Each pattern's files are sorted by name, numbers in names by value.
///
/// # Errors
/// `Data`: there is none, or one can't be read. `Unsupported`: a URL of a kind that there is not.
pub fn find(patterns: &[String], search: &Search) -> Result<Vec<DataFile>> {
    let mut files = vec![];
    for pattern in patterns {
        let mut found = if is_url(pattern) { remote(pattern, search)? } else { local(pattern, search)? };
        found.sort_by(|left, right| by_name(&left.place.shown(), &right.place.shown()));
        files.append(&mut found);
    }
    match files.is_empty() {
        true => Err(Error::data(format!("no file matches {}", patterns.join(", ")))
            .with_hint("check the folder and the pattern")),
        false => Ok(files),
    }
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

impl Search {
    /// Is a file of a folder meant? `below` is its path there.
    fn takes(&self, below: &str) -> bool {
        let hidden = below.split('/').any(|part| part.starts_with(['.', '_']) && !part.contains('='));
        let plain = COMPRESSED.iter().find_map(|end| below.strip_suffix(end)).unwrap_or(below);
        let fits = |name: &str| self.extensions.iter().any(|end| name.ends_with(&format!(".{end}")));
        !hidden && (self.extensions.is_empty() || fits(below) || fits(plain))
    }
}

/// The folders of a pattern before its first wildcard.
fn fixed_part(pattern: &str) -> &str {
    let end = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    pattern[..end].rfind('/').map_or("", |slash| &pattern[..slash])
}

fn remote(pattern: &str, search: &Search) -> Result<Vec<DataFile>> {
    let (remote, path) = Remote::parse(pattern, &search.options)?;
    let file = |meta: ObjectMeta, below: &str| DataFile {
        place: Place::Remote(remote.clone(), meta.location.to_string()),
        folders: folders_of(below),
        meta,
    };
    if !has_wildcard(&path) && !path.is_empty() && !path.ends_with('/') {
        match remote.head(&path) {
            // A URL's path may be encoded; the store's own is not.
            Ok(meta) if pattern.starts_with("http") => {
                return Ok(vec![DataFile { place: Place::Remote(remote, path), folders: vec![], meta }]);
            }
            Ok(meta) => return Ok(vec![file(meta, "")]),
            Err(error) if pattern.starts_with("http") => return Err(error),
            Err(_) => {} // perhaps a folder
        }
    }
    let base = if has_wildcard(&path) { fixed_part(&path) } else { path.trim_end_matches('/') };
    let compiled = Pattern::new(&path).map_err(|error| bad_pattern(pattern, &error))?;
    let below = |meta: &ObjectMeta| {
        let location = meta.location.to_string();
        location.strip_prefix(base).unwrap_or(&location).trim_start_matches('/').to_owned()
    };
    let is_meant = |meta: &ObjectMeta| match has_wildcard(&path) {
        true => compiled.matches_with(meta.location.as_ref(), MATCH),
        false => (search.deep || !below(meta).contains('/')) && search.takes(&below(meta)),
    };
    let listed = remote.list(base)?;
    Ok(listed
        .into_iter()
        .filter(is_meant)
        .map(|meta| (below(&meta), meta))
        .map(|(below, meta)| file(meta, &below))
        .collect())
}

fn bad_pattern(pattern: &str, error: &glob::PatternError) -> Error {
    Error::input(format!("{pattern} is no pattern of names")).caused_by(error)
}

fn local(pattern: &str, search: &Search) -> Result<Vec<DataFile>> {
    let pattern = pattern.strip_prefix("file://").unwrap_or(pattern);
    let path = Path::new(pattern);
    if path.is_dir() {
        let mut files = vec![];
        walk(path, "", search, &mut files)?;
        return files.into_iter().map(|(path, below)| describe(&path, &below)).collect();
    }
    if !has_wildcard(pattern) || path.exists() {
        return Ok(vec![describe(path, "")?]);
    }
    let base = fixed_part(pattern);
    let paths = glob::glob_with(pattern, MATCH).map_err(|error| bad_pattern(pattern, &error))?;
    let mut files = vec![];
    for path in paths {
        let path = path.map_err(|error| unreadable(error.path(), error.error()))?;
        if path.is_file() {
            let below = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(describe(&path, &below)?);
        }
    }
    Ok(files)
}

/// The files of a folder, each with its path there.
fn walk(folder: &Path, below: &str, search: &Search, files: &mut Vec<(PathBuf, String)>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let below = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path.is_dir() {
            if search.deep && !below.rsplit('/').next().is_some_and(|name| name.starts_with(['.', '_'])) {
                walk(&path, &below, search, files)?;
            }
        } else if search.takes(&below) {
            files.push((path, below));
        }
    }
    Ok(())
}

/// Names with numbers in them: `part.2` comes before `part.10`.
fn by_name(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    loop {
        let (mine, other) = (digits(left), digits(right));
        if mine > 0 && other > 0 {
            let number = |text: &[u8], count: usize| {
                let zeros = text[..count].iter().take_while(|byte| **byte == b'0').count();
                (count - zeros, text[zeros..count].to_vec(), zeros)
            };
            match number(left, mine).cmp(&number(right, other)) {
                Ordering::Equal => (left, right) = (&left[mine..], &right[other..]),
                unequal => return unequal,
            }
            continue;
        }
        match (left.first(), right.first()) {
            (Some(mine), Some(other)) if mine == other => (left, right) = (&left[1..], &right[1..]),
            (mine, other) => return mine.cmp(&other),
        }
    }
}

fn describe(path: &Path, below: &str) -> Result<DataFile> {
    let absolute = fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
    let metadata = fs::metadata(&absolute).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(bad_file(path, "is no file"));
    }
    let location = ObjectPath::from_absolute_path(&absolute)
        .map_err(|error| bad_file(path, "is a path that can't be read from").caused_by(&error))?;
    let last_modified = metadata.modified().map_err(|error| unreadable(path, &error))?.into();
    let meta = ObjectMeta { location, last_modified, size: metadata.len(), e_tag: None, version: None };
    let place = Place::Local(absolute.to_string_lossy().into_owned());
    Ok(DataFile { place, meta, folders: folders_of(below) })
}

pub fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    // A store has said it better already.
    if let Some(own) = error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
        return own.clone();
    }
    match error.kind() {
        ErrorKind::NotFound => bad_file(path, "there is no such file").with_hint("check the path"),
        ErrorKind::PermissionDenied => bad_file(path, "may not be read").with_hint("check its permissions"),
        _ => bad_file(path, "can't be read").caused_by(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["b10", "b9", "a", "b09", "b", "b9x", "2024-1/x", "2024-01/x"];
        names.sort_by(|left, right| by_name(left, right));
        assert_eq!(names, ["2024-1/x", "2024-01/x", "a", "b", "b9", "b9x", "b09", "b10"]);
    }

    #[test]
    fn patterns_and_folders_find_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.csv", "b.csv.gz", "c.txt", ".d.csv", "_e.csv", "sub/f.csv", "sub/deep/g.csv"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let found = |pattern: &str, deep: bool| -> Vec<String> {
            let search = Search { extensions: vec![String::from("csv")], deep, ..Search::default() };
            let pattern = folder.path().join(pattern).to_string_lossy().into_owned();
            let names = find(&[pattern], &search).unwrap();
            names.iter().map(|file| file.shown().file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(found("", false), ["a.csv", "b.csv.gz"]);
        assert_eq!(found("", true), ["a.csv", "b.csv.gz", "g.csv", "f.csv"]);
        assert_eq!(found("*", false), ["_e.csv", "a.csv", "b.csv.gz", "c.txt"]);
        assert_eq!(found("**/*.csv", false), ["_e.csv", "a.csv", "g.csv", "f.csv"]);
        assert_eq!(found("[ab].*", false), ["a.csv", "b.csv.gz"]);
        assert_eq!(fixed_part("a/b/year=*/c?"), "a/b");
    }
}
