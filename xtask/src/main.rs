//! The chores of this workspace: `cargo xtask test` is what continuous integration runs, and nothing else.
//!
//! It depends on `serde_json` alone, so that it compiles in seconds. It never builds anything by itself: it calls cargo,
//! in the profile of the demo, and the tools of Python, and reads what they say.
//!
//! | module | what it is |
//! |---|---|
//! | [`suite`] | the phases of `cargo xtask test` |
//! | [`tally`] | counting what passed, and the one line at the end |
//! | [`metadata`] | what `cargo metadata` knows of packages |
//! | [`licences`] | every dependency's licence is on the list |
//! | [`levels`] | invariant 1: a crate depends on lower levels alone |
//! | [`words`] | invariant 2: `engine` and `cluster` know no array, frame or estimator |
//! | [`features`] | every build selects the same features, so that DataFusion is compiled once |
//! | [`python`] | the Python package: its environment, suites and types |
//! | [`nightly`] | `cargo xtask nightly`: what takes longer than tests may |
//! | [`bench`] | `cargo xtask bench`: comparisons with peers |

mod bench;
mod command;
mod features;
mod levels;
mod licences;
mod metadata;
mod nightly;
mod python;
mod suite;
mod tally;
mod words;

use python::Report;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
The chores of this workspace.

Usage: cargo xtask <COMMAND>

Commands:
  test       Check format, licences, crate levels, features, lints and types, then run every test,
             in Rust and in Python (in a virtual environment that pip fills in the target folder).
             Ends with one line that counts what passed; exits with 1 if anything failed.
  licences, levels, words, features
             One of these checks alone, in a second.
  python     Run the Python suites alone; arguments go to pytest: cargo xtask python -k svd
  types      Hold the types of the Python package: mypy's strict rules, and the extension's stubs.
  stubs      Write python/phalanx/_phalanx.pyi, the types of the extension, anew.
  coverage-api
             Write docs/api-coverage.md: which names of Dask, NumPy and scikit-learn are here.
  bench      Compare with NumPy, pandas and Dask (installed by pip into the target folder),
             and write benches/RESULTS.md.
  nightly    Chaos, suites while workers die, fuzzing and load at full sizes, for some hours;
             writes docs/nightly.md and the tables of docs/reliability.md. Steps by name: nightly fuzz.

With CARGO_TARGET_DIR set, everything is built there.
";

/// Why a chore did not succeed, as text for people.
type Failure = String;
/// What a chore returns.
type Outcome<T = ()> = Result<T, Failure>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = workspace_root();
    let succeeded = match arguments.as_slice() {
        ["test"] => suite::run(&root),
        ["licences"] => report(licences::check(&root)),
        ["levels"] => report(levels::check(&root)),
        ["words"] => report(words::check(&root)),
        ["features"] => report(features::check(&root)),
        ["python", arguments @ ..] => python::run(&root, arguments),
        ["types"] => report(python::prepare(&root).and_then(|environment| python::types(&root, &environment))),
        ["stubs"] => report(python::prepare(&root).and_then(|environment| python::stubs(&root, &environment))),
        ["coverage-api"] => report(python::prepare(&root).and_then(|it| python::coverage(&root, &it, Report::Write))),
        ["nightly", options @ ..] => report(nightly::run(&root, options)),
        ["bench", options @ ..] => report(bench::run(&root, options)),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            true
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(outcome: Outcome<String>) -> bool {
    match outcome {
        Ok(said) => println!("{said}"),
        Err(failure) => {
            eprintln!("error: {failure}");
            return false;
        }
    }
    true
}

/// The folder of the workspace. Cargo sets the variable when it runs us; a copied binary falls back on where it was
/// built.
fn workspace_root() -> PathBuf {
    let own =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}
