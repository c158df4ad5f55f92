//! Files behind URLs: object stores (`s3://`, `gs://`, `az://`) and web servers (`http://`, `https://`).
//!
//! A plan carries where a file is and with which options it is opened; every process opens it for itself, with its own
//! environment's credentials for what the options leave open. DataFusion's readers find a store by a URL that holds
//! all of it ([`Remote::key`]); ours read through [`Remote::open`], which is blocking and has threads of its own.

use crate::{Error, Result};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::object_store::aws::AmazonS3Builder;
use datafusion::object_store::azure::MicrosoftAzureBuilder;
use datafusion::object_store::gcp::GoogleCloudStorageBuilder;
use datafusion::object_store::http::HttpBuilder;
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::object_store::{
    Error as StoreError, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
};
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::sync::mpsc;
use url::Url;

/// Stores that are kept open; when there are more, all are opened anew.
const STORES_MAX: usize = 256;
/// How often, and for how long, a request is tried again.
const RETRIES_MAX: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);
/// Pieces of a file that wait to be read.
const PIECES_WAITING_MAX: usize = 4;
/// Pieces in which a file is written.
const UPLOAD_BYTES: usize = 8 << 20;

/// Where files are: a bucket or a server, and how it is opened.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Remote {
    root: String,
    options: BTreeMap<String, String>,
}

impl fmt::Debug for Remote {
    /// Without the options, for they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)
    }
}

/// The kinds of stores, by the schemes of their URLs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    S3,
    Google,
    Azure,
    Http,
}

impl Kind {
    fn of(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "s3" | "s3a" => Self::S3,
            "gs" | "gcs" => Self::Google,
            "az" | "adl" | "azure" | "abfs" | "abfss" => Self::Azure,
            "http" | "https" => Self::Http,
            _ => return None,
        })
    }
    fn knows(self, option: &str) -> bool {
        use datafusion::object_store::{
            ClientConfigKey, aws::AmazonS3ConfigKey, azure::AzureConfigKey, gcp::GoogleConfigKey,
        };
        match self {
            Self::S3 => option.parse::<AmazonS3ConfigKey>().is_ok(),
            Self::Google => option.parse::<GoogleConfigKey>().is_ok(),
            Self::Azure => option.parse::<AzureConfigKey>().is_ok(),
            Self::Http => option.parse::<ClientConfigKey>().is_ok(),
        }
    }
    /// The environment's variables that speak of it begin with this.
    const fn environment(self) -> Option<&'static str> {
        match self {
            Self::S3 => Some("AWS_"),
            Self::Google => Some("GOOGLE_"),
            Self::Azure => Some("AZURE_"),
            Self::Http => None,
        }
    }
}

/// Whether `name` is a URL that [`Remote::parse`] takes, or should take: `scheme://…`, but for `file://`.
pub fn is_url(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| scheme != "file")
}

impl Remote {
    /// The store of a URL, and the path in it, which may be a pattern.
    ///
    /// # Errors
    /// `Unsupported`: a scheme that there is not, or a URL with a query. `Input`: an option that the store does not know.
    pub fn parse(url: &str, options: &BTreeMap<String, String>) -> Result<(Self, String)> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let scheme = scheme.to_ascii_lowercase();
        let Some(kind) = Kind::of(&scheme) else {
            return Err(Error::unsupported(format!("files of {scheme}://, as {url}"))
                .with_hint("there are s3, gs, az, abfs, http and https, and paths of this machine's file system"));
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(Error::input(format!("{url} names no bucket or server")));
        }
        if kind == Kind::Http && path.contains('?') {
            return Err(Error::unsupported(format!("a URL with a query, as {url}"))
                .with_hint("download the file first, or use the scheme of its object store with storage_options"));
        }
        let options: BTreeMap<String, String> =
            options.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.clone())).collect();
        if let Some(unknown) = options.keys().find(|option| !kind.knows(option)) {
            return Err(Error::input(format!("{scheme}:// has no storage option {unknown:?}"))
                .with_hint("options are those of the crate object_store: access_key_id, endpoint, region, token, …"));
        }
        let scheme = if scheme == "gcs" { "gs" } else { &scheme };
        Ok((Self { root: format!("{scheme}://{authority}"), options }, path.to_owned()))
    }

    /// The URL of a path in it.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// A URL under which a session finds the store, if its registry is [`Stores`]: root and options in digits.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn key(&self) -> Result<ObjectStoreUrl> {
        let bytes = postcard::to_stdvec(self).map_err(|error| Error::internal("a store's key").caused_by(&error))?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(ObjectStoreUrl::parse(format!("{SCHEME}://{digits}"))?)
    }

    fn from_key(url: &Url) -> Option<Self> {
        let digits = (url.scheme() == SCHEME).then(|| url.host_str()).flatten()?;
        let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
        postcard::from_bytes(&bytes?).ok()
    }

    /// The store, opened once in this process.
    ///
    /// # Errors
    /// `Input`: an option does not fit.
    pub fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        static STORES: LazyLock<Mutex<HashMap<Remote, Arc<dyn ObjectStore>>>> = LazyLock::new(Mutex::default);
        let mut stores = STORES.lock();
        if let Some(store) = stores.get(self) {
            return Ok(Arc::clone(store));
        }
        if stores.len() >= STORES_MAX {
            stores.clear();
        }
        let store = self.build().map_err(|error| {
            Error::input(format!("{} can't be opened", self.root))
                .caused_by(&error)
                .with_hint("check storage_options, or the credentials in the environment")
        })?;
        stores.insert(self.clone(), Arc::clone(&store));
        Ok(store)
    }

    fn build(&self) -> std::result::Result<Arc<dyn ObjectStore>, StoreError> {
        let scheme = self.root.split_once("://").map_or("", |(scheme, _)| scheme);
        let kind = Kind::of(scheme).unwrap_or(Kind::Http);
        let mut options: Vec<(String, String)> = vec![];
        if let Some(prefix) = kind.environment() {
            let own = std::env::vars().filter(|(key, value)| key.starts_with(prefix) && !value.is_empty());
            options.extend(own.map(|(key, value)| (key.to_ascii_lowercase(), value)));
        }
        options.extend(self.options.clone());
        let plain = self.root.starts_with("http://")
            || options.iter().any(|(key, value)| key.contains("endpoint") && value.starts_with("http://"));
        if plain && !options.iter().any(|(key, _)| key.ends_with("allow_http")) {
            options.push((String::from("allow_http"), String::from("true")));
        }
        let retry = RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        macro_rules! built {
            ($builder:ty) => {{
                let builder = <$builder>::new().with_url(self.root.clone()).with_retry(retry);
                let configured = options.into_iter().fold(builder, |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder, // a variable of the environment that is not meant for us
                });
                Ok(Arc::new(configured.build()?))
            }};
        }
        match kind {
            Kind::S3 => built!(AmazonS3Builder),
            Kind::Google => built!(GoogleCloudStorageBuilder),
            Kind::Azure => built!(MicrosoftAzureBuilder),
            Kind::Http => built!(HttpBuilder),
        }
    }

    fn located(&self, path: &str) -> Result<(Arc<dyn ObjectStore>, ObjectPath)> {
        let parsed =
            if self.root.starts_with("http") { ObjectPath::from_url_path(path) } else { ObjectPath::parse(path) };
        let location = parsed.map_err(|error| {
            Error::input(format!("{} is no path that a store can have", self.url(path))).caused_by(&error)
        })?;
        Ok((self.store()?, location))
    }

    /// What the store knows of a file.
    ///
    /// # Errors
    /// `Data`: there is no such file, or it can't be read.
    pub fn head(&self, path: &str) -> Result<ObjectMeta> {
        let (store, location) = self.located(path)?;
        wait(async move { store.head(&location).await })?.map_err(|error| self.failed(path, &error))
    }

    /// All files below a folder, sorted by name.
    ///
    /// # Errors
    /// `Data`: the store can't be read. `Unsupported`: a web server that does not list its files.
    pub fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>> {
        let (store, location) = self.located(folder)?;
        let listed = wait(async move { store.list(Some(&location)).try_collect::<Vec<_>>().await })?;
        let mut files = listed.map_err(|error| match self.root.starts_with("http") {
            true => Error::unsupported(format!("listing {}", self.url(folder)))
                .caused_by(&error)
                .with_hint("web servers list no files: name each file by its URL"),
            false => self.failed(folder, &error),
        })?;
        files.sort_by(|left, right| left.location.cmp(&right.location));
        Ok(files)
    }

    /// Some bytes of a file.
    ///
    /// # Errors
    /// As [`Remote::head`].
    pub fn read(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        let (store, location) = self.located(path)?;
        wait(async move { store.get_range(&location, range).await })?.map_err(|error| self.failed(path, &error))
    }

    /// A file's bytes, or a range of them, one after the other. They are asked for in one request.
    ///
    /// # Errors
    /// `Input`: an option does not fit. What the store says comes while it is read.
    pub fn open(&self, path: &str, range: Option<Range<u64>>) -> Result<RemoteReader> {
        let (store, location) = self.located(path)?;
        let (sender, pieces) = mpsc::channel(PIECES_WAITING_MAX);
        threads()?.spawn(async move {
            let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
            let mut stream = match store.get_opts(&location, options).await {
                Ok(found) => found.into_stream(),
                Err(error) => futures::stream::iter([Err(error)]).boxed(),
            };
            while let Some(piece) = stream.next().await {
                let ended = piece.is_err();
                if sender.send(piece).await.is_err() || ended {
                    return; // nobody reads on
                }
            }
        });
        Ok(RemoteReader { remote: self.clone(), path: path.to_owned(), pieces, piece: Bytes::new() })
    }

    /// Writes a file of this machine to the store, whole or not at all.
    ///
    /// # Errors
    /// `Data`: the store does not take it.
    pub fn put_file(&self, path: &str, source: &Path) -> Result<()> {
        let (store, location) = self.located(path)?;
        let source = source.to_owned();
        let written = wait(async move {
            let failed = |error: io::Error| StoreError::Generic { store: "file", source: error.into() };
            let mut file = std::fs::File::open(&source).map_err(failed)?;
            let size = file.metadata().map_err(failed)?.len();
            if size <= UPLOAD_BYTES as u64 {
                let mut bytes = vec![];
                file.read_to_end(&mut bytes).map_err(failed)?;
                return store.put(&location, bytes.into()).await.map(drop);
            }
            let mut writer = WriteMultipart::new_with_chunk_size(store.put_multipart(&location).await?, UPLOAD_BYTES);
            loop {
                let mut piece = vec![];
                Read::by_ref(&mut file).take(UPLOAD_BYTES as u64).read_to_end(&mut piece).map_err(failed)?;
                if piece.is_empty() {
                    return writer.finish().await.map(drop);
                }
                writer.wait_for_capacity(PIECES_WAITING_MAX).await?;
                writer.put(piece.into());
            }
        })?;
        written.map_err(|error| self.failed(path, &error))
    }

    fn failed(&self, path: &str, error: &StoreError) -> Error {
        let url = self.url(path);
        match error {
            StoreError::NotFound { .. } => {
                Error::data(format!("{url}: there is no such file")).with_hint("check the URL")
            }
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
                Error::data(format!("{url}: access is refused"))
                    .caused_by(error)
                    .with_hint("give credentials in storage_options, or in the environment of every worker")
            }
            StoreError::NotSupported { .. } => {
                Error::data(format!("{url}: the server does not serve what was asked")).caused_by(error).with_hint(
                    "parts of files are read by range requests, which some web servers do not have: download the file",
                )
            }
            _ => Error::data(format!("{url}: can't be reached"))
                .caused_by(error)
                .with_hint("check the address, the network and storage_options"),
        }
    }
}

/// The scheme of [`Remote::key`].
const SCHEME: &str = "phalanx";

/// Bytes of a remote file as they arrive.
#[derive(Debug)]
pub struct RemoteReader {
    remote: Remote,
    path: String,
    pieces: mpsc::Receiver<std::result::Result<Bytes, StoreError>>,
    piece: Bytes,
}

impl Read for RemoteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match aside(|| self.pieces.blocking_recv()) {
                None => return Ok(0),
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => return Err(io::Error::other(self.remote.failed(&self.path, &error))),
            }
        }
        let taken = self.piece.split_to(buffer.len().min(self.piece.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}

/// The stores of a session: DataFusion's, and those of [`Remote::key`].
#[derive(Debug, Default)]
pub struct Stores(DefaultObjectStoreRegistry);

impl ObjectStoreRegistry for Stores {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.0.register_store(url, store)
    }
    fn get_store(&self, url: &Url) -> DataFusionResult<Arc<dyn ObjectStore>> {
        match Remote::from_key(url) {
            Some(remote) => Ok(remote.store().map_err(DataFusionError::from)?),
            None => self.0.get_store(url),
        }
    }
}

/// The threads that talk to stores: those of the process that asks, for a forked child has none of its parent's.
fn threads() -> Result<Handle> {
    static RUNTIME: Mutex<Option<(u32, Runtime)>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock();
    let process = std::process::id();
    match runtime.as_ref() {
        Some((owner, runtime)) if *owner == process => return Ok(runtime.handle().clone()),
        _ => {}
    }
    let own = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("phalanx-remote")
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
    let handle = own.handle().clone();
    if let Some((_, parent)) = runtime.replace((process, own)) {
        std::mem::forget(parent); // its threads are not here to be joined
    }
    Ok(handle)
}

/// Waits for work that is done on threads of its own.
fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    threads()?.spawn(async move { sender.send(work.await) });
    aside(|| receiver.recv()).map_err(|error| Error::internal("a request ended early").caused_by(&error))
}

/// Blocks this thread; if it runs tasks, the others go elsewhere.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn urls_are_cut_where_the_path_begins() {
        for (url, root, path) in [
            ("s3://bucket/a/b*.parquet", "s3://bucket", "a/b*.parquet"),
            ("gcs://bucket", "gs://bucket", ""),
            ("https://host:80/x y", "https://host:80", "x y"),
        ] {
            let (remote, found) = Remote::parse(url, &BTreeMap::new()).unwrap();
            assert_eq!((remote.root.as_str(), found.as_str()), (root, path));
        }
        assert!(Remote::parse("ftp://host/x", &BTreeMap::new()).unwrap_err().message().contains("ftp://"));
        assert!(Remote::parse("s3:///x", &BTreeMap::new()).is_err());
        assert!(Remote::parse("https://host/x?y=1", &BTreeMap::new()).unwrap_err().message().contains("query"));
        let unknown = Remote::parse("s3://bucket/x", &options(&[("colour", "red")])).unwrap_err();
        assert!(unknown.message().contains("colour"), "{unknown}");
    }

    #[test]
    fn a_session_finds_the_store_by_its_key_and_nothing_prints_secrets() {
        let secret = options(&[("access_key_id", "me"), ("secret_access_key", "hush"), ("region", "here")]);
        let (remote, _) = Remote::parse("s3://bucket/x", &secret).unwrap();
        let key = remote.key().unwrap();
        let again = Remote::from_key(key.as_ref()).unwrap();
        assert!(again == remote);
        assert_eq!(format!("{remote:?}"), "s3://bucket");
        Stores::default().get_store(key.as_ref()).unwrap();
        assert!(Stores::default().get_store(&Url::parse("s3://bucket").unwrap()).is_err());
    }

    #[test]
    fn nobody_answers() {
        let (remote, path) = Remote::parse("http://127.0.0.1:9/x", &BTreeMap::new()).unwrap();
        let error = remote.head(&path).unwrap_err();
        assert!(error.message().contains("http://127.0.0.1:9/x"), "{error}");
        let mut bytes = vec![];
        let error = remote.open(&path, None).unwrap().read_to_end(&mut bytes).unwrap_err();
        assert!(error.to_string().contains("can't be reached"), "{error}");
    }
}
