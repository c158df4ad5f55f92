//! A scheduler's address.

use phalanx_engine::{Error, Result};

/// `tcp://host:port`, as users write a scheduler's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerAddress(String);

impl SchedulerAddress {
    /// `host:port`.
    pub fn authority(&self) -> &str {
        &self.0
    }

    /// The address `said` by the scheduler that was called here: this one, if it listens on all addresses of its machine and
    /// says that.
    pub fn or_said(&self, said: String) -> String {
        let authority = said.strip_prefix("tcp://").unwrap_or(&said);
        let host = authority.rsplit_once(':').map_or("", |(host, _)| host).trim_matches(['[', ']']);
        let listens_on_all = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_unspecified());
        if listens_on_all { self.to_string() } else { said }
    }
}

impl std::str::FromStr for SchedulerAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::input(format!("{text:?} is not the address of a scheduler: {what}"))
                .with_hint("write tcp://HOST:PORT, for example tcp://127.0.0.1:8786")
        };
        let rest = text.strip_prefix("tcp://").ok_or_else(|| wrong("it does not begin with tcp://"))?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        if host.is_empty() || host.contains('/') {
            return Err(wrong("the host is missing"));
        }
        match port.parse::<u16>() {
            Ok(1..) => Ok(Self(rest.to_owned())),
            _ => Err(wrong("the port is not a number from 1 to 65535")),
        }
    }
}

impl std::fmt::Display for SchedulerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tcp://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_where_it_was_called() {
        let called: SchedulerAddress = "tcp://head:8786".parse().unwrap();
        for everywhere in ["tcp://0.0.0.0:8786", "tcp://[::]:8786"] {
            assert_eq!(called.or_said(everywhere.into()), "tcp://head:8786");
        }
        assert_eq!(called.or_said("tcp://10.0.0.5:8786".into()), "tcp://10.0.0.5:8786");
    }

    #[test]
    fn an_address_is_tcp_host_port() {
        assert_eq!("tcp://127.0.0.1:8786".parse::<SchedulerAddress>().unwrap().authority(), "127.0.0.1:8786");
        for wrong in ["127.0.0.1:8786", "tcp://host", "tcp://:1", "tcp://host:0", "tcp://host:99999", "tcp://a/b:1"] {
            assert!(wrong.parse::<SchedulerAddress>().is_err(), "{wrong}");
        }
    }
}
