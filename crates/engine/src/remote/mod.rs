//! Files behind URLs: object stores (`s3://`, `gs://`, `az://`) and web servers (`http://`, `https://`).
//!
//! A plan carries where a file is and how its store is opened, but for what is secret: for that it carries a name (see
//! [`crate::credentials`]). Every process opens the store for itself, with its own environment's credentials for what
//! is left open. DataFusion's readers find a store by a URL that holds all of it ([`Remote::key`]); ours read through
//! [`Remote::open`], which is blocking and has threads of its own.
//!
//! | module | what it does |
//! |---|---|
//! | `kind` | the kinds of stores, and their options |
//! | `threads` | threads that talk to stores |

mod kind;
mod threads;

use crate::credentials::{self, Name, Secrets};
use crate::guarded::Guarded;
use crate::{Error, Result, paths};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::object_store::{
    Error as StoreError, GetOptions, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
};
use futures::stream::FuturesUnordered;
use futures::{StreamExt, TryStreamExt};
use kind::{Kind, is_plain};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use threads::{aside, threads, wait};
use tokio::sync::mpsc;
use url::Url;

/// Stores that are kept open; when there are more, all are opened anew.
const STORES_MAX: usize = 256;
/// Pieces of a file that wait to be read.
const PIECES_WAITING_MAX: usize = 4;
/// Pieces in which a file is written.
const UPLOAD_BYTES: usize = 8 << 20;

/// Where files are: a bucket or a server, and how it is opened.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Remote {
    root: String,
    /// Those that are no secret, by the library's names.
    options: BTreeMap<String, String>,
    credentials: Option<Name>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)
    }
}

/// Whether `name` is a URL that [`Remote::parse`] takes, or should take: `scheme://…`, but for `file://`.
pub fn is_url(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| scheme != "file")
}

impl Remote {
    /// The store of a URL, and the path in it, which may be a pattern. What is secret of the options stays in this
    /// process.
    ///
    /// # Errors
    /// `Unsupported`: a scheme that there is not, or a URL with a query or a password. `Input`: an option that the store
    /// does not know.
    pub fn parse(url: &str, options: &BTreeMap<String, String>) -> Result<(Self, String)> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let scheme = scheme.to_ascii_lowercase();
        let Some(kind) = Kind::of(&scheme) else {
            return Err(Error::unsupported(format!("files of {scheme}://, as {url}"))
                .with_hint("there are s3, gs, az, abfs, http and https, and paths of this machine's file system"));
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some((who, place)) =
            authority.rsplit_once('@').filter(|(who, _)| kind != Kind::Azure || who.contains(':'))
        {
            let shown = if who.contains(':') { "user and password" } else { "user" };
            return Err(Error::unsupported(format!("a URL with a {shown}, as that of {place}"))
                .with_hint("give credentials of object stores in storage_options; download other files first"));
        }
        if authority.is_empty() {
            return Err(Error::input(format!("{url} names no bucket or server")));
        }
        if let Some((plain, _)) = path.split_once('?').filter(|_| kind == Kind::Http) {
            return Err(Error::unsupported(format!("a URL with a query, as {scheme}://{authority}/{plain}?…"))
                .with_hint("download the file first, or use the scheme of its object store with storage_options"));
        }
        let (mut open, mut secret) = (BTreeMap::new(), Secrets::new());
        for (name, value) in options {
            let Some(own) = kind.option(name) else {
                return Err(Error::input(format!("{scheme}:// has no storage option {name:?}")).with_hint(
                    "options are those of the crate object_store: access_key_id, endpoint, region, token, …",
                ));
            };
            let kept = if is_plain(&own, value) { &mut open } else { &mut secret };
            kept.insert(own, value.clone());
        }
        let scheme = if scheme == "gcs" { "gs" } else { &scheme };
        let credentials = (!secret.is_empty()).then(|| credentials::seal(secret));
        Ok((Self { root: format!("{scheme}://{authority}"), options: open, credentials }, path.to_owned()))
    }

    /// The URL of a path in it.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// A URL under which a session finds the store, if its registry is [`Stores`]: root and options in digits, and the
    /// name of its credentials.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn key(&self) -> Result<ObjectStoreUrl> {
        let bytes = postcard::to_stdvec(&(&self.root, &self.options))
            .map_err(|error| Error::internal("a store's key").caused_by(&error))?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = self.credentials.as_ref().map_or("", Name::as_str);
        Ok(ObjectStoreUrl::parse(format!("{SCHEME}://{digits}-{name}"))?)
    }

    fn from_key(url: &Url) -> Option<Self> {
        let (digits, name) = (url.scheme() == SCHEME).then(|| url.host_str()).flatten()?.split_once('-')?;
        let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
        let (root, options) = postcard::from_bytes(&bytes?).ok()?;
        Some(Self { root, options, credentials: (!name.is_empty()).then(|| Name::of(name)) })
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
        let store = self.build()?;
        stores.insert(self.clone(), Arc::clone(&store));
        Ok(store)
    }

    fn build(&self) -> Result<Arc<dyn ObjectStore>> {
        let scheme = self.root.split_once("://").map_or("", |(scheme, _)| scheme);
        let kind = Kind::of(scheme).unwrap_or(Kind::Http);
        let mut options = kind.own_options();
        match self.credentials.as_ref().map(credentials::open) {
            Some(Some(secrets)) => options.extend(secrets),
            Some(None) if options.is_empty() => {
                return Err(Error::input(format!("the credentials of {} are not in this process", self.root)).with_hint(
                    "plans hold none: for one that was saved, set those of the environment (AWS_…, GOOGLE_…, AZURE_…)",
                ));
            }
            Some(None) | None => {}
        }
        options.extend(self.options.clone());
        let plain = self.root.starts_with("http://")
            || options.iter().any(|(key, value)| key.contains("endpoint") && value.starts_with("http://"));
        if plain && !options.iter().any(|(key, _)| key.ends_with("allow_http")) {
            options.push((String::from("allow_http"), String::from("true")));
        }
        kind.build(&self.root, options).map_err(|error| {
            Error::input(format!("{} can't be opened", self.root))
                .caused_by(&error)
                .with_hint("check storage_options, or the credentials in the environment")
        })
    }

    fn located(&self, path: &str) -> Result<(Arc<dyn ObjectStore>, ObjectPath)> {
        paths::check_url(&self.url(path))?;
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
            let mut file = File::open(&source).map_err(unread)?;
            let size = file.metadata().map_err(unread)?.len();
            if size <= UPLOAD_BYTES as u64 {
                let mut bytes = vec![];
                file.read_to_end(&mut bytes).map_err(unread)?;
                return store.put(&location, bytes.into()).await.map(drop);
            }
            let mut upload = store.put_multipart(&location).await?;
            let sent = send_pieces(upload.as_mut(), file).await;
            match sent {
                Ok(()) => upload.complete().await.map(drop),
                Err(error) => {
                    // Pieces of an upload that nobody ends cost money until somebody does.
                    if let Err(also) = upload.abort().await {
                        tracing::debug!(%also, "an upload is left open");
                    }
                    Err(error)
                }
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

/// Sends a file's bytes piece by piece, a few at once.
async fn send_pieces(upload: &mut dyn MultipartUpload, mut file: File) -> std::result::Result<(), StoreError> {
    let mut waiting = FuturesUnordered::new();
    loop {
        let mut piece = vec![];
        Read::by_ref(&mut file).take(UPLOAD_BYTES as u64).read_to_end(&mut piece).map_err(unread)?;
        if piece.is_empty() {
            break;
        }
        while waiting.len() >= PIECES_WAITING_MAX {
            waiting.try_next().await?;
        }
        waiting.push(upload.put_part(piece.into()));
    }
    while waiting.try_next().await?.is_some() {}
    Ok(())
}

fn unread(error: io::Error) -> StoreError {
    StoreError::Generic { store: "file", source: error.into() }
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
        let (store, root) = match Remote::from_key(url) {
            Some(remote) => (remote.store().map_err(DataFusionError::from)?, Some(remote.root)),
            None => (self.0.get_store(url)?, (url.scheme() != "file").then(|| url.to_string())),
        };
        if paths::is_restricted() {
            return Ok(Arc::new(Guarded::new(store, root)));
        }
        Ok(store)
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
        let plan = [key.as_str().as_bytes(), &postcard::to_stdvec(&remote).unwrap()].concat();
        for text in [key.as_str().to_owned(), String::from_utf8_lossy(&plan).into_owned()] {
            assert!(!text.contains("hush") && !text.contains("68757368"), "{text}");
        }
        assert!(!credentials::named_in(key.as_str().as_bytes()).unwrap().is_empty(), "jobs find it in their plans");
        let again = Remote::from_key(key.as_ref()).unwrap();
        assert!(again == remote);
        assert_eq!(format!("{remote:?}"), "s3://bucket");
        Stores::default().get_store(key.as_ref()).unwrap();
        assert!(Stores::default().get_store(&Url::parse("s3://bucket").unwrap()).is_err());
    }

    #[test]
    fn a_plan_from_elsewhere_says_that_its_credentials_are_not_here() {
        let (root, options) = (String::from("gs://bucket"), BTreeMap::new());
        let remote = Remote { root, options, credentials: Some(Name::of("another process's")) };
        let error = remote.store().unwrap_err();
        assert!(error.message().contains("credentials of gs://bucket are not in this process"), "{error}");
    }

    #[test]
    fn passwords_in_urls_are_refused_and_not_repeated() {
        for url in ["https://me:hush@host/x", "s3://me:hush@bucket/x", "https://host/x?signature=hush"] {
            let error = Remote::parse(url, &BTreeMap::new()).unwrap_err();
            assert!(!error.to_string().contains("hush") && error.hint().is_some(), "{error}");
        }
        let (azure, _) = Remote::parse("abfs://container@account.dfs.core.windows.net/x", &BTreeMap::new()).unwrap();
        assert_eq!(azure.root, "abfs://container@account.dfs.core.windows.net");
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
