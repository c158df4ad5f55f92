//! Records of CSV files, found eight bytes at a time.
//!
//! Only what is plain is read here: values without quotes in them, quoted or not, as many in each line, UTF-8, that are
//! of their columns' types. All else, errors too, is left to Arrow's reader, which reads the part anew: see
//! [`CsvLines::rows`](super::csv::CsvLines::rows). What both read is the same, batch for batch.

use super::values::{array, is_read};
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Field, SchemaRef};
use std::io::{self, BufRead};
use std::sync::Arc;

/// What there is next in a part.
pub(super) enum Next {
    Batch(RecordBatch),
    End,
    /// What is not read here.
    Other,
}

/// The records of lines.
pub(super) struct Records<R> {
    lines: R,
    delimiter: u8,
    quote: u8,
    /// How many values a record has.
    width: usize,
    /// Bytes that were read; those before `scanned` were looked at.
    bytes: Vec<u8>,
    scanned: usize,
    /// Where the values of the records are: `width` for each record.
    values: Vec<(u32, u32)>,
    /// The columns of a batch, and where their values are in a record.
    schema: SchemaRef,
    read: Vec<usize>,
    batch_rows: usize,
}

/// How far a value has been looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Plain,
    Quotes,
    /// Behind its second quote, which is there.
    Closed(usize),
}

impl<R: BufRead> Records<R> {
    /// `None` if there are columns of types that are not read here. `schema`: of all columns of the file.
    pub(super) fn new(
        lines: R,
        (delimiter, quote): (u8, u8),
        schema: &SchemaRef,
        read: &[usize],
        batch_rows: usize,
    ) -> Option<Self> {
        let special = [b'\n', b'\r'];
        let told_apart = delimiter != quote && !special.contains(&delimiter) && !special.contains(&quote);
        let types = read.iter().all(|column| is_read(schema.field(*column).data_type()));
        Some(Self {
            lines,
            delimiter,
            quote,
            width: schema.fields().len(),
            bytes: vec![],
            scanned: 0,
            values: vec![],
            schema: Arc::new(schema.project(read).ok()?),
            read: read.to_vec(),
            batch_rows,
        })
        .filter(|_| told_apart && types)
    }

    /// Reads past the header; `false` if that is nothing for us.
    pub(super) fn skip_header(&mut self) -> io::Result<bool> {
        let found = self.find(1)?;
        // A mark of the byte order is Arrow's to skip.
        Ok(found.is_some() && !self.bytes.starts_with(b"\xef\xbb\xbf"))
    }

    /// The next records, as many as a batch has.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        Ok(match self.find(self.batch_rows)? {
            Some(0) => Next::End,
            Some(rows) => self.batch(rows).map_or(Next::Other, Next::Batch),
            None => Next::Other,
        })
    }

    /// Finds the values of the next records, `rows` if there are so many.
    fn find(&mut self, rows: usize) -> io::Result<Option<usize>> {
        self.bytes.drain(..self.scanned);
        self.scanned = 0;
        self.values.clear();
        let mut scan = Scan { rows: 0, column: 0, start: 0, within: Within::Plain, returns: 0 };
        while scan.rows < rows {
            let read = self.lines.fill_buf()?;
            let (length, is_end) = (read.len(), read.is_empty());
            self.bytes.extend_from_slice(read);
            self.lines.consume(length);
            if self.bytes.len() > u32::MAX as usize || !self.scan(&mut scan, rows) {
                return Ok(None);
            }
            if is_end {
                let end = self.bytes.len();
                let is_open = scan.column > 0 || scan.start < end;
                if scan.rows < rows && is_open && !self.found(&mut scan, end, true) {
                    return Ok(None);
                }
                break;
            }
        }
        let records = &self.bytes[..self.scanned];
        // A line ends with \n or \r\n here, and no other \r is taken for a line's end.
        let returns = records.iter().filter(|byte| **byte == b'\r').count();
        Ok(Some(scan.rows).filter(|_| returns == scan.returns))
    }

    /// Looks at the bytes that are new; `false` if there is something else than plain values.
    fn scan(&mut self, scan: &mut Scan, rows: usize) -> bool {
        let bytes = std::mem::take(&mut self.bytes);
        let (words, rest) = bytes[self.scanned..].as_chunks::<8>();
        let (newlines, delimiters, quotes) = (spread(b'\n'), spread(self.delimiter), spread(self.quote));
        let mut is_plain = true;
        let mut at = self.scanned;
        'all: {
            for word in words {
                let word = u64::from_le_bytes(*word);
                let mut hits = equal(word, newlines) | equal(word, delimiters) | equal(word, quotes);
                while hits != 0 {
                    let place = at + hits.trailing_zeros() as usize / 8;
                    hits &= hits - 1;
                    is_plain = self.hit(&bytes, scan, place);
                    if !is_plain || scan.rows == rows {
                        at = place + 1;
                        break 'all;
                    }
                }
                at += 8;
            }
            for byte in rest {
                at += 1;
                if [b'\n', self.delimiter, self.quote].contains(byte) {
                    is_plain = self.hit(&bytes, scan, at - 1);
                    if !is_plain || scan.rows == rows {
                        break 'all;
                    }
                }
            }
        }
        self.scanned = at;
        self.bytes = bytes;
        is_plain
    }

    /// A line break, delimiter or quote at `place`.
    #[inline(always)]
    fn hit(&mut self, bytes: &[u8], scan: &mut Scan, place: usize) -> bool {
        let byte = bytes[place];
        if byte == self.quote {
            scan.within = match scan.within {
                Within::Plain if place == scan.start => Within::Quotes,
                Within::Quotes => Within::Closed(place),
                _ => return false,
            };
            return true;
        }
        scan.within == Within::Quotes || value(&mut self.values, self.width, bytes, scan, place, byte == b'\n')
    }

    fn found(&mut self, scan: &mut Scan, end: usize, is_line: bool) -> bool {
        scan.within != Within::Quotes && value(&mut self.values, self.width, &self.bytes, scan, end, is_line)
    }

    /// The columns of the records that were found; `None` if a value is not of its column's type.
    fn batch(&self, rows: usize) -> Option<RecordBatch> {
        let text = std::str::from_utf8(&self.bytes[..self.scanned]).ok()?;
        let column = |(column, field): (&usize, &Arc<Field>)| {
            let places = self.values.iter().skip(*column).step_by(self.width);
            let values = places.map(|&(start, end)| &text[start as usize..end as usize]);
            array(field.data_type(), values, rows)
        };
        let columns: Option<Vec<ArrayRef>> = self.read.iter().zip(self.schema.fields()).map(column).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns?, &options).ok()
    }
}

/// Where the looking is.
struct Scan {
    /// Records that are complete.
    rows: usize,
    /// Values of the one that is not.
    column: usize,
    /// Where the value begins that is looked at.
    start: usize,
    within: Within,
    /// Line breaks of two bytes.
    returns: usize,
}

/// The value that ends at `place`, which is the last of a line or not; `false` if it, or the line, is not plain.
#[inline(always)]
fn value(
    values: &mut Vec<(u32, u32)>,
    width: usize,
    bytes: &[u8],
    scan: &mut Scan,
    place: usize,
    is_line: bool,
) -> bool {
    let (start, mut end) = (scan.start, place);
    if is_line && end > start && bytes[end - 1] == b'\r' {
        end -= 1;
        scan.returns += 1;
    }
    scan.start = place + 1;
    let found = match scan.within {
        Within::Closed(quote) if quote + 1 == end => (start + 1, quote),
        Within::Closed(_) => return false,
        // An empty line is none.
        _ if is_line && start == end && scan.column == 0 => return true,
        _ => (start, end),
    };
    scan.within = Within::Plain;
    values.push((found.0 as u32, found.1 as u32));
    scan.column += 1;
    if is_line {
        let is_whole = scan.column == width;
        scan.column = 0;
        scan.rows += 1;
        return is_whole;
    }
    true
}

/// Eight times the same byte.
fn spread(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte that is the same in both.
#[inline(always)]
fn equal(word: u64, other: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differing = word ^ other;
    !(((differing & LOW) + LOW) | differing | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::csv::ReaderBuilder;
    use datafusion::arrow::datatypes::{DataType, Schema, TimeUnit};
    use proptest::prelude::*;
    use std::io::BufReader;

    /// The batches that are read here, and whether that is all; what they are must be what Arrow reads.
    fn check(text: &str, types: &[DataType], capacity: usize, batch_rows: usize) -> (usize, bool) {
        let fields =
            types.iter().enumerate().map(|(at, data_type)| Field::new(at.to_string(), data_type.clone(), true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let read: Vec<usize> = (0..types.len()).collect();
        let mut arrow = ReaderBuilder::new(Arc::clone(&schema))
            .with_null_regex(super::super::missing::pattern().unwrap())
            .with_batch_size(batch_rows)
            .build_buffered(text.as_bytes())
            .unwrap();
        let lines = BufReader::with_capacity(capacity, text.as_bytes());
        let mut records = Records::new(lines, (b',', b'"'), &schema, &read, batch_rows).unwrap();
        let mut batches = 0;
        loop {
            match records.next().unwrap() {
                Next::Batch(batch) => assert_eq!(Some(batch), arrow.next().map(|batch| batch.unwrap()), "{text:?}"),
                Next::End => {
                    assert!(arrow.next().is_none(), "{text:?}");
                    return (batches, true);
                }
                Next::Other => return (batches, false),
            }
            batches += 1;
        }
    }

    #[test]
    fn plain_records_are_read_here_and_others_are_not() {
        use DataType::{Boolean, Date32, Float64, Int64, Utf8};
        let two = [Int64, Utf8];
        let time = [DataType::Timestamp(TimeUnit::Nanosecond, None), Date32];
        let cases: &[(&str, &[DataType], bool)] = &[
            ("", &two, true),
            ("1,a\n2,b\n3,c", &two, true),
            ("1,a\r\n2,b\r\n\r\n\n3,c\r\n", &two, true),
            ("1,\"a,b\"\n2,\"c\nd\"\n,\"\"\n", &two, true),
            ("1,\"long enough for several words of eight bytes\"\n-7,grün\n", &two, true),
            ("NA,nan\n<NA>,None\n12,Nono\n", &two, true),
            (" 1,a \n", &two, true),
            ("1.5,true\n-0.0,FALSE\ninf,\nnan,NA\n1e300,true\n", &[Float64, Boolean], true),
            ("2020-02-29T12:00:01.123456789,2020-02-29\n,\n", &time, true),
            ("1,\"a\"\"b\"\n", &two, false),
            ("1,a\"b\n", &two, false),
            ("1,\"a\"b\n", &two, false),
            ("1,\"a\n", &two, false),
            ("1,a\r2,b\n", &two, false),
            ("1,a\n2\n", &two, false),
            ("1,a\n2,b,c\n", &two, false),
            ("1,a\nx,b\n", &two, false),
            ("1.5,maybe\n", &[Float64, Boolean], false),
        ];
        for (text, types, is_read) in cases {
            for capacity in [1, 2, 7, 8, 9, 1000] {
                for batch_rows in [1, 2, 100] {
                    assert_eq!(check(text, types, capacity, batch_rows).1, *is_read, "{text:?} {capacity}");
                }
            }
        }
        assert_eq!(check("1,a\n2,b\n3,\"c\"\"\"\n", &two, 5, 1), (2, false), "what came before was handed on");
    }

    proptest! {
        #[test]
        fn what_is_read_here_is_what_arrow_reads(
            text in "[a1,\"\n\r -]{0,60}", capacity in 1_usize..20, batch_rows in 1_usize..5,
        ) {
            check(&text, &[DataType::Utf8, DataType::Utf8], capacity, batch_rows);
            check(&text, &[DataType::Utf8], capacity, batch_rows);
            check(&text, &[DataType::Int64, DataType::Float64], capacity, batch_rows);
        }
    }
}
