//! The one binary `phalanx`; everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(phalanx_cli::run(std::env::args_os()))
}
