//! `cargo xtask bench`: comparisons with peers.

use crate::Outcome;
use std::path::Path;

pub fn run(_root: &Path, _options: &[&str]) -> Outcome<String> {
    Err("nothing to measure yet".into())
}
