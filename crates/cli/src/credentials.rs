//! `phalanx credentials`.

use crate::args::CredentialsCommand;
use crate::end::Outcome;
use phalanx_cluster::Authority;
use phalanx_cluster::transport::authority::show;
use std::io::Write as _;
use std::path::Path;

/// Makes, renews or shows.
pub fn run(command: &CredentialsCommand) -> Outcome {
    match command {
        CredentialsCommand::New { folder, days } => {
            Authority::create(folder, *days)?;
            print(folder)?;
        }
        CredentialsCommand::Renew { folder, days } => {
            Authority::read(folder)?.write_roles(folder, *days)?;
            print(folder)?;
        }
        CredentialsCommand::Show { folder } => print(folder)?,
    }
    Ok(())
}

fn print(folder: &Path) -> Outcome {
    let mut out = std::io::stdout().lock();
    for (role, expires) in show(folder)? {
        let file = folder.join(format!("{role}.pem"));
        let until = expires.map_or_else(String::new, |date| format!("  until {}", date.format("%Y-%m-%d %H:%M UTC")));
        writeln!(out, "{role:<9}  {}{until}", file.display())?;
    }
    Ok(())
}
