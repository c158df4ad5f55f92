//! Who may ask, and what browsers may do with the answer.

use crate::access::{Access, Caller, Connection, NOBODY};
use crate::token::{self, Session, Tokens};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Nothing inline, nothing from elsewhere, no frame around it; forms go nowhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What who shows nothing is told.
const UNKNOWN: &str = "Who looks here shows a certificate of the cluster, or has had a token: `phalanx token tcp://HOST:PORT` \
                       prints an address for a browser, where it is exchanged.\n";

static HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The names, besides those of this machine, under which pages may be asked for.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<Vec<String>>);

impl Names {
    /// These.
    pub fn new(names: &[String]) -> Self {
        Self(Arc::new(names.iter().map(|name| name.to_ascii_lowercase()).collect()))
    }
    fn has(&self, host: &str) -> bool {
        self.0.iter().any(|name| name_of(host).is_some_and(|asked| asked.eq_ignore_ascii_case(name)))
    }
}

/// What the guard goes by.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Names besides this machine's.
    pub names: Names,
    /// The path before all others.
    pub prefix: Arc<str>,
    /// Tokens, where they are wanted.
    pub tokens: Option<Arc<Tokens>>,
}

/// What who shows nothing may ask for, where there are tokens: the page that takes one, and what it looks like.
const OPEN: [&str; 4] = ["/enter", "/static/enter.js", "/static/style.css", "/static/icon.svg"];

impl Gate {
    /// May `path` be asked for by who shows nothing?
    fn is_open(&self, path: &str) -> bool {
        self.tokens.is_some() && OPEN.contains(&path.strip_prefix(&*self.prefix).unwrap_or(path))
    }
    /// The session that a cookie of the request is of, if it is good.
    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let tokens = self.tokens.as_deref()?;
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        token::sessions(values).find_map(|secret| tokens.session(secret, Instant::now()))
    }
}

/// On loopback, who asks from this machine has control, and who comes by a named proxy may look. Under TLS, the
/// certificate says, or the cookie of who had a token.
///
/// Refuses requests under a foreign name and changes that a foreign page asks for, and adds the headers above to every
/// answer.
///
/// A web site can let its name point to 127.0.0.1 after its page was loaded (DNS rebinding); its scripts may then read
/// our answers, but the browser still sends the site's name as `Host`. And any site can send a form here; the browser
/// then sends the site as `Origin`.
pub async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let connection = request.extensions().get::<ConnectInfo<Connection>>().map(|known| known.0);
    let session =
        connection.filter(|connection| connection.role == NOBODY).and_then(|_| gate.session(request.headers()));
    let access = match connection {
        Some(connection) if connection.role == NOBODY => {
            session.and_then(|session| gate.tokens.as_deref()?.access(session, Instant::now()))
        }
        Some(connection) => connection.access,
        // A proxy does not tell who is behind it.
        None => Some(match single(request.headers(), HOST).is_some_and(is_loopback) {
            true => Access::Control,
            false => Access::View,
        }),
    };
    let mut response = match access {
        _ if !answers_to(request.headers(), &gate.names, connection.as_ref()) => {
            let text =
                "This page answers to the address that was called, and to the names that --dashboard-name gives.\n";
            (StatusCode::MISDIRECTED_REQUEST, text).into_response()
        }
        None if connection.is_some_and(|connection| connection.role == NOBODY) => {
            match gate.is_open(request.uri().path()) && (is_safe || is_from_here(request.headers(), true)) {
                true => next.run(request).await,
                false => (StatusCode::UNAUTHORIZED, UNKNOWN).into_response(),
            }
        }
        None => (StatusCode::FORBIDDEN, "The certificate gives no right to look.\n").into_response(),
        _ if !is_safe && !is_from_here(request.headers(), connection.is_some()) => {
            (StatusCode::FORBIDDEN, "Only a page of this server may change something.\n").into_response()
        }
        Some(access) => {
            request.extensions_mut().insert(Caller { access, connection, session });
            next.run(request).await
        }
    };
    for (name, value) in &HEADERS {
        response.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
    }
    response
}

/// The one value of `header`.
fn single(headers: &HeaderMap, header: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(header).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Is the request meant for this machine, or for one of `names`? Its `Host` says so.
pub fn is_known(headers: &HeaderMap, names: &Names) -> bool {
    answers_to(headers, names, None)
}

/// Is the request meant for this machine, by the address that was called under TLS, or for one of `names`? Its `Host`
/// says so.
fn answers_to(headers: &HeaderMap, names: &Names, connection: Option<&Connection>) -> bool {
    let is_ours = |host: &str| match connection.and_then(|connection| connection.called) {
        Some(called) if !called.is_loopback() => name_of(host).and_then(|name| name.parse().ok()) == Some(called),
        _ => is_loopback(host),
    };
    single(headers, HOST).is_some_and(|host| is_ours(host) || names.has(host))
}

/// Does the browser say that a page of ours asks? One that says nothing is no browser of today, and is refused. A page
/// that came under TLS is none of ours if it says that it came without.
fn is_from_here(headers: &HeaderMap, under_tls: bool) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    let (Some(origin), Some(host)) = (single(headers, ORIGIN), single(headers, HOST)) else { return false };
    let Some((scheme, origin)) = origin.split_once("://") else { return false };
    // A proxy may add TLS to what we serve without, and never the other way round.
    (scheme == "https" || scheme == "http" && !under_tls) && origin.eq_ignore_ascii_case(host)
}

/// The name in `host` or `host:port`.
fn name_of(host: &str) -> Option<&str> {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if is_port(port) => Some(address),
        Some(_) => None,
        None => match host.split_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => Some(name),
            Some(_) => None,
            None => Some(host),
        },
    }
}

/// `host` or `host:port`, as in the header.
fn is_loopback(host: &str) -> bool {
    name_of(host).is_some_and(|name| {
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_known() {
        for host in ["127.0.0.1", "127.0.0.1:8787", "localhost:8787", "LOCALHOST", "[::1]", "[::1]:8787", "127.9.9.9:1"]
        {
            assert!(is_loopback(host), "{host}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "192.168.1.1:8787",
            "0.0.0.0:8787",
            "localhost:port",
            "[::1",
            "[::1]x",
            "127.0.0.1:8787:1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_named_proxies_are_answered() {
        let names = Names::new(&[String::from("Hub.Example.org")]);
        assert!(names.has("hub.example.org") && names.has("HUB.example.org:443"));
        assert!(!names.has("example.org") && !names.has("hub.example.org.evil") && !Names::default().has(""));
    }

    #[test]
    fn changes_come_from_pages_of_ours() {
        let asks = |host: &str, more: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            for (name, value) in more {
                headers.append(*name, value.parse().unwrap());
            }
            is_from_here(&headers, false)
        };
        assert!(asks("127.0.0.1:8787", &[("origin", "http://127.0.0.1:8787")]));
        for refused in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "http://evil.example")],
            &[("origin", "https://hub.example.org")],
            &[("origin", "http://127.0.0.1:9999")],
            &[("origin", "http://127.0.0.1:8787"), ("origin", "http://127.0.0.1:8787")],
            &[("origin", "http://127.0.0.1:8787"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!asks("127.0.0.1:8787", refused), "{refused:?}");
        }
    }

    #[test]
    fn under_tls_the_called_address_and_given_names_are_known() {
        let called = "10.0.0.5".parse().ok();
        let connection = Connection { access: Some(Access::View), role: "viewer", from: None, called };
        let names = Names::new(&[String::from("scheduler.phalanx.cluster")]);
        let knows = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            answers_to(&headers, &names, Some(&connection))
        };
        assert!(knows("10.0.0.5:8787") && knows("10.0.0.5") && knows("scheduler.phalanx.cluster:8787"));
        for foreign in ["evil.example", "10.0.0.6:8787", "localhost:8787", "127.0.0.1", "10.0.0.5.evil.example", ""] {
            assert!(!knows(foreign), "{foreign}");
        }
        assert!(!answers_to(&HeaderMap::new(), &names, Some(&connection)), "no Host");
        let page = |scheme: &str| {
            let origin = format!("{scheme}://10.0.0.5:8787").parse().unwrap();
            HeaderMap::from_iter([(HOST, "10.0.0.5:8787".parse().unwrap()), (ORIGIN, origin)])
        };
        assert!(is_from_here(&page("https"), true) && !is_from_here(&page("http"), true));
    }
}
