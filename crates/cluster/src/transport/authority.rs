//! A cluster's authority: it signs the certificate of each role. Its key stays where the credentials were made; no
//! process of the cluster needs it.

use super::Role;
use super::credentials::{Credentials, EXPIRES};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use phalanx_engine::{Error, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use time::OffsetDateTime;

/// How long an authority is trusted.
const AUTHORITY_DAYS: u16 = 3650;
/// Clocks of machines may differ by so much.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);

const CERTIFICATE: &str = "authority.pem";
const KEY: &str = "authority.key.pem";

/// Signs certificates for the processes of one cluster.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(…)") // never the key
    }
}

impl Authority {
    /// A new one, of which nobody knows yet.
    ///
    /// # Errors
    /// `Internal`: the system gives no random numbers.
    pub fn new() -> Result<Self> {
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let parameters = parameters(vec![], days(AUTHORITY_DAYS))?;
        let certificate = parameters.self_signed(&key).map_err(|error| failed(&error))?.pem();
        Ok(Self { certificate, issuer: Issuer::new(parameters, key) })
    }

    /// The one that was written to `folder`.
    ///
    /// # Errors
    /// `Input`: it is not there.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|error| {
                Error::input(format!("{} can't be read", path.display()))
                    .caused_by(&error)
                    .with_hint("give the folder in which `phalanx credentials new` made the cluster's credentials")
            })
        };
        let unusable = |error: rcgen::Error| {
            Error::input(format!("the authority in {} can't be used", folder.display())).caused_by(&error)
        };
        let (certificate, key) = (read(CERTIFICATE)?, read(KEY)?);
        let key = KeyPair::from_pem(&key).map_err(unusable)?;
        let issuer = Issuer::new(parameters(vec![], days(AUTHORITY_DAYS))?, key);
        Ok(Self { certificate, issuer })
    }

    /// Makes a new authority in `folder`, and credentials for all roles.
    ///
    /// # Errors
    /// `Input`: there is one already, or the folder can't be written.
    pub fn create(folder: &Path, good_for_days: u16) -> Result<Self> {
        if folder.join(KEY).exists() {
            return Err(Error::input(format!("{} has credentials already", folder.display())).with_hint(format!(
                "`phalanx credentials renew {}` renews them; another cluster needs another folder",
                folder.display()
            )));
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Error::input(format!("{} can't be made", folder.display())).caused_by(&error))?;
        let authority = Self::new()?;
        write(&folder.join(KEY), &authority.issuer.key().serialize_pem())?;
        write(&folder.join(CERTIFICATE), &authority.certificate)?;
        authority.write_roles(folder, good_for_days)?;
        Ok(authority)
    }

    /// Writes new credentials for all roles to `folder`, each file whole or not at all. Running processes that use them
    /// take them up.
    ///
    /// # Errors
    /// `Input`: the folder can't be written.
    pub fn write_roles(&self, folder: &Path, good_for_days: u16) -> Result<()> {
        for role in Role::ALL {
            write(&folder.join(format!("{role}.pem")), &self.sign(role, days(good_for_days))?)?;
        }
        Ok(())
    }

    /// Credentials for a process of `role`, as the text of a file that [`Credentials::read`] takes.
    ///
    /// # Errors
    /// `Internal`: they can't be signed.
    pub fn sign(&self, role: Role, lifetime: TimeDelta) -> Result<String> {
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let expires = (Utc::now() + lifetime).trunc_subsecs(0);
        let certificate = parameters(vec![role.domain().to_owned()], lifetime)?
            .signed_by(&key, &self.issuer)
            .map_err(|error| failed(&error))?
            .pem();
        Ok(format!(
            "Phalanx credentials: {role}. Keep them secret: who has them is a {role} of the cluster.\n\
             {EXPIRES}{}\n{certificate}{}{}",
            expires.to_rfc3339(),
            key.serialize_pem(),
            self.certificate
        ))
    }
}

/// For the authority if there are no names, else for whoever bears them.
fn parameters(names: Vec<String>, lifetime: TimeDelta) -> Result<CertificateParams> {
    let is_authority = names.is_empty();
    let common_name = names.first().cloned().unwrap_or_else(|| String::from("Phalanx cluster authority"));
    let mut parameters = CertificateParams::new(names).map_err(|error| failed(&error))?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    let now = Utc::now();
    parameters.not_before = instant(now - CLOCKS_APART)?;
    parameters.not_after = instant(now + lifetime)?;
    parameters.use_authority_key_identifier_extension = true;
    if is_authority {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    } else {
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    }
    Ok(parameters)
}

fn days(days: u16) -> TimeDelta {
    TimeDelta::days(i64::from(days))
}

fn instant(date: DateTime<Utc>) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(date.timestamp()).map_err(|error| failed(&error))
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Error {
    Error::internal("credentials can't be made").caused_by(error)
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write(path: &Path, text: &str) -> Result<()> {
    let unwritten =
        |error: std::io::Error| Error::input(format!("{} can't be written", path.display())).caused_by(&error);
    let unfinished = path.with_extension(format!("{}.tmp", uuid::Uuid::new_v4().simple()));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&unfinished).map_err(unwritten)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.and_then(|()| std::fs::rename(&unfinished, path)).map_err(|error| {
        let _nothing_half_written = std::fs::remove_file(&unfinished);
        unwritten(error)
    })
}

/// What the files of `folder` say: each role with the day on which its credentials expire, if there are any.
///
/// # Errors
/// `Input`: a file can't be used.
pub fn show(folder: &Path) -> Result<Vec<(Role, Option<DateTime<Utc>>)>> {
    let there = Role::ALL.into_iter().filter(|role| folder.join(format!("{role}.pem")).exists());
    let shown: Vec<_> = there
        .map(|role| Ok((role, Credentials::peek(&folder.join(format!("{role}.pem")))?.expires())))
        .collect::<Result<_>>()?;
    if shown.is_empty() {
        return Err(Error::input(format!("{} has no credentials", folder.display()))
            .with_hint(format!("make some: phalanx credentials new {}", folder.display())));
    }
    Ok(shown)
}
