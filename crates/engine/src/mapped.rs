//! Rows in files that do not change once they are written: Arrow IPC streams, mapped into memory and read where they
//! lie. What is not looked at is not read from the disk.

use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamDecoder;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::error::{DataFusionError, Result};
use memmap2::Mmap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// The rows of a file, batch by batch. Batches keep the mapping alive; the file may be removed meanwhile.
#[derive(Debug)]
pub struct MappedRows {
    decoder: StreamDecoder,
    rest: Buffer,
    schema: SchemaRef,
    first: Option<RecordBatch>,
}

/// Opens a file that [`write`], or a task of a cluster, has written whole.
///
/// # Errors
/// It is gone, or holds something else.
#[expect(unsafe_code, reason = "a mapping is sound only if nobody changes the file")]
pub fn read(path: &Path) -> Result<MappedRows> {
    let file = File::open(path)?;
    // SAFETY: files of our scratch folders, which no other user can enter, are written once, whole, and then only
    // removed; what is mapped of a removed file stays.
    let mapping = unsafe { Mmap::map(&file) }?;
    let mut rest = Buffer::from(Bytes::from_owner(mapping));
    let mut decoder = StreamDecoder::new();
    let first = decoder.decode(&mut rest)?;
    let schema = decoder
        .schema()
        .ok_or_else(|| DataFusionError::Internal(format!("{} is no stream of rows", path.display())))?;
    Ok(MappedRows { decoder, rest, schema, first })
}

impl MappedRows {
    /// The schema of the rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for MappedRows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        match self.decoder.decode(&mut self.rest) {
            // Whether a batch has begun and does not end.
            Ok(None) => self.decoder.finish().err().map(|error| Err(error.into())),
            Ok(Some(batch)) => Some(Ok(batch)),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// Writes `batches`, of which there is at least one, to a new file.
///
/// # Errors
/// The disk is full, or the file can't be written.
pub fn write(path: &Path, batches: &[RecordBatch]) -> Result<()> {
    let Some(first) = batches.first() else {
        return Err(DataFusionError::Internal(String::from("a file of no rows has no schema")));
    };
    let mut writer = StreamWriter::try_new(BufWriter::new(File::create(path)?), &first.schema())?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    Ok(writer.into_inner()?.into_inner().map(drop).map_err(|error| error.into_error())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, StringArray};
    use datafusion::arrow::datatypes::Float64Type;
    use std::sync::Arc;

    fn batch(from: usize, to: usize) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values((from..to).map(|i| i as f64)));
        let names: ArrayRef =
            Arc::new(StringArray::from_iter((from..to).map(|i| (i % 3 > 0).then(|| format!("ä{i}")))));
        RecordBatch::try_from_iter_with_nullable([("x", numbers, false), ("name", names, true)]).unwrap()
    }

    #[test]
    fn rows_come_back_without_a_copy_even_when_the_file_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let batches = [batch(0, 5), batch(5, 5), batch(5, 100)];
        write(&path, &batches).unwrap();
        let rows = read(&path).unwrap();
        assert_eq!(rows.schema(), &batches[0].schema());
        std::fs::remove_file(&path).unwrap();
        let mapping = rows.rest.data_ptr();
        let read: Vec<RecordBatch> = rows.collect::<Result<_>>().unwrap();
        assert_eq!(read, batches);
        let values = read[2].column(0).as_primitive::<Float64Type>().values().inner().clone();
        assert_eq!(values.data_ptr(), mapping, "the values lie in the mapping");
    }

    #[test]
    fn a_file_that_is_cut_or_gone_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        assert!(read(&path).is_err());
        write(&path, &[batch(0, 1000)]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let rows: Result<Vec<RecordBatch>> = read(&path).and_then(Iterator::collect);
        assert!(rows.is_err(), "half a file is not half of the rows");
        std::fs::write(&path, []).unwrap();
        assert!(read(&path).is_err());
    }
}
