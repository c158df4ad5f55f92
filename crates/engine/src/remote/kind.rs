//! The kinds of stores: their schemes, their options, and which of these are no secret.

use datafusion::object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use datafusion::object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use datafusion::object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use datafusion::object_store::http::HttpBuilder;
use datafusion::object_store::{ClientConfigKey, Error as StoreError, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// How often, and for how long, a request is tried again.
const RETRIES_MAX: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

/// Ends of the names of options that may stand in a plan, for they say where and how, and not who. Every other is kept
/// apart: an option that a new version of the library brings is a secret until it stands here.
const PLAIN: [&str; 23] = [
    "region",
    "endpoint",
    "endpoint_url_s3",
    "base_url",
    "bucket",
    "container_name",
    "account_name",
    "skip_signature",
    "virtual_hosted_style_request",
    "unsigned_payload",
    "checksum_algorithm",
    "copy_if_not_exists",
    "conditional_put",
    "disable_tagging",
    "s3_express",
    "request_payer",
    "use_emulator",
    "use_fabric_endpoint",
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "timeout",
    "user_agent",
];

/// A kind of store, by the scheme of its URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    S3,
    Google,
    Azure,
    Http,
}

impl Kind {
    pub(super) fn of(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "s3" | "s3a" => Self::S3,
            "gs" | "gcs" => Self::Google,
            "az" | "adl" | "azure" | "abfs" | "abfss" => Self::Azure,
            "http" | "https" => Self::Http,
            _ => return None,
        })
    }

    /// The library's own name of an option, which may have several.
    pub(super) fn option(self, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        macro_rules! own {
            ($key:ty) => {
                name.parse::<$key>().ok().map(|key| key.as_ref().to_owned())
            };
        }
        match self {
            Self::S3 => own!(AmazonS3ConfigKey),
            Self::Google => own!(GoogleConfigKey),
            Self::Azure => own!(AzureConfigKey),
            Self::Http => own!(ClientConfigKey),
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

    /// What this process's environment says of it.
    pub(super) fn own_options(self) -> Vec<(String, String)> {
        let Some(prefix) = self.environment() else { return vec![] };
        let own = std::env::vars().filter(|(key, value)| key.starts_with(prefix) && !value.is_empty());
        own.map(|(key, value)| (key.to_ascii_lowercase(), value)).collect()
    }

    /// A store at `root`.
    pub(super) fn build(self, root: &str, options: Vec<(String, String)>) -> Result<Arc<dyn ObjectStore>, StoreError> {
        let retry = RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        macro_rules! built {
            ($builder:ty) => {{
                let builder = <$builder>::new().with_url(root.to_owned()).with_retry(retry);
                let configured = options.into_iter().fold(builder, |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder, // a variable of the environment that is not meant for us
                });
                Ok(Arc::new(configured.build()?))
            }};
        }
        match self {
            Self::S3 => built!(AmazonS3Builder),
            Self::Google => built!(GoogleCloudStorageBuilder),
            Self::Azure => built!(MicrosoftAzureBuilder),
            Self::Http => built!(HttpBuilder),
        }
    }
}

/// Whether an option, by the library's name, may stand in a plan. An address may hold a password, or a signed query.
pub(super) fn is_plain(name: &str, value: &str) -> bool {
    let ends = |plain: &str| name == plain || name.strip_suffix(plain).is_some_and(|rest| rest.ends_with('_'));
    PLAIN.into_iter().any(ends) && !value.contains(['@', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_who_is_secret() {
        for (kind, name) in [
            (Kind::S3, "access_key_id"),
            (Kind::S3, "SECRET_ACCESS_KEY"),
            (Kind::S3, "session_token"),
            (Kind::S3, "aws_sse_customer_key_base64"),
            (Kind::S3, "web_identity_token_file"),
            (Kind::Azure, "account_key"),
            (Kind::Azure, "sas_token"),
            (Kind::Azure, "client_secret"),
            (Kind::Azure, "bearer_token"),
            (Kind::Google, "service_account_key"),
            (Kind::Google, "service_account"),
            (Kind::Http, "proxy_url"),
        ] {
            let own = kind.option(name).unwrap_or_else(|| panic!("{name} is an option"));
            assert!(!is_plain(&own, "x"), "{own}");
        }
        for (kind, name) in
            [(Kind::S3, "endpoint_url"), (Kind::S3, "region"), (Kind::Azure, "account_name"), (Kind::Http, "timeout")]
        {
            assert!(is_plain(&kind.option(name).unwrap(), "x"), "{name}");
        }
        assert!(!is_plain("aws_endpoint", "https://me:hush@host"));
        assert!(Kind::S3.option("colour").is_none());
    }
}
