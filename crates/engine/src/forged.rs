//! Batches in a plan that claim to have more bytes than there are. Arrow's reader takes the memory first and looks for
//! the bytes then; where there is not so much memory, its process ends.
//!
//! Batches come in two forms: messages of a stream, behind a mark and the length of their header, and bare headers, which
//! a literal keeps apart from its bytes, and which Arrow's reader takes at the begin of an old stream. Where the plan's
//! format has them is not looked for: every byte may be the first of one, since what is hidden may be read as well.

use crate::{Error, Result};
use datafusion::arrow::ipc::{Message, RecordBatch, root_as_message};

/// Before each message of a stream, and before the length of its header.
const MARK: [u8; 4] = [0xff; 4];
/// One compressed buffer may grow to so many bytes.
const EXPANDED_BYTES_MAX: i64 = 1 << 30;

/// Refuses bytes in which a message of Arrow's streams claims to be longer than they are.
///
/// What is no message by Arrow's own check of its header is passed by: its reader refuses it, and may take as many bytes
/// for that as the header claims to have, which are less than 2 GiB.
///
/// # Errors
/// `Input`: there is such a message.
pub fn check(bytes: &[u8]) -> Result<()> {
    let mut begin = 0;
    // Every mark counts, also one within another message: what is hidden there may be read as well.
    while let Some(found) = bytes.get(begin..).and_then(|rest| rest.iter().position(|byte| *byte == MARK[0])) {
        begin += found;
        if bytes.get(begin..).is_some_and(|rest| rest.starts_with(&MARK)) && is_forged(&bytes[begin + MARK.len()..]) {
            return Err(Error::input(format!(
                "the plan has a batch at byte {begin} that claims to be longer than the plan of {} bytes",
                bytes.len()
            )));
        }
        begin += 1;
    }
    match (0..bytes.len()).find(|at| is_forged_header(bytes, *at)) {
        Some(at) => Err(Error::input(format!(
            "the plan of {} bytes has a literal at byte {at} that claims to be longer, or is compressed",
            bytes.len()
        ))),
        None => Ok(()),
    }
}

/// Of what follows a mark.
fn is_forged(rest: &[u8]) -> bool {
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return false };
    let Ok(length) = usize::try_from(i32::from_le_bytes(*length)) else { return false };
    let Some((header, body)) = rest.split_at_checked(length) else { return false };
    let Ok(message) = root_as_message(header) else { return false };
    match usize::try_from(message.bodyLength()).ok().and_then(|length| body.get(..length)) {
        Some(body) => batch_of(&message).is_some_and(|batch| expands_too_much(&batch, body)),
        None => true,
    }
}

/// Is there a header without a mark at `at`, of a batch that can't be all here, or is compressed? Who writes plans
/// compresses no literals.
fn is_forged_header(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    if !looks_like_header(rest) {
        return false;
    }
    let Ok(message) = root_as_message(rest) else { return false };
    if usize::try_from(message.bodyLength()).is_ok_and(|length| length <= rest.len()) {
        let is_marked = at.checked_sub(2 * MARK.len()).is_some_and(|mark| bytes[mark..].starts_with(&MARK));
        return !is_marked && batch_of(&message).is_some_and(|batch| batch.compression().is_some());
    }
    true
}

/// A quick look, since it is taken at each byte: a table, whose list of fields is here and has a message's type of header
/// and header.
fn looks_like_header(rest: &[u8]) -> bool {
    let number = |at: usize| Some(u16::from_le_bytes(*rest.get(at..)?.first_chunk::<2>()?));
    let looks = || {
        let table = u32::from_le_bytes(*rest.first_chunk::<4>()?) as usize;
        if table < 4 || !table.is_multiple_of(4) || table >= rest.len() {
            return None;
        }
        let back = i64::from(i32::from_le_bytes(*rest.get(table..)?.first_chunk::<4>()?));
        let fields = usize::try_from(i64::try_from(table).ok()? - back).ok()?;
        let (kind, header) = (number(fields.checked_add(6)?)?, number(fields.checked_add(8)?)?);
        let is_one = number(fields)? >= 10 && kind > 0 && header > 0;
        (is_one && (1..=5).contains(rest.get(table + usize::from(kind))?)).then_some(())
    };
    looks().is_some()
}

fn batch_of<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data())
}

/// Does a compressed buffer claim to become too large?
fn expands_too_much(batch: &RecordBatch<'_>, body: &[u8]) -> bool {
    let buffers = batch.compression().and_then(|_| batch.buffers());
    buffers.into_iter().flatten().any(|buffer| {
        let start = usize::try_from(buffer.offset()).ok();
        let claimed = start.and_then(|start| body.get(start..)?.first_chunk::<8>().copied());
        claimed.is_some_and(|claimed| buffer.length() > 0 && i64::from_le_bytes(claimed) > EXPANDED_BYTES_MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, RecordBatch as Batch};
    use datafusion::arrow::ipc::CompressionType;
    use datafusion::arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
    use std::sync::Arc;

    fn stream(compression: Option<CompressionType>) -> Vec<u8> {
        let column = Arc::new(Int64Array::from(vec![-1; 1000]));
        let batch = Batch::try_from_iter([("x", column as _)]).unwrap();
        let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
        let mut writer = StreamWriter::try_new_with_options(vec![], &batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    /// `bytes` with each of the places that hold `from` changed to `to`, one at a time.
    fn replaced(bytes: &[u8], from: i64, to: i64) -> Vec<Vec<u8>> {
        let is_there = |at: &usize| bytes[*at..].starts_with(&from.to_le_bytes());
        let changed = |at: usize| [&bytes[..at], &to.to_le_bytes(), &bytes[at + 8..]].concat();
        (0..bytes.len()).filter(is_there).map(changed).collect()
    }

    #[test]
    fn a_message_is_no_longer_than_what_holds_it() {
        for bytes in [vec![], vec![0xff; 4000], b"text \xff\xff\xff\xff".to_vec()] {
            assert!(check(&bytes).is_ok());
        }
        let plain = stream(None);
        let within = |bytes: &[u8]| [b"before\xff", bytes, b"after"].concat();
        assert!(check(&within(&plain)).is_ok());
        // The lengths of the body and of its buffer stand in the header; the first is what memory is taken for.
        for forged in [1 << 62, 1 << 30, -64] {
            let all = replaced(&plain, 8000, forged);
            assert!(all.iter().any(|bytes| check(&within(bytes)).is_err()), "{forged}");
        }
        assert!(check(&within(&plain[..plain.len() - 1000])).is_err(), "cut off");
    }

    #[test]
    fn a_compressed_buffer_grows_within_bounds() {
        let packed = stream(Some(CompressionType::LZ4_FRAME));
        assert!(check(&packed).is_ok());
        let forged = replaced(&packed, 8000, 1 << 60);
        assert!(!forged.is_empty() && forged.iter().all(|bytes| check(bytes).is_err()));
    }

    /// A literal as plans have them: its header apart from its bytes.
    fn literal(compression: Option<CompressionType>) -> Vec<u8> {
        let stream = stream(compression);
        let headers: Vec<usize> = (0..stream.len()).filter(|at| stream[*at..].starts_with(&MARK)).collect();
        let message = &stream[headers[1] + 4..];
        let (length, message) = message.split_first_chunk::<4>().unwrap();
        let (header, body) = message.split_at(i32::from_le_bytes(*length) as usize);
        // As a field of a message of the plan's format, and another one.
        let field = |number: u8, bytes: &[u8]| {
            let length = [(bytes.len() & 0x7f) as u8 | 0x80, (bytes.len() >> 7) as u8];
            [&[number << 3 | 2][..], &length, bytes].concat()
        };
        [b"before".to_vec(), field(1, header), field(2, body)].concat()
    }

    #[test]
    fn a_literal_is_not_compressed_and_no_longer_than_what_holds_it() {
        let plain = literal(None);
        assert!(check(&plain).is_ok());
        for forged in [1 << 62, 1 << 30, -64] {
            assert!(replaced(&plain, 8000, forged).iter().any(|bytes| check(bytes).is_err()), "{forged}");
        }
        for compression in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
            assert!(check(&literal(Some(compression))).is_err(), "{compression:?}");
        }
    }
}
