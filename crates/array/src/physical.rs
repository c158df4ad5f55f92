//! From stages to a physical plan: operators over small tables of chunk numbers, and exchanges between stages.

use crate::chunks::Region;
use crate::lower::{Lowered, Producer, SlotUse, Way};
use crate::operator::{Cut, Cuts, Evaluate, Given};
use phalanx_engine::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use phalanx_engine::datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};
use phalanx_engine::{Error, Location, Persisted, Plan, Result, plan, route};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The plan of one stage and of the stages that it alone reads.
///
/// # Errors
/// Only bugs of ours.
pub(crate) fn physical(lowered: &Lowered, stage: usize, label: &str) -> Result<Plan> {
    let mut builder = Builder { lowered, reading: vec![], task_bytes: 0 };
    let root = builder.stage(stage)?;
    Ok(Plan::new(label, root).reading(builder.reading).projecting(builder.task_bytes))
}

struct Builder<'a> {
    lowered: &'a Lowered,
    reading: Vec<Persisted>,
    task_bytes: u64,
}

impl Builder<'_> {
    fn stage(&mut self, stage: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let this = &self.lowered.stages[stage];
        self.task_bytes = self.task_bytes.max(this.task_bytes);
        let list = |chunks: &Vec<usize>| {
            let set = |set: Vec<usize>| set.into_iter().map(|chunk| (chunk, this.trimmed.get(&chunk))).collect();
            Evaluate::list(&this.sets(chunks).into_iter().map(set).collect::<Vec<Vec<_>>>())
        };
        let numbers = this.tasks.iter().map(list).collect::<Result<Vec<_>>>()?;
        let mut inputs = vec![plan::table(Evaluate::numbers(), &numbers)?];
        let mut given = vec![];
        for slot in &this.slots {
            given.push(Given { dtype: slot.expr.dtype(), fresh: matches!(slot.producer, Producer::Stage(_)) });
            inputs.push(self.slot(slot, &this.tasks)?);
        }
        let evaluate = Evaluate { table: this.table.clone(), chunks: this.grid.clone(), slots: given };
        plan::operator(evaluate, inputs).map_err(Into::into)
    }

    fn slot(&mut self, slot: &SlotUse, tasks: &[Vec<usize>]) -> Result<Arc<dyn ExecutionPlan>> {
        if let (Way::Read(partitions), Producer::Stored(stored)) = (&slot.way, &slot.producer) {
            self.reading.push(stored.persisted.clone());
            return read(&stored.persisted, partitions);
        }
        let (rows, grid, partitions, count) = match &slot.producer {
            Producer::Stored(stored) => {
                self.reading.push(stored.persisted.clone());
                let partitions: HashMap<usize, usize> = stored.partitions.iter().copied().enumerate().collect();
                (stored.persisted.scan()?, &slot.expr.chunks, partitions, stored.persisted.partitions())
            }
            Producer::Stage(at) => {
                let producer = &self.lowered.stages[*at];
                let numbered = producer.tasks.iter().enumerate();
                let partitions = numbered.flat_map(|(task, chunks)| chunks.iter().map(move |&chunk| (chunk, task)));
                (self.stage(*at)?, &producer.grid, partitions.collect(), producer.tasks.len())
            }
        };
        if slot.way == Way::Aligned {
            return Ok(rows);
        }
        // Cut by its consumers, or by those who have it.
        let read_by_task = match &slot.way {
            Way::Cut(partitions) => Some(partitions),
            _ => None,
        };
        let routes = route::routes(tasks.len());
        let task_of: HashMap<usize, usize> = tasks
            .iter()
            .enumerate()
            .flat_map(|(task, chunks)| chunks.iter().map(move |&chunk| (chunk, task)))
            .collect();
        // Chunks of one task that need the same part are sent it once.
        let mut seen: HashSet<(usize, Region)> = HashSet::new();
        let mut cuts: Vec<Vec<Cuts>> = vec![vec![]; if read_by_task.is_some() { tasks.len() } else { count }];
        let mut place: HashMap<(usize, usize), usize> = HashMap::new();
        let mut parts = 0;
        for (chunk, region) in &slot.demands {
            let task = task_of[chunk];
            for piece in grid.split(region) {
                if crate::node::count(&piece.absolute) == 0 || !seen.insert((task, piece.absolute.clone())) {
                    continue;
                }
                parts += 1;
                let cutter = if read_by_task.is_some() { task } else { partitions[&piece.chunk] };
                let partition = &mut cuts[cutter];
                let at = *place.entry((cutter, piece.chunk)).or_insert_with(|| {
                    partition.push(Cuts { chunk: piece.chunk, parts: vec![] });
                    partition.len() - 1
                });
                partition[at].parts.push((routes[task], piece.absolute));
            }
        }
        let table = cuts.iter().map(|cuts| Cuts::table(cuts)).collect::<Result<Vec<_>>>()?;
        let cut = Cut { dtype: slot.expr.dtype(), parts, tasks: tasks.len() };
        let table = plan::table(Cuts::schema(), &table)?;
        if let (Some(partitions), Producer::Stored(stored)) = (read_by_task, &slot.producer) {
            return Ok(plan::operator(cut, vec![read(&stored.persisted, partitions)?, table])?);
        }
        Ok(plan::exchange(plan::operator(cut, vec![rows, table])?, "route", tasks.len())?)
    }
}

/// A scan whose partition `i` reads the persisted partitions `partitions[i]`, one after the other: the engine's own
/// scan, over another table of locations.
fn read(persisted: &Persisted, partitions: &[Vec<usize>]) -> Result<Arc<dyn ExecutionPlan>> {
    let scan = persisted.scan()?;
    let schema = match scan.children().as_slice() {
        [table] => table.schema(),
        _ => return Err(Error::internal("a scan of persisted data does not read one table of locations")),
    };
    let locations = persisted.locations();
    let rows =
        partitions.iter().map(|wanted| location_rows(&schema, wanted, &locations)).collect::<Result<Vec<_>>>()?;
    Ok(replace_children_if_necessary(scan, vec![plan::table(schema, &rows)?])?)
}

fn location_rows(schema: &SchemaRef, wanted: &[usize], locations: &[Location]) -> Result<Vec<RecordBatch>> {
    let chosen = || wanted.iter().filter_map(|&partition| Some((partition, locations.get(partition)?)));
    let numbers = |value: fn(usize, &Location) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(chosen().map(|(partition, at)| value(partition, at).cast_signed())))
    };
    let text = |value: fn(&Location) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(chosen().map(|(_, at)| value(at))))
    };
    let columns = vec![
        numbers(|partition, _| partition as u64),
        text(|at| &at.worker),
        text(|at| &at.address),
        text(|at| &at.path),
        numbers(|_, at| at.rows),
        numbers(|_, at| at.bytes),
    ];
    Ok(vec![RecordBatch::try_new(Arc::clone(schema), columns)?])
}
