//! Rows that wait on disk, in buckets of equal keys or in their order, and how much memory a task may take before they
//! do.

use super::keys::hashes;
use crate::kernel::values::internal;
use datafusion::arrow::array::{Array, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
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
/// Rows that are shared out at once, or as many as are so many bytes.
const PENDING_ROWS: usize = 8192;
const PENDING_BYTES: usize = 1 << 20;
/// How often buckets are cut into buckets. Equal keys are never apart, so more would not help.
pub(super) const LEVELS_MAX: u32 = 4;
/// A task takes at most this share of the memory of its process.
const SHARE: usize = 8;

/// Batches from disk.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// The memory that a task has taken, and where it writes what it has no memory for.
pub(super) struct Space {
    reservation: MemoryReservation,
    most: usize,
    /// What rows take while they are worked on, of what they take by themselves.
    copies: usize,
    disk: Arc<DiskManager>,
}

impl Space {
    pub(super) fn of(context: &TaskContext, name: &str, copies: usize) -> Self {
        let pool = context.memory_pool();
        let limit = match pool.memory_limit() {
            MemoryLimit::Finite(bytes) => bytes,
            _ => usize::MAX,
        };
        let disk = Arc::clone(&context.runtime_env().disk_manager);
        let reservation = MemoryConsumer::new(name).with_can_spill(true).register(pool);
        Self { reservation, most: limit / SHARE, copies, disk }
    }

    /// Takes memory for so many bytes of rows, if it is there. It is taken in any case, but for the books.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let wanted = bytes * self.copies;
        self.reservation.size() + wanted <= self.most && self.reservation.try_grow(wanted).is_ok()
    }

    pub(super) fn free(&mut self) {
        self.reservation.free();
    }

    /// How many bytes of rows may be in memory at once.
    pub(super) fn most(&self) -> usize {
        self.most / self.copies
    }

    pub(super) fn disk(&self) -> &Arc<DiskManager> {
        &self.disk
    }
}

/// Rows that wait in their order: in memory, or on disk if there are too many of them.
pub(super) struct Waiting {
    space: Space,
    schema: SchemaRef,
    rows: Vec<RecordBatch>,
    writer: Option<Writer>,
}

impl Waiting {
    pub(super) fn new(space: Space, schema: SchemaRef) -> Self {
        Self { space, schema, rows: vec![], writer: None }
    }

    pub(super) fn add(&mut self, batch: RecordBatch) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            return writer.add(&batch);
        }
        let fits = self.space.take(bytes_of(&batch));
        self.rows.push(batch);
        if !fits {
            let mut writer = Writer::new(self.space.disk(), &self.schema)?;
            self.rows.drain(..).try_for_each(|batch| writer.add(&batch))?;
            self.space.free();
            self.writer = Some(writer);
        }
        Ok(())
    }

    /// All of them.
    pub(super) fn finish(self) -> Result<Batches> {
        match self.writer {
            None => {
                let (space, rows) = (self.space, self.rows);
                Ok(Box::new(rows.into_iter().map(move |batch| {
                    let _held = &space;
                    Ok(batch)
                })))
            }
            Some(writer) => batches_of(&writer.finish()?),
        }
    }
}

/// The bytes of a batch's own rows: it may be a slice of a larger one.
pub(super) fn bytes_of(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0)).sum()
}

/// Rows on their way to buckets.
pub(super) struct Buckets {
    writers: Vec<Writer>,
    /// Rows that are to be shared out: together, since a bucket's part of a few is less than what is written about it.
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    pending_bytes: usize,
    schema: SchemaRef,
    keys: usize,
    level: u32,
}

struct Writer {
    file: Arc<dyn SpillFile>,
    writer: StreamWriter<BufWriter<File>>,
    bytes: usize,
}

impl Writer {
    fn new(disk: &Arc<DiskManager>, schema: &SchemaRef) -> Result<Self> {
        let file = disk.create_tmp_file("rows that do not fit into memory")?;
        let writer = StreamWriter::try_new(BufWriter::new(File::create(path_of(&file)?)?), schema)?;
        Ok(Self { file, writer, bytes: 0 })
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.bytes += bytes_of(batch);
        Ok(self.writer.write(batch)?)
    }

    fn finish(mut self) -> Result<Arc<dyn SpillFile>> {
        self.writer.finish()?;
        Ok(self.file)
    }
}

impl Buckets {
    /// Buckets of rows whose keys are the last columns but one.
    pub(super) fn new(disk: &Arc<DiskManager>, schema: SchemaRef, keys: usize, level: u32) -> Result<Self> {
        let writers = (0..BUCKETS).map(|_| Writer::new(disk, &schema)).collect::<Result<_>>()?;
        Ok(Self { writers, pending: vec![], pending_rows: 0, pending_bytes: 0, schema, keys, level })
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.pending_rows += batch.num_rows();
        self.pending_bytes += bytes_of(batch);
        self.pending.push(batch.clone());
        let is_enough = self.pending_rows >= PENDING_ROWS || self.pending_bytes >= PENDING_BYTES;
        if is_enough { self.share_out() } else { Ok(()) }
    }

    fn share_out(&mut self) -> Result<()> {
        (self.pending_rows, self.pending_bytes) = (0, 0);
        let batch = &concat_batches(&self.schema, &std::mem::take(&mut self.pending))?;
        let hashes = hashes(batch, self.keys)?;
        let mut rows: Vec<Vec<u32>> = vec![vec![]; BUCKETS];
        for (row, hash) in hashes.iter().enumerate() {
            rows[bucket(*hash, self.level)].push(row as u32);
        }
        for (rows, writer) in rows.into_iter().zip(&mut self.writers) {
            if !rows.is_empty() {
                writer.add(&take_record_batch(batch, &UInt32Array::from(rows))?)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<Bucket>> {
        self.share_out()?;
        let (schema, keys, level) = (self.schema, self.keys, self.level);
        let written = self.writers.into_iter().map(|writer| {
            let bytes = writer.bytes;
            Ok(Bucket { file: writer.finish()?, bytes, schema: Arc::clone(&schema), keys, level: level + 1 })
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

/// The batches of a file, which stays as long as they do.
fn batches_of(file: &Arc<dyn SpillFile>) -> Result<Batches> {
    let reader = StreamReader::try_new(BufReader::new(File::open(path_of(file)?)?), None)?;
    let file = Arc::clone(file);
    Ok(Box::new(reader.map(move |batch| {
        let _stays = &file;
        batch.map_err(DataFusionError::from)
    })))
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
        batches_of(&self.file)
    }

    pub(super) fn split(&self, disk: &Arc<DiskManager>) -> Result<Vec<Self>> {
        let mut buckets = Buckets::new(disk, Arc::clone(&self.schema), self.keys, self.level)?;
        for batch in self.batches()? {
            buckets.add(&batch?)?;
        }
        buckets.finish()
    }
}
