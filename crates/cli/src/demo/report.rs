//! What the demo says: an aligned list for people, or one JSON object a line.

use super::kill::Kill;
use crate::end::Outcome;
use crate::progress::without_bars;
use crate::text;
use phalanx_engine::EngineKind;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// What a step has done.
#[derive(Debug)]
pub struct Done {
    digest: Option<blake3::Hash>,
    facts: Map<String, Value>,
    said: Vec<String>,
}

impl Done {
    /// A step whose result hashes to `digest`.
    pub fn new(digest: &Digest) -> Self {
        Self { digest: Some(digest.0.finalize()), facts: Map::new(), said: vec![] }
    }
    /// A step without a result.
    pub fn without_result() -> Self {
        Self { digest: None, facts: Map::new(), said: vec![] }
    }
    /// Adds a fact for programs.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
    /// Adds a line for people.
    #[must_use]
    pub fn say(mut self, line: impl Into<String>) -> Self {
        self.said.push(line.into());
        self
    }
}

/// A hash of a result's bytes.
#[derive(Debug, Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// What takes the bytes of chunks, tables and models.
    pub fn writer(&mut self) -> impl FnMut(&[u8]) {
        |bytes| {
            self.0.update(bytes);
        }
    }

    /// What the report shows of it.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// Writes to standard output.
pub struct Report {
    engine: String,
    workers: usize,
    json: bool,
    total: Duration,
}

/// Where text begins, after the columns of steps and times.
const INDENT: usize = 29;

impl Report {
    /// A report of a demo on `engine`, with so many worker processes.
    pub fn new(engine: EngineKind, workers: usize, json: bool) -> Self {
        Self { engine: engine.to_string(), workers, json, total: Duration::ZERO }
    }

    /// Says where the demo runs.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub fn begin(&self, place: &str, page: Option<&str>, seed: u64) -> Outcome {
        let page = page.map(|page| format!("It can be watched at {page}\n")).unwrap_or_default();
        if self.json { Ok(()) } else { print(&format!("Phalanx demo, {place}, seed {seed}\n{page}\n")) }
    }

    /// Says what a step has done.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub fn step(&mut self, name: &str, time: Duration, done: Done, kill: Option<Kill>) -> Outcome {
        self.total += time;
        print(&if self.json { self.object(name, time, done, kill) } else { lines(name, time, done, kill) })
    }

    /// Says that all is over.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub fn end(&self) -> Outcome {
        if self.json { Ok(()) } else { print(&format!("\nAll steps took {}.\n", text::seconds(self.total))) }
    }

    fn object(&self, name: &str, time: Duration, done: Done, kill: Option<Kill>) -> String {
        let mut object = Map::new();
        object.insert(String::from("step"), json!(name));
        object.insert(String::from("seconds"), json!(time.as_secs_f64()));
        object.insert(String::from("engine"), json!(self.engine));
        object.insert(String::from("workers"), json!(self.workers));
        object.insert(String::from("digest"), json!(done.digest.map(|digest| digest.to_hex().to_string())));
        object.extend(done.facts);
        if let Some(kill) = kill {
            let kill = json!({"process": kill.process, "after_seconds": kill.after.as_secs_f64()});
            object.insert(String::from("killed"), kill);
        }
        format!("{}\n", Value::Object(object))
    }
}

fn lines(name: &str, time: Duration, done: Done, kill: Option<Kill>) -> String {
    let mut said = done.said;
    if let Some(kill) = kill {
        let after = text::seconds(kill.after);
        said.push(format!("a worker was killed after {after} (process {}), and replaced", kill.process));
    }
    if let Some(digest) = done.digest {
        said.push(format!("digest {}", &digest.to_hex()[..16]));
    }
    let mut out = String::new();
    for (number, line) in said.iter().enumerate() {
        let line = line.replace('\n', &format!("\n{:INDENT$}", ""));
        // Writing to a `String` can't fail.
        let _written = if number == 0 {
            writeln!(out, "  {name:<15} {:>8}  {line}", text::seconds(time))
        } else {
            writeln!(out, "{:INDENT$}{line}", "")
        };
    }
    out
}

fn print(text: &str) -> Outcome {
    without_bars(|| {
        let mut output = std::io::stdout().lock();
        output.write_all(text.as_bytes())?;
        output.flush()
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done() -> Done {
        let mut digest = Digest::default();
        digest.writer()(b"result");
        Done::new(&digest).fact("rows", 26).say("26 names").say("Alice\nBob")
    }
    fn kill() -> Kill {
        Kill { process: 42, after: Duration::from_millis(150) }
    }

    #[test]
    fn people_get_an_aligned_list() {
        let text = lines("frame-unique", Duration::from_millis(250), done(), Some(kill()));
        let digest = blake3::hash(b"result").to_hex();
        let expected = [
            "  frame-unique      0.25 s  26 names",
            "                             Alice",
            "                             Bob",
            "                             a worker was killed after 0.15 s (process 42), and replaced",
            &format!("                             digest {}", &digest[..16]),
            "",
        ];
        assert_eq!(text, expected.join("\n"));
    }

    #[test]
    fn programs_get_an_object_a_line() {
        let report = Report::new(EngineKind::Cluster, 2, true);
        let line = report.object("frame-unique", Duration::from_millis(250), done(), Some(kill()));
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
        let object: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({
            "step": "frame-unique", "seconds": 0.25, "engine": "cluster", "workers": 2,
            "digest": blake3::hash(b"result").to_hex().to_string(), "rows": 26,
            "killed": {"process": 42, "after_seconds": 0.15},
        });
        assert_eq!(object, expected);
    }

    #[test]
    fn a_step_without_a_result_has_no_digest() {
        let report = Report::new(EngineKind::Local, 0, true);
        let line = report.object("shutdown", Duration::ZERO, Done::without_result(), None);
        assert!(line.contains("\"digest\":null"), "{line}");
    }
}
