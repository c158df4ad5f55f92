//! Rows that wait on disk, in buckets of equal keys, and how much memory a task may take before they do.

use super::join::keys_of;
use crate::kernel::values::internal;
use datafusion::arrow::array::{Array, RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SpillFile;
use datafusion::execution::TaskContext;
use datafusion::execution::disk_manager::DiskManager;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;

/// Buckets that rows go to at once: so many files of each side are open.
const BUCKETS: usize = 16;
/// How often buckets are cut into buckets. Equal keys are never apart, so more would not help.
pub(super) const LEVELS_MAX: u32 = 4;
/// A task takes at most this share of the memory of its process.
const SHARE: usize = 8;
/// Rows, a copy of them in order, and their table.
const COPIES: usize = 3;

/// Batches from disk.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// The memory that a task has taken, and where it writes what it has no memory for.
pub(super) struct Space {
    reservation: MemoryReservation,
    most: usize,
    disk: Arc<DiskManager>,
}

impl Space {
    pub(super) fn of(context: &TaskContext) -> Self {
        let pool = context.memory_pool();
        let limit = match pool.memory_limit() {
            MemoryLimit::Finite(bytes) => bytes,
            _ => usize::MAX,
        };
        let disk = Arc::clone(&context.runtime_env().disk_manager);
        Self { reservation: MemoryConsumer::new("join").register(pool), most: limit / SHARE, disk }
    }

    /// Takes memory for so many bytes of rows, if it is there. It is taken in any case, but for the books.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let wanted = bytes * COPIES;
        self.reservation.size() + wanted <= self.most && self.reservation.try_grow(wanted).is_ok()
    }

    pub(super) fn free(&mut self) {
        self.reservation.free();
    }

    /// How many bytes of rows may be in memory at once.
    pub(super) fn most(&self) -> usize {
        self.most / COPIES
    }

    pub(super) fn disk(&self) -> &Arc<DiskManager> {
        &self.disk
    }
}

/// The bytes of a batch's own rows: it may be a slice of a larger one.
pub(super) fn bytes_of(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0)).sum()
}

/// Rows on their way to buckets.
pub(super) struct Buckets {
    writers: Vec<Writer>,
    schema: SchemaRef,
    keys: usize,
    level: u32,
}

struct Writer {
    file: Arc<dyn SpillFile>,
    writer: StreamWriter<BufWriter<File>>,
    bytes: usize,
}

impl Buckets {
    /// Buckets of rows whose keys are the last columns but one.
    pub(super) fn new(disk: &Arc<DiskManager>, schema: SchemaRef, keys: usize, level: u32) -> Result<Self> {
        let writer = |_| {
            let file = disk.create_tmp_file("a join that does not fit into memory")?;
            let writer = StreamWriter::try_new(BufWriter::new(File::create(path_of(&file)?)?), &schema)?;
            Ok(Writer { file, writer, bytes: 0 })
        };
        Ok(Self { writers: (0..BUCKETS).map(writer).collect::<Result<_>>()?, schema, keys, level })
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let (_, hashes) = keys_of(batch, self.keys)?;
        let mut rows: Vec<Vec<u32>> = vec![vec![]; BUCKETS];
        for (row, hash) in hashes.iter().enumerate() {
            rows[bucket(*hash, self.level)].push(row as u32);
        }
        for (rows, writer) in rows.into_iter().zip(&mut self.writers) {
            if !rows.is_empty() {
                let taken = take_record_batch(batch, &UInt32Array::from(rows))?;
                writer.bytes += bytes_of(&taken);
                writer.writer.write(&taken)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<Bucket>> {
        let (schema, keys, level) = (self.schema, self.keys, self.level);
        let written = self.writers.into_iter().map(|mut writer| {
            writer.writer.finish()?;
            Ok(Bucket { file: writer.file, bytes: writer.bytes, schema: Arc::clone(&schema), keys, level: level + 1 })
        });
        written.collect()
    }
}

/// The exchange before has used the lower bits of a hash, and each level uses others.
fn bucket(hash: u64, level: u32) -> usize {
    const MULTIPLIERS: [u64; LEVELS_MAX as usize] =
        [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 0xd6e8_feb8_6659_fd93];
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(MULTIPLIERS[level as usize % MULTIPLIERS.len()]);
    (mixed >> (u64::BITS - BUCKETS.ilog2())) as usize
}

fn path_of(file: &Arc<dyn SpillFile>) -> Result<&Path> {
    file.path().ok_or_else(|| internal("spill files that are no files"))
}

/// Rows on disk. Its file goes with it.
pub(super) struct Bucket {
    file: Arc<dyn SpillFile>,
    pub bytes: usize,
    pub schema: SchemaRef,
    keys: usize,
    /// How often its rows were shared out.
    pub level: u32,
}

impl Bucket {
    pub(super) fn batches(&self) -> Result<Batches> {
        let reader = StreamReader::try_new(BufReader::new(File::open(path_of(&self.file)?)?), None)?;
        Ok(Box::new(reader.map(|batch| batch.map_err(DataFusionError::from))))
    }

    pub(super) fn split(&self, disk: &Arc<DiskManager>) -> Result<Vec<Self>> {
        let mut buckets = Buckets::new(disk, Arc::clone(&self.schema), self.keys, self.level)?;
        for batch in self.batches()? {
            buckets.add(&batch?)?;
        }
        buckets.finish()
    }
}
