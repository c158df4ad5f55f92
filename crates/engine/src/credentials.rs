//! Credentials: what opens a store and must stand in no plan.
//!
//! Plans are explained, logged, kept by schedulers and saved in files. So a plan carries a random name that stands for
//! credentials ([`Name`]), and the process that was given them keeps them. With each job go, beside its plan, the
//! credentials that it names ([`named_in`]), over the same authenticated connection; a process that runs parts of the
//! job keeps them in memory ([`lend`]), and nowhere else.

use crate::{Error, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::LazyLock;

/// Credentials of others that a process keeps; the oldest go first. Every task brings its own again.
const LENT_MAX: usize = 1024;

/// Options by their names.
pub type Secrets = BTreeMap<String, String>;

/// What stands for credentials: it can't be guessed, and says nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name(String);

impl Name {
    /// As text, as it stands in plans.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The name that was written as `text`.
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[derive(Default)]
struct Vault {
    /// Given to this process, for as long as it lives: expressions may name them.
    own: HashMap<Name, Secrets>,
    /// Of the jobs that this process runs parts of.
    lent: HashMap<Name, Secrets>,
    order: VecDeque<Name>,
}

static VAULT: LazyLock<Mutex<Vault>> = LazyLock::new(Mutex::default);

/// A name for these credentials; equal ones have the same.
pub fn seal(secrets: Secrets) -> Name {
    let mut vault = VAULT.lock();
    if let Some((name, _)) = vault.own.iter().find(|(_, known)| **known == secrets) {
        return name.clone();
    }
    let name = Name(uuid::Uuid::new_v4().simple().to_string());
    vault.own.insert(name.clone(), secrets);
    name
}

/// What a name stands for, if this process was told.
pub fn open(name: &Name) -> Option<Secrets> {
    let vault = VAULT.lock();
    vault.own.get(name).or_else(|| vault.lent.get(name)).cloned()
}

/// This process's credentials that are named in the bytes of a plan, as text for [`lend`]; empty if there are none.
///
/// Names are searched for as text, which is how a plan's codec writes them: so no operator has to tell of those that it
/// holds, and what a plan does not name is not sent.
///
/// # Errors
/// Never, but for bugs of ours.
pub fn named_in(plan: &[u8]) -> Result<String> {
    let vault = VAULT.lock();
    if vault.own.is_empty() {
        return Ok(String::new());
    }
    let is_named = |name: &Name| plan.windows(name.0.len()).any(|text| text == name.0.as_bytes());
    let mut named: Vec<(&Name, &Secrets)> = vault.own.iter().filter(|(name, _)| is_named(name)).collect();
    if named.is_empty() {
        return Ok(String::new());
    }
    named.sort();
    let bytes =
        postcard::to_stdvec(&named).map_err(|error| Error::internal("credentials of a job").caused_by(&error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Keeps what [`named_in`] gave another process.
///
/// # Errors
/// It is no such text, which is a bug of ours.
pub fn lend(text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let bad = || Error::internal("credentials of a job that can't be read");
    let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect::<Option<_>>().ok_or_else(bad)?;
    let named: Vec<(Name, Secrets)> = postcard::from_bytes(&bytes).map_err(|_| bad())?;
    let mut vault = VAULT.lock();
    for (name, secrets) in named {
        if vault.lent.insert(name.clone(), secrets).is_none() {
            vault.order.push_back(name);
        }
        while vault.order.len() > LENT_MAX {
            if let Some(oldest) = vault.order.pop_front() {
                vault.lent.remove(&oldest);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(value: &str) -> Secrets {
        BTreeMap::from([(String::from("secret"), value.to_owned())])
    }

    #[test]
    fn a_plan_takes_along_what_it_names_and_nothing_else() {
        let (one, other) = (seal(secrets("hush")), seal(secrets("another's")));
        assert_eq!(one, seal(secrets("hush")), "equal credentials have one name");
        let plan = [b"\x00scan of ", one.as_str().as_bytes(), b"\xff"].concat();
        let sent = named_in(&plan).unwrap();
        assert!(!sent.is_empty() && !sent.contains("hush"));
        lend(&sent).unwrap();
        let lent = VAULT.lock().lent.clone();
        assert_eq!(lent.get(&one), Some(&secrets("hush")));
        assert!(!lent.contains_key(&other));
        assert_eq!(named_in(b"a plan without").unwrap(), "");
        assert_eq!(open(&Name::of("nobody's")), None);
    }

    #[test]
    fn what_is_lent_is_bounded() {
        for number in 0..LENT_MAX + 10 {
            let named = vec![(Name::of(&format!("lent {number}")), secrets("x"))];
            let bytes = postcard::to_stdvec(&named).unwrap();
            lend(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).unwrap();
        }
        assert!(VAULT.lock().lent.len() <= LENT_MAX);
        assert!(open(&Name::of("lent 0")).is_none() && open(&Name::of(&format!("lent {}", LENT_MAX + 9))).is_some());
        assert!(lend("no digits").is_err());
    }
}
