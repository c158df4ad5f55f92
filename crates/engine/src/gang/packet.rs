//! What crosses the pipes and streams between a rank and its caller: packets of a kind, a length and a body.

use crate::{Error, Result};
use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, Read, Write};

/// What a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// To a rank, first, and again when it is done and stays: what it is to do.
    Start = 1,
    /// To a rank: rows of an input.
    Rows = 2,
    /// To a rank: these were all rows.
    Fed = 3,
    /// Either way: a message of the program's own.
    Message = 4,
    /// From a rank: it has done its work. The last word, unless it stays.
    Done = 5,
    /// From a rank, last: it failed, and why.
    Failed = 6,
    /// From who holds a rank, last: it is gone, and why.
    Lost = 7,
    /// From a rank: which of its inputs it wants, as numbers of four bytes.
    Feed = 8,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        use Kind::{Done, Failed, Fed, Feed, Lost, Message, Rows, Start};
        [Start, Rows, Fed, Message, Done, Failed, Lost, Feed].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it says.
    pub kind: Kind,
    /// With which words.
    pub body: Bytes,
}

/// Bytes of a kind and a length.
pub const HEAD_BYTES: usize = 9;
/// A longer body is no packet of ours.
const BODY_BYTES_MAX: u64 = 1 << 36;

/// The head of a packet.
pub fn head(kind: Kind, body_bytes: usize) -> [u8; HEAD_BYTES] {
    let mut head = [kind as u8; HEAD_BYTES];
    head[1..].copy_from_slice(&(body_bytes as u64).to_le_bytes());
    head
}

/// The kind and the length of the body.
///
/// # Errors
/// `Internal`: this is no head of a packet.
pub fn parse_head(head: [u8; HEAD_BYTES]) -> Result<(Kind, usize)> {
    let mut length = [0; 8];
    length.copy_from_slice(&head[1..]);
    let length = u64::from_le_bytes(length);
    match Kind::of(head[0]) {
        Some(kind) if length <= BODY_BYTES_MAX => Ok((kind, length as usize)),
        _ => Err(Error::internal(format!("a packet of kind {} and {length} bytes", head[0]))),
    }
}

/// Writes a packet.
///
/// # Errors
/// The writer's.
pub fn write(output: &mut impl Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    output.write_all(&head(kind, body.len()))?;
    output.write_all(body)?;
    output.flush()
}

/// Reads a packet; `None` at the end.
///
/// # Errors
/// The reader's, or it is no packet of ours.
pub fn read(input: &mut impl Read) -> Result<Option<Packet>> {
    let unreadable = |error: io::Error| Error::internal("a packet can't be read").caused_by(&error);
    let mut head = [0; HEAD_BYTES];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(unreadable)?,
    }
    let (kind, length) = parse_head(head)?;
    let mut body = vec![0; length];
    input.read_exact(&mut body).map_err(unreadable)?;
    Ok(Some(Packet { kind, body: body.into() }))
}

/// Puts packets together from bytes that come in any pieces.
#[derive(Debug, Default)]
pub struct Assembler(BytesMut);

impl Assembler {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    /// The next packet, if all of it is there.
    ///
    /// # Errors
    /// `Internal`: these are no packets.
    pub fn whole(&mut self) -> Result<Option<Packet>> {
        let Some(start) = self.0.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let (kind, length) = parse_head(*start)?;
        if self.0.len() < HEAD_BYTES + length {
            return Ok(None);
        }
        self.0.advance(HEAD_BYTES);
        Ok(Some(Packet { kind, body: self.0.split_to(length).freeze() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_survive_any_cut() {
        let mut bytes = vec![];
        write(&mut bytes, Kind::Start, b"start").unwrap();
        write(&mut bytes, Kind::Fed, b"").unwrap();
        write(&mut bytes, Kind::Message, &[7; 1000]).unwrap();
        for size in [1, 3, 9, 10, 64, 5000] {
            let mut assembler = Assembler::default();
            let mut packets = vec![];
            for start in (0..bytes.len()).step_by(size) {
                assembler.push(&bytes[start..bytes.len().min(start + size)]);
                while let Some(packet) = assembler.whole().unwrap() {
                    packets.push((packet.kind, packet.body.len()));
                }
            }
            assert_eq!(packets, [(Kind::Start, 5), (Kind::Fed, 0), (Kind::Message, 1000)]);
        }
        let mut input = bytes.as_slice();
        assert_eq!(read(&mut input).unwrap().unwrap().body.as_ref(), b"start");
        assert!(read(&mut [0_u8; 9].as_slice()).is_err(), "no kind");
        assert!(read(&mut [].as_slice()).unwrap().is_none());
    }
}
