//! A store that opens only what is [allowed](crate::paths): what DataFusion's readers see of a restricted process.

use crate::paths;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use url::Url;

/// A store with a question before each call.
#[derive(Clone, Debug)]
pub struct Guarded {
    inner: Arc<dyn ObjectStore>,
    /// Of a store behind a URL; `None` for this machine's files.
    root: Option<String>,
}

impl Guarded {
    /// Asks before `inner` is. Its paths are of this machine, or below the URL `root`.
    pub fn new(inner: Arc<dyn ObjectStore>, root: Option<String>) -> Self {
        Self { inner, root }
    }

    fn check(&self, location: &Path) -> Result<()> {
        let checked = match &self.root {
            Some(root) => paths::check_url(&format!("{root}/{location}")),
            None => match Url::parse(&format!("file:///{location}")).ok().and_then(|url| url.to_file_path().ok()) {
                Some(path) => paths::check(&path),
                None => Err(crate::Error::input(format!("{location} is no path"))),
            },
        };
        checked.map_err(|error| StoreError::PermissionDenied { path: location.to_string(), source: error.into() })
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "allowed paths of {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Guarded {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check(location)?;
        self.inner.put_opts(location, payload, options).await
    }
    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check(location)?;
        self.inner.put_multipart_opts(location, options).await
    }
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.check(location)?;
        self.inner.get_opts(location, options).await
    }
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.check(location)?;
        self.inner.get_ranges(location, ranges).await
    }
    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let ours = self.clone();
        let checked = locations.and_then(move |location| std::future::ready(ours.check(&location).map(|()| location)));
        self.inner.delete_stream(checked.boxed())
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.check(&prefix.cloned().unwrap_or_default()) {
            Ok(()) => self.inner.list(prefix),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.check(&prefix.cloned().unwrap_or_default())?;
        self.inner.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check(from)?;
        self.check(to)?;
        self.inner.copy_opts(from, to, options).await
    }
}
