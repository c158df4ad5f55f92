//! `phalanx token`.

use crate::args::{TokenArgs, TokenRole};
use crate::end::Outcome;
use phalanx_cluster::{Entrance, Observer, Role};
use phalanx_engine::Error;
use std::io::Write;

/// Asks for an address and prints it.
pub fn run(args: &TokenArgs) -> Outcome {
    let transport = args.credentials.transport(&[Role::Client], args.scheduler.authority())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::resources("the network can't be used").caused_by(&error))?;
    let access = if args.role == TokenRole::Client { Entrance::Control } else { Entrance::View };
    let address =
        runtime.block_on(async { Observer::connect(&args.scheduler, &transport).await?.entrance(access).await })?;
    writeln!(std::io::stdout(), "{address}")?;
    Ok(())
}
