//! A plan in a file: a job that failed somewhere, to be run again in one process.

use crate::{Error, Result, codec};
use std::path::Path;

/// A plan as bytes, with the name by which people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPlan {
    /// What people call it.
    pub label: String,
    /// The plan, as the codec of the engine that ran it wrote it.
    pub plan: Vec<u8>,
}

/// Begins each file; the last byte is the version of the format.
const MARK: &[u8] = b"PHXPLAN\x01";

impl SavedPlan {
    /// Writes the file `path`: a mark, a hash of this program's operators, the label, and the plan.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = [MARK, codec::operator_hash().as_bytes()].concat();
        bytes.extend_from_slice(&(self.label.len() as u64).to_le_bytes());
        bytes.extend_from_slice(self.label.as_bytes());
        bytes.extend_from_slice(&self.plan);
        std::fs::write(path, bytes)
            .map_err(|error| Error::resources(format!("{} can't be written", path.display())).caused_by(&error))
    }

    /// Reads what [`SavedPlan::write`] wrote.
    ///
    /// # Errors
    /// * `Input`: there is no such file, or a program with other operators wrote it.
    /// * `Data`: it is no saved plan.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)
            .map_err(|error| Error::input(format!("{} can't be read", path.display())).caused_by(&error))?;
        let foreign = || Error::data(format!("{} is no saved job", path.display()));
        let rest = bytes.strip_prefix(MARK).ok_or_else(foreign)?;
        let ours = codec::operator_hash();
        let (hash, rest) = rest.split_at_checked(ours.len()).ok_or_else(foreign)?;
        if hash != ours.as_bytes() {
            return Err(Error::input(format!("{} was saved by a build with other operators", path.display()))
                .with_hint("replay it with the build that saved it"));
        }
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(foreign)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| foreign())?;
        let (label, plan) = rest.split_at_checked(length).ok_or_else(foreign)?;
        let label = String::from_utf8(label.to_vec()).map_err(|_| foreign())?;
        Ok(Self { label, plan: plan.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_plan_survives_its_file_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.plan");
        assert_eq!(SavedPlan::read(&path).unwrap_err().kind(), ErrorKind::Input);
        let saved = SavedPlan { label: "mean of flö ts".into(), plan: vec![0, 255, 7] };
        saved.write(&path).unwrap();
        assert_eq!(SavedPlan::read(&path).unwrap(), saved);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[MARK.len()] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = SavedPlan::read(&path).unwrap_err();
        assert!(error.message().contains("other operators") && error.hint().is_some(), "{error}");
        for foreign in [&b"PAR1"[..], MARK, &bytes[..MARK.len() + 20]] {
            std::fs::write(&path, foreign).unwrap();
            let kind = SavedPlan::read(&path).unwrap_err().kind();
            assert!(matches!(kind, ErrorKind::Data | ErrorKind::Input));
        }
    }
}
