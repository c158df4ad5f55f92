//! Which files a pattern means, and a table over ranges of files that DataFusion reads.

use crate::error::bad_file;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::{Error, Result};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that exists, with what a plan must know of it.
#[derive(Debug, Clone)]
pub struct DataFile {
    pub path: PathBuf,
    pub meta: ObjectMeta,
}

/// The files that `pattern` means, sorted by name: one file, all files of a folder that end in `extension`, or a
/// name with `*` and `?`.
///
/// # Errors
/// `Data`: there is none, or one can't be read. `Unsupported`: a URL.
pub fn find(pattern: &str, extension: &str) -> Result<Vec<DataFile>> {
    if pattern.contains("://") {
        return Err(Error::unsupported(format!("reading {pattern}")).with_hint(
            "files of this machine's file system can be read; every worker must see them under the same path",
        ));
    }
    let path = Path::new(pattern);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let paths = if path.is_dir() {
        listed(path, &format!("*.{extension}"))?
    } else if name.contains(['*', '?']) && !path.exists() {
        listed(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")), &name)?
    } else {
        vec![path.to_owned()]
    };
    if paths.is_empty() {
        return Err(Error::data(format!("no file matches {pattern}")).with_hint("check the folder and the pattern"));
    }
    paths.into_iter().map(describe).collect()
}

fn listed(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let unreadable = |error| unreadable(folder, &error);
    let mut paths = vec![];
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && matches(pattern.as_bytes(), name.as_bytes()) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// `*` is any number of bytes, `?` is one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                None => return false,
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

fn describe(path: PathBuf) -> Result<DataFile> {
    let absolute = fs::canonicalize(&path).map_err(|error| unreadable(&path, &error))?;
    let metadata = fs::metadata(&absolute).map_err(|error| unreadable(&path, &error))?;
    if !metadata.is_file() {
        return Err(bad_file(&path, "is no file"));
    }
    let location = ObjectPath::from_absolute_path(&absolute)
        .map_err(|error| bad_file(&path, "is a path that can't be read from").caused_by(&error))?;
    let last_modified = metadata.modified().map_err(|error| unreadable(&path, &error))?.into();
    let meta = ObjectMeta { location, last_modified, size: metadata.len(), e_tag: None, version: None };
    Ok(DataFile { path, meta })
}

pub fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => bad_file(path, "there is no such file").with_hint("check the path"),
        ErrorKind::PermissionDenied => bad_file(path, "may not be read").with_hint("check its permissions"),
        _ => bad_file(path, "can't be read").caused_by(error),
    }
}

/// Ranges of files, one a partition, in order.
pub struct FileTable {
    pub schema: SchemaRef,
    pub source: Arc<dyn FileSource>,
    pub partitions: Vec<PartitionedFile>,
}

impl fmt::Debug for FileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files in {} partitions", self.source.file_type(), self.partitions.len())
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let groups = self.partitions.iter().map(|range| FileGroup::new(vec![range.clone()])).collect();
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::clone(&self.source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_preserve_order(true)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*.parquet", "a.parquet", true),
            ("*.parquet", "a.parquet.bak", false),
            ("a?c*", "abcd", true),
            ("a?c", "ac", false),
            ("*a*b*", "xaybz", true),
            ("*ab", "aab", true),
            ("a", "b", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
