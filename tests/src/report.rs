//! Rows of tables in a page: a step makes some, each step's are kept in a file, and a run that was ended early goes on
//! where it was.

use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A row of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    what: String,
    result: String,
    /// Was a target reached, if there is one?
    reached: Option<bool>,
}

impl Row {
    /// Without a target.
    pub fn new(what: impl Into<String>, result: impl Into<String>) -> Self {
        Self { what: what.into(), result: result.into(), reached: None }
    }
    /// Its target is reached, or not.
    pub fn reached(self, reached: bool) -> Self {
        Self { reached: Some(reached), ..self }
    }
}

/// The steps of a run.
pub struct Report {
    folder: PathBuf,
    resumes: bool,
    until: Instant,
    only: Vec<String>,
    failed: Vec<String>,
}

impl Report {
    /// A run that keeps its rows in `folder`, takes those that are there if it `resumes`, begins no step after `until`,
    /// and does the steps `only`, or all if there are none.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn new(folder: &Path, resumes: bool, until: Instant, only: Vec<String>) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| cant("made", folder, &error))?;
        Ok(Self { folder: folder.to_owned(), resumes, until, only, failed: vec![] })
    }

    /// When it is to end; a step that takes `share` of the time that is left ends then.
    pub fn until(&self, share: f64) -> Instant {
        let now = Instant::now();
        now + self.until.saturating_duration_since(now).mul_f64(share)
    }

    /// The rows of the step `name`. One that fails, or for which there is no time, has a row that says so.
    pub fn step(&mut self, name: &str, run: impl FnOnce(&Self) -> Result<Vec<Row>>) -> Vec<Row> {
        let file = self.folder.join(format!("{name}.json"));
        let is_wanted = self.only.is_empty() || self.only.iter().any(|wanted| wanted == name);
        if self.resumes || !is_wanted {
            let kept = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if let Some(rows) = kept {
                return rows;
            }
        }
        if !is_wanted {
            return vec![Row::new(name, "not run")];
        }
        if Instant::now() >= self.until {
            println!("{name}: no time is left");
            return vec![Row::new(name, "**not run**: no time was left")];
        }
        println!("{name} …");
        match run(self) {
            Ok(rows) => {
                for row in &rows {
                    println!("  {}", row.line());
                }
                let written = serde_json::to_vec(&rows).map_err(std::io::Error::from);
                if let Err(error) = written.and_then(|bytes| fs::write(&file, bytes)) {
                    eprintln!("{} is not kept: {error}", file.display());
                }
                rows
            }
            Err(error) => {
                println!("  failed: {error}");
                self.failed.push(format!("{name}: {error}"));
                vec![Row::new(name, format!("**failed**: {}", error.to_string().replace('\n', " ")))]
            }
        }
    }

    /// # Errors
    /// Steps failed.
    pub fn end(self) -> Result<()> {
        if self.failed.is_empty() { Ok(()) } else { Err(Error::internal(self.failed.join("; "))) }
    }
}

impl Row {
    fn line(&self) -> String {
        let verdict = match self.reached {
            Some(true) => "hit",
            Some(false) => "**missed**",
            None => "",
        };
        format!("| {} | {} | {verdict} |", self.what, self.result)
    }
}

/// The rows as a table.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from("| what | result | target |\n|---|---|---|\n");
    for row in rows {
        let _written = writeln!(text, "{}", row.line());
    }
    text
}

/// The machine, and how busy it is with other things.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().nth(1).unwrap_or("?").to_owned();
    format!("{cores} cores; before the run, {load} processes waited for them on average, which were others'")
}

/// Puts `text` into the file at `path` between the lines that begin and end the part `name`.
///
/// # Errors
/// The file has no such part, or can't be written.
pub fn put(path: &Path, name: &str, text: &str) -> Result<()> {
    let page = fs::read_to_string(path).map_err(|error| cant("read", path, &error))?;
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->\n"));
    let parts = page
        .split_once(&begin)
        .and_then(|(before, rest)| rest.split_once(&end).map(|(_, after)| (before, after)))
        .ok_or_else(|| Error::internal(format!("{} has no part {name:?}", path.display())))?;
    let (before, after) = parts;
    fs::write(path, format!("{before}{begin}\n{text}\n{end}{after}")).map_err(|error| cant("written", path, &error))
}

/// The value behind `name` among words, if it is there.
///
/// # Errors
/// `Input`: it is no number.
pub fn number(words: &[String], name: &str) -> Result<Option<u64>> {
    let Some(place) = words.iter().position(|word| word == name) else { return Ok(None) };
    let value = words.get(place + 1).and_then(|word| word.parse().ok());
    value.map(Some).ok_or_else(|| Error::input(format!("{name} takes a number")))
}

/// So many minutes from now.
pub fn minutes_from_now(minutes: u64) -> Instant {
    Instant::now() + Duration::from_secs(60 * minutes)
}

fn cant(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::resources(format!("{} can't be {what}", path.display())).caused_by(error)
}
