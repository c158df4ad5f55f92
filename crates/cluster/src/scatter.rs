//! The client's own data on the workers: written by `do_put`, partition after partition, round the workers.

use crate::data::{DataName, Pool};
use crate::protocol::{HeldPart, Scattered};
use crate::session::Session;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{FlightDescriptor, error::FlightError};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use phalanx_engine::{Error, Location, Persisted, Result, WorkerDescription, datafusion};
use std::sync::Arc;

/// Partitions on their way at once.
const PUTS_MAX: usize = 4;

/// Writes `partitions` to the workers in turn. Scattered data has no lineage: when its worker dies it is lost, and
/// jobs that read it say so.
pub async fn scatter(
    session: &Arc<Session>,
    pool: &Pool,
    label: &str,
    schema: SchemaRef,
    partitions: Vec<Vec<RecordBatch>>,
) -> Result<Persisted> {
    session.need_workers().await?;
    let workers: Vec<_> = session.describe().await?.workers.into_iter().filter(|worker| !worker.is_leaving).collect();
    if workers.is_empty() {
        return Err(Error::cluster("the workers left before the data was scattered"));
    }
    let job = format!("s{}", uuid::Uuid::new_v4().simple());
    let bytes = phalanx_engine::memory::bytes_of(partitions.iter().flatten());
    session.owns(&job, bytes).await?;
    session.holds(&job, &job, Some(0));
    let puts = partitions.into_iter().enumerate().map(|(partition, batches)| {
        let name = DataName { job: job.clone(), stage: 0, partition, file: Some(0), sorted: false };
        put(pool, &workers[partition % workers.len()], name, Arc::clone(&schema), batches)
    });
    let locations = futures::stream::iter(puts).buffered(PUTS_MAX).try_collect::<Vec<_>>().await;
    let owner = Arc::clone(session);
    let release = Box::new(move |handle: &str| owner.release(handle));
    match locations {
        Ok(locations) => {
            let held = locations.iter().filter(|place| place.rows > 0);
            let parts =
                held.map(|place| HeldPart { worker: place.worker.clone(), rows: place.rows, bytes: place.bytes });
            let parts = parts.collect();
            let told = Scattered { data: job.clone(), label: label.to_owned(), parts, ..Scattered::default() };
            session.tell_of(told).await;
            let data = Persisted::new(job, schema, locations, None, release);
            session.watches(&data);
            Ok(data)
        }
        Err(error) => {
            session.release(&job);
            Err(error)
        }
    }
}

async fn put(
    pool: &Pool,
    worker: &WorkerDescription,
    name: DataName,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
) -> Result<Location> {
    let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
    if rows == 0 {
        return Ok(Location::default());
    }
    let bytes = phalanx_engine::memory::bytes_of(&batches);
    let path = name.to_path();
    let failed = |cause: &(dyn std::error::Error + 'static)| {
        Error::cluster(format!("worker {} does not take partition {}", worker.id, name.partition)).caused_by(cause)
    };
    let broken = Arc::new(Mutex::new(None));
    let mut client = FlightServiceClient::new(pool.channel(&worker.address).await?);
    if let Some(other) = batches.iter().map(RecordBatch::schema).find(|other| *other != schema) {
        return Err(Error::input(format!("a batch of partition {} has schema {other}, not {schema}", name.partition)));
    }
    let messages = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_dictionary_handling(DictionaryHandling::Resend)
        .with_flight_descriptor(Some(FlightDescriptor::new_path(vec![path.clone()])))
        .build(futures::stream::iter(batches.into_iter().map(Ok::<_, FlightError>)))
        .scan(Arc::clone(&broken), |broken, message| {
            let sent = message.map_err(|error| *broken.lock() = Some(error)).ok();
            std::future::ready(sent) // an error ends the stream; it is looked for below
        });
    let failed = |status: tonic::Status| {
        Error::from_wire(status.message()).unwrap_or_else(|| failed(&status)) // a full disk says what to do
    };
    let answer = client.do_put(messages).await.map_err(failed)?;
    answer.into_inner().try_for_each(|_| async { Ok(()) }).await.map_err(failed)?;
    if let Some(error) = broken.lock().take() {
        return Err(Error::internal(format!("partition {} can't be written", name.partition)).caused_by(&error));
    }
    Ok(Location { worker: worker.id.clone(), address: worker.address.clone(), path, rows, bytes })
}
