//! Who may ask, and what browsers may do with the answer.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Nothing inline, nothing from elsewhere, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Names of a proxy in front of the page, besides this machine's, in lower case.
pub type Names = Arc<[String]>;

/// Refuses requests under a foreign name, and adds the headers above to every answer.
///
/// A web site can let its name point to 127.0.0.1 after its page was loaded (DNS rebinding); its scripts may then read
/// our answers, but the browser still sends the site's name as `Host`.
pub async fn guard(State(names): State<Names>, request: Request, next: Next) -> Response {
    let mut response = if is_ours(request.headers(), &names) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "This page answers to 127.0.0.1, [::1] and localhost alone.\n")
            .into_response()
    };
    for (name, value) in &HEADERS {
        response.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
    }
    response
}

fn is_ours(headers: &HeaderMap, names: &[String]) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    host.to_str().is_ok_and(|host| is_loopback(host) || is_named(host, names))
}

/// Is `host`, with or without a port, one of `names`?
fn is_named(host: &str, names: &[String]) -> bool {
    let name = match host.split_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        Some(_) => return false,
        None => host,
    };
    names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

/// `host` or `host:port`, as in the header.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if is_port(port) => address,
        Some(_) => return false,
        None => match host.split_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            Some(_) => return false,
            None => host,
        },
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
    fn names_of_a_proxy_are_known_whole() {
        let names = [String::from("page.example.com")];
        for host in ["page.example.com", "PAGE.example.com:443"] {
            assert!(is_named(host, &names), "{host}");
        }
        for host in ["example.com", "a.page.example.com", "page.example.com.org", "page.example.com:x", ""] {
            assert!(!is_named(host, &names), "{host}");
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
}
