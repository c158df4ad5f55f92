//! Fair shares: sessions that have work are given as many tasks as each other, however many jobs each has.

use std::collections::HashMap;

/// How many tasks each session with running jobs was given, above where it came in.
#[derive(Debug, Default)]
pub struct Turns(HashMap<String, u64>);

impl Turns {
    /// Forgets all but `sessions`. One that is new, or comes back, begins where the one stands that was served least: it
    /// is owed nothing for the time in which it asked for nothing.
    pub fn keep<'a>(&mut self, sessions: impl Iterator<Item = &'a String> + Clone) {
        let mut kept = HashMap::new();
        for session in sessions.clone() {
            if let Some(served) = self.0.remove(session) {
                kept.insert(session.clone(), served);
            }
        }
        let least = kept.values().copied().min().unwrap_or(0);
        for session in sessions {
            kept.entry(session.clone()).or_insert(least);
        }
        self.0 = kept;
    }

    /// Whose turn it is among `sessions`: of those that were served least, the first by name.
    pub fn next<'a>(&self, sessions: impl Iterator<Item = &'a String>) -> Option<String> {
        sessions.min_by_key(|session| (self.0.get(*session).copied().unwrap_or(0), *session)).cloned()
    }

    /// `session` was given a task.
    pub fn served(&mut self, session: &str) {
        if let Some(served) = self.0.get_mut(session) {
            *served += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(turns: &mut Turns, sessions: &[&str], tasks: usize) -> HashMap<String, usize> {
        let sessions: Vec<String> = sessions.iter().map(|name| (*name).to_owned()).collect();
        let mut given = HashMap::new();
        turns.keep(sessions.iter());
        for _ in 0..tasks {
            let session = turns.next(sessions.iter()).unwrap();
            turns.served(&session);
            *given.entry(session).or_insert(0) += 1;
        }
        given
    }

    #[test]
    fn sessions_get_equal_shares_from_when_they_come() {
        let mut turns = Turns::default();
        assert_eq!(serve(&mut turns, &["a"], 100)["a"], 100);
        let both = serve(&mut turns, &["a", "b"], 100);
        assert_eq!((both["a"], both["b"]), (50, 50), "who comes later is neither behind nor owed what others had");
        assert_eq!(serve(&mut turns, &["b"], 10)["b"], 10);
        let three = serve(&mut turns, &["a", "b", "c"], 99);
        assert_eq!((three["a"], three["b"], three["c"]), (33, 33, 33));
        assert_eq!(turns.next(std::iter::empty()), None);
    }
}
