//! A session of Cloudera AI, if this process runs in one: the platform shows two ports of the session's loopback to those
//! who may see the project, under names that are made of the session's id and the platform's domain.

/// What the platform tells its sessions in variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    id: String,
    domain: String,
    scheme: &'static str,
    /// The port for who may change the project.
    app_port: Option<u16>,
    /// The port for who may look at it.
    read_only_port: Option<u16>,
}

impl Session {
    /// The one of this process.
    pub fn of_environment() -> Option<Self> {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let said = |name: &str| variable(name).filter(|text| !text.is_empty());
        let port = |name: &str| said(name).and_then(|text| text.parse().ok());
        let is_plain = said("CDSW_PROJECT_URL").is_some_and(|url| url.starts_with("http://"));
        Some(Self {
            id: said("CDSW_ENGINE_ID")?,
            domain: said("CDSW_DOMAIN")?,
            scheme: if is_plain { "http" } else { "https" },
            app_port: port("CDSW_APP_PORT"),
            read_only_port: port("CDSW_READONLY_PORT"),
        })
    }

    /// The names under which browsers ask for what it serves.
    pub fn names(&self) -> [String; 2] {
        [format!("{}.{}", self.id, self.domain), format!("read-only-{}.{}", self.id, self.domain)]
    }

    /// Where browsers see the status page that is served on `port` of its loopback; nowhere, if the platform does not
    /// show that port.
    pub fn url(&self, port: u16) -> Option<String> {
        let [app, read_only] = self.names();
        let name = match Some(port) {
            port if port == self.read_only_port => read_only,
            port if port == self.app_port => app,
            _ => return None,
        };
        Some(format!("{}://{name}/status", self.scheme))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_knows_where_its_pages_are_seen() {
        let variables = [
            ("CDSW_ENGINE_ID", "abc123"),
            ("CDSW_DOMAIN", "ml.example.com"),
            ("CDSW_APP_PORT", "8100"),
            ("CDSW_READONLY_PORT", "8090"),
        ];
        let of = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let session = Session::of(of).unwrap();
        assert_eq!(session.url(8100).unwrap(), "https://abc123.ml.example.com/status");
        assert_eq!(session.url(8090).unwrap(), "https://read-only-abc123.ml.example.com/status");
        assert_eq!(session.url(8787), None);
        assert_eq!(Session::of(|name| of(name).filter(|_| name != "CDSW_DOMAIN")), None);
        let plain = Session::of(|name| if name == "CDSW_PROJECT_URL" { Some("http://x/y".into()) } else { of(name) });
        assert_eq!(plain.unwrap().url(8100).unwrap(), "http://abc123.ml.example.com/status");
    }
}
