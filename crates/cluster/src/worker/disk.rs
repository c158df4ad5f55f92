//! A disk without space: an error of its own, since what to do about it is nothing that a job can do.

use ballista_core::error::BallistaError;
use phalanx_engine::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The error of worker `worker`, whose scratch folder is `folder`.
pub fn full(worker: &str, folder: &Path) -> Error {
    let folder = folder.parent().unwrap_or(folder).display();
    Error::resources(format!("the disk of worker {worker} is full: {folder}")).with_hint(
        "free space there, start workers with --scratch on a larger disk, or with more --memory so that they spill less",
    )
}

/// Does `error` come from a disk without space, or from a quota?
pub fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let of = |error: &io::Error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.downcast_ref::<io::Error>().is_some_and(of) {
            return true;
        }
        // Ballista's errors do not say what they wrap.
        next = match cause.downcast_ref::<BallistaError>() {
            Some(BallistaError::DataFusionError(inner)) => Some(inner.as_ref()),
            Some(BallistaError::ArrowError(inner)) => Some(inner.as_ref()),
            Some(BallistaError::IoError(inner)) => Some(inner),
            _ => cause.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::datafusion::arrow::error::ArrowError;
    use phalanx_engine::datafusion::error::DataFusionError;

    #[test]
    fn a_full_disk_is_found_below_what_wraps_it() {
        let no_space = || io::Error::from(ErrorKind::StorageFull);
        let of_arrow = || ArrowError::IoError(String::from("writing"), no_space());
        let of_datafusion = || DataFusionError::ArrowError(Box::new(of_arrow()), None);
        let wrapped = DataFusionError::Context(String::from("spilling"), Box::new(of_datafusion()));
        assert!(is_full(&no_space()) && is_full(&of_arrow()) && is_full(&wrapped));
        assert!(is_full(&BallistaError::DataFusionError(Box::new(wrapped))));
        let nested = BallistaError::DataFusionError(Box::new(of_datafusion()));
        assert!(is_full(&DataFusionError::External(Box::new(nested))));
        assert!(!is_full(&io::Error::from(ErrorKind::NotFound)));
        assert!(full("w1", Path::new("/scratch/w1")).message().contains("w1 is full: /scratch"));
    }
}
