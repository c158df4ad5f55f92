//! Tables in files, by how their names end.

use phalanx::frame::{Frame, read_csv, read_json, read_parquet};
use phalanx_engine::{Error, Result};
use std::path::Path;

/// The rows of a file, or of several by a pattern: CSV, JSON lines, and else Parquet.
///
/// # Errors
/// `Input`: the path is not UTF-8. `Data`: there is no such file, or it is damaged.
pub fn read(path: &Path) -> Result<Frame> {
    let text = path.to_str().ok_or_else(|| Error::input(format!("{} is not UTF-8", path.display())))?;
    match path.extension().and_then(|end| end.to_str()) {
        Some("csv") => read_csv(text),
        Some("json" | "jsonl" | "ndjson") => read_json(text),
        _ => read_parquet(text),
    }
}
