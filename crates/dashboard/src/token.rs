//! Who looks without a certificate: by a token that is good once and for a while, and then by a cookie.
//!
//! A token is shown to one person, as a URL whose part behind the `#` it is: browsers send that to nobody. The page there
//! gives it to the server in the body of a form, and gets a cookie that scripts can't read and other sites can't send.
//! Only hashes of tokens and cookies are kept, so that the time of a comparison tells nothing of them.

use crate::access::Access;
use blake3::Hash;
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a token may be used.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How long a cookie is good.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// The cookie. Its prefix makes browsers hold us to what [`cookie`] says.
const COOKIE: &str = "__Host-phalanx";
/// What else a browser is told of the cookie.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
/// Tokens that nobody has used yet; of more, the oldest are good no longer.
const TOKENS_MAX: usize = 16;
/// Cookies that are good; of more, the oldest are good no longer.
const SESSIONS_MAX: usize = 256;

/// Where it is written down who has used a token, or what was none, or has signed out: the caller's address, the event
/// (`enter` or `leave`), and what happened.
pub type Note = Box<dyn Fn(Option<SocketAddr>, &'static str, &'static str) + Send + Sync>;

/// A session that was good when somebody asked: which one, and no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session(Hash);

/// Tokens and cookies that are good.
pub struct Tokens {
    note: Note,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: VecDeque<Good>,
    sessions: VecDeque<Good>,
}

/// A secret, until when it is good, and for what.
struct Good {
    hash: Hash,
    until: Instant,
    access: Access,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens") // never what is in them
    }
}

/// 244 random bits, as hexadecimal digits.
fn secret() -> String {
    [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|part| part.simple().to_string()).concat()
}

fn add(all: &mut VecDeque<Good>, max: usize, access: Access, until: Instant) -> String {
    let secret = secret();
    if all.len() == max {
        all.pop_front();
    }
    all.push_back(Good { hash: blake3::hash(secret.as_bytes()), until, access });
    secret
}

impl Tokens {
    /// None yet; `note` hears of those that are used.
    pub fn new(note: Note) -> Self {
        Self { note, state: Mutex::default() }
    }

    /// A new token, good once and from `now` on for [`TOKEN_LIFETIME`].
    pub fn mint(&self, access: Access, now: Instant) -> String {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut state.tokens, TOKENS_MAX, access, now + TOKEN_LIFETIME)
    }

    /// Takes a token of a caller at `from`, which is good no more after this: a session, if it was good.
    pub fn exchange(&self, token: &str, from: Option<SocketAddr>, now: Instant) -> Option<String> {
        let hash = blake3::hash(token.as_bytes());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tokens.retain(|good| good.until > now);
        let place = state.tokens.iter().position(|good| good.hash == hash);
        let access = place.and_then(|place| state.tokens.remove(place)).map(|good| good.access);
        let session = access.map(|access| add(&mut state.sessions, SESSIONS_MAX, access, now + SESSION_LIFETIME));
        drop(state);
        (self.note)(
            from,
            "enter",
            match access {
                Some(Access::Control) => "a token for cancelling and releasing is used",
                Some(Access::View) => "a token for looking is used",
                None => "a token is refused",
            },
        );
        session
    }

    /// Which session this is, if it is good.
    pub fn session(&self, secret: &str, now: Instant) -> Option<Session> {
        let session = Session(blake3::hash(secret.as_bytes()));
        self.access(session, now).map(|_| session)
    }

    /// What the bearer of a session may do, if it is still good.
    pub fn access(&self, session: Session, now: Instant) -> Option<Access> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sessions.iter().find(|good| good.hash == session.0 && good.until > now).map(|good| good.access)
    }

    /// Ends a session of a caller at `from`: it is good no more, in whatever browser it is.
    pub fn end(&self, session: Session, from: Option<SocketAddr>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sessions.retain(|good| good.hash != session.0);
        (self.note)(from, "leave", "a session is ended by its bearer");
    }
}

/// The header by which a browser is given a session: it sends it to us alone, under TLS alone, from our pages alone, and
/// shows it to no script.
pub fn cookie(session: &str) -> String {
    format!("{COOKIE}={session}; {ATTRIBUTES}; Max-Age={}", SESSION_LIFETIME.as_secs())
}

/// The header by which a browser forgets its session.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0")
}

/// The sessions in the values of a request's `Cookie` headers.
pub fn sessions<'a>(headers: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let pairs = headers.flat_map(|header| header.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=').filter(|(name, _)| *name == COOKIE).map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn silent() -> Tokens {
        Tokens::new(Box::new(|_, _, _| {}))
    }

    #[test]
    fn a_token_is_good_once_and_for_a_while() {
        let noted = Arc::new(Mutex::new(vec![]));
        let also = Arc::clone(&noted);
        let tokens = Tokens::new(Box::new(move |_, _, what| also.lock().unwrap().push(what)));
        let now = Instant::now();
        let (view, control, late) =
            (tokens.mint(Access::View, now), tokens.mint(Access::Control, now), tokens.mint(Access::View, now));
        assert!(view.len() == 64 && view != control);
        for wrong in ["", "x", &view[1..], &format!("{view}0"), &view.to_uppercase()] {
            assert_eq!(tokens.exchange(wrong, None, now), None, "{wrong}");
        }
        let session = tokens.exchange(&view, None, now).unwrap();
        let session = tokens.session(&session, now).unwrap();
        assert_eq!(tokens.exchange(&view, None, now), None, "it is good once");
        assert_eq!(tokens.access(session, now), Some(Access::View));
        assert_eq!(tokens.session(&view, now), None, "a token is no session");
        let controls = tokens.exchange(&control, None, now + TOKEN_LIFETIME / 2).unwrap();
        let controls = tokens.session(&controls, now).unwrap();
        assert_eq!(tokens.access(controls, now), Some(Access::Control));
        assert_eq!(tokens.exchange(&late, None, now + TOKEN_LIFETIME), None, "it is too old");
        assert_eq!(tokens.access(session, now + SESSION_LIFETIME), None, "so is a session");
        assert!(tokens.access(controls, now + SESSION_LIFETIME).is_some(), "this one began later");
        tokens.end(controls, None);
        assert_eq!(tokens.access(controls, now), None, "it was ended");
        assert_eq!(tokens.access(session, now), Some(Access::View), "and no other");
        let noted = noted.lock().unwrap();
        assert_eq!(noted.iter().filter(|what| what.ends_with("is refused")).count(), 7);
        assert_eq!(noted.iter().filter(|what| what.ends_with("is used")).count(), 2);
        assert_eq!(noted.last(), Some(&"a session is ended by its bearer"));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (tokens, now) = (silent(), Instant::now());
        let all: Vec<String> = (0..=TOKENS_MAX).map(|_| tokens.mint(Access::View, now)).collect();
        assert_eq!(tokens.exchange(&all[0], None, now), None);
        let first = tokens.exchange(&all[1], None, now).unwrap();
        for _ in 0..SESSIONS_MAX {
            let token = tokens.mint(Access::View, now);
            assert!(tokens.exchange(&token, None, now).is_some());
        }
        assert_eq!(tokens.session(&first, now), None);
    }

    #[test]
    fn cookies_are_found_among_others() {
        let found = |headers: &[&'static str]| sessions(headers.iter().copied()).collect::<Vec<_>>();
        assert_eq!(found(&["a=1; __Host-phalanx=abc", "__Host-phalanx=def;b=2"]), ["abc", "def"]);
        assert!(found(&["phalanx=abc; x__Host-phalanx=1", "__Host-phalanx", ""]).is_empty());
        let header = cookie("abc");
        assert_eq!(found(&[&*header.leak()]), ["abc"]);
    }
}
