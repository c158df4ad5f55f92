//! Whether bytes can be a model, before XGBoost looks at them: of what was cut off it reads past the end, and may take
//! the process with it.
//!
//! Two formats are models: JSON, and UBJSON as XGBoost writes it (<https://ubjson.org>, keys of objects without their
//! marker, counted arrays without an end).

use phalanx_engine::{Error, Result};
use serde::de::IgnoredAny;
use std::collections::HashMap;

/// A model's objects lie in each other about ten deep.
const DEPTH_MAX: usize = 64;

/// Refuses what is no whole model.
///
/// # Errors
/// `Data`.
pub(crate) fn need_model(bytes: &[u8]) -> Result<()> {
    match bytes {
        [b'{', b'"' | b' ' | b'\n' | b'\r' | b'\t' | b'}', ..] => {
            let keys: HashMap<String, IgnoredAny> = serde_json::from_slice(bytes)
                .map_err(|error| Error::data("a model of JSON can't be read").caused_by(&error))?;
            need_learner(keys.contains_key("learner"))
        }
        [b'{', rest @ ..] => {
            let mut reader = Reader { rest, has_learner: false };
            reader.object(0).filter(|()| reader.rest.is_empty()).ok_or_else(|| {
                let at = bytes.len() - reader.rest.len();
                Error::data(format!("the bytes of a model are cut off, or damaged, at {at} of {}", bytes.len()))
            })?;
            need_learner(reader.has_learner)
        }
        _ => Err(Error::data("a model begins with \"{\", and these bytes do not")),
    }
}

fn need_learner(is_there: bool) -> Result<()> {
    match is_there {
        true => Ok(()),
        false => Err(Error::data("these bytes hold no learner")),
    }
}

/// Goes over UBJSON without keeping anything; `None` where it is none.
struct Reader<'a> {
    rest: &'a [u8],
    has_learner: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }
    fn next_is(&mut self, marker: u8) -> bool {
        let is_it = self.rest.first() == Some(&marker);
        if is_it {
            self.rest = &self.rest[1..];
        }
        is_it
    }
    /// A length: a marker of an integer and the integer, which is not negative.
    fn length(&mut self) -> Option<usize> {
        let marker = self.byte()?;
        let bytes = self.take(width(marker).filter(|_| b"iUIlL".contains(&marker))?)?;
        let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let is_negative = marker != b'U' && bytes[0] >= 0x80;
        usize::try_from(value).ok().filter(|_| !is_negative)
    }
    fn object(&mut self, depth: usize) -> Option<()> {
        while !self.next_is(b'}') {
            let length = self.length()?;
            let key = self.take(length)?;
            self.has_learner |= depth == 0 && key == b"learner";
            let marker = self.byte()?;
            self.value(marker, depth + 1)?;
        }
        Some(())
    }
    fn value(&mut self, marker: u8, depth: usize) -> Option<()> {
        match marker {
            _ if depth > DEPTH_MAX => None,
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'S' | b'H' => {
                let length = self.length()?;
                self.take(length).map(drop)
            }
            other => {
                let width = width(other)?;
                self.take(width).map(drop)
            }
        }
    }
    fn array(&mut self, depth: usize) -> Option<()> {
        let kind = if self.next_is(b'$') { Some(self.byte()?) } else { None };
        if !self.next_is(b'#') {
            while kind.is_none() && !self.next_is(b']') {
                let marker = self.byte()?;
                self.value(marker, depth + 1)?;
            }
            return kind.is_none().then_some(());
        }
        let count = self.length()?;
        match kind {
            Some(kind) => self.take(count.checked_mul(width(kind)?)?).map(drop),
            None => (0..count).try_for_each(|_| {
                let marker = self.byte()?;
                self.value(marker, depth + 1)
            }),
        }
    }
}

/// Bytes of a value that has always as many.
fn width(marker: u8) -> Option<usize> {
    match marker {
        b'Z' | b'N' | b'T' | b'F' => Some(0),
        b'i' | b'U' | b'C' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_whole_or_refused_wherever_it_is_cut() {
        let mut bytes = b"{L\0\0\0\0\0\0\0\x07learner{i\x01a[$d#L\0\0\0\0\0\0\0\x02aaaabbbbi\x01b[#i\x02i\x01Ti\x01c[i\x05Si\x01x]}".to_vec();
        bytes.extend_from_slice(b"L\0\0\0\0\0\0\0\x07version[#L\0\0\0\0\0\0\0\x03i\x03i\x02i\0}");
        need_model(&bytes).unwrap();
        (0..bytes.len()).for_each(|end| assert!(need_model(&bytes[..end]).is_err(), "cut at {end}"));
        assert!(need_model(&[bytes.as_slice(), b"}"].concat()).is_err(), "more than a model");
        let endless = [b"{i\x07learner".as_slice(), &[b'['; 5000]].concat();
        assert!(need_model(&endless).is_err());
        let huge = b"{i\x07learner[$D#L\x7f\xff\xff\xff\xff\xff\xff\xff";
        assert!(need_model(huge).is_err());
    }

    #[test]
    fn json_is_a_model_too() {
        need_model(br#"{"learner": {}, "version": [3, 0, 0]}"#).unwrap();
        for other in [&br#"{"learner": {}"#[..], b"{}", br#"{"version": []}"#, b"", b"binf"] {
            assert!(need_model(other).is_err());
        }
    }
}
