//! The one binary `phalanx`; everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    phalanx_cli::run(std::env::args_os())
}
