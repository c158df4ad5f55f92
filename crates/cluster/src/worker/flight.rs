//! The worker's data service: Ballista's, which serves the outputs of tasks, and `do_put`, by which a client hands
//! over data of its own.

use super::store::WorkerStore;
use crate::data::DataName;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{
    Action, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, PollInfo, PutResult,
    SchemaResult, Ticket,
};
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::action::ActionType;
use ballista_executor::flight_service::BallistaFlightService;
use datafusion::arrow::ipc::writer::StreamWriter;
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::datafusion;
use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

/// Both services in one.
pub struct DataService {
    inner: BallistaFlightService,
    store: Arc<WorkerStore>,
}

impl DataService {
    pub fn new(store: Arc<WorkerStore>) -> Self {
        Self { inner: BallistaFlightService::new(store.folder().to_string_lossy().into_owned()), store }
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl FlightService for DataService {
    type DoActionStream = <BallistaFlightService as FlightService>::DoActionStream;
    type DoExchangeStream = <BallistaFlightService as FlightService>::DoExchangeStream;
    type DoGetStream = <BallistaFlightService as FlightService>::DoGetStream;
    type DoPutStream = <BallistaFlightService as FlightService>::DoPutStream;
    type HandshakeStream = <BallistaFlightService as FlightService>::HandshakeStream;
    type ListActionsStream = <BallistaFlightService as FlightService>::ListActionsStream;
    type ListFlightsStream = <BallistaFlightService as FlightService>::ListFlightsStream;

    /// Writes the batches under the name in the descriptor's path, whole or not at all.
    async fn do_put(&self, request: Request<Streaming<FlightData>>) -> Answer<Self::DoPutStream> {
        let mut input = request.into_inner();
        let first = input.message().await?.ok_or_else(|| Status::invalid_argument("no data"))?;
        let path = first.flight_descriptor.as_ref().and_then(|descriptor| descriptor.path.first());
        let file = path
            .and_then(|path| DataName::parse(path))
            .and_then(|name| name.file_below(self.store.folder()))
            .ok_or_else(|| Status::invalid_argument("the descriptor's path names no data of ours"))?;
        let draft = file.with_extension("draft");
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let messages = futures::stream::once(async { Ok(first) }).chain(input).map_err(Into::into);
        let mut batches = FlightRecordBatchStream::new_from_flight_data(messages);
        let mut writer = None;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| Status::invalid_argument(error.to_string()))?;
            if writer.is_none() {
                let output = BufWriter::new(File::create(&draft)?);
                writer = Some(StreamWriter::try_new(output, &batch.schema()).map_err(internal)?);
            }
            if let Some(writer) = &mut writer {
                writer.write(&batch).map_err(internal)?;
            }
        }
        let mut writer = writer.ok_or_else(|| Status::invalid_argument("no batch"))?;
        writer.finish().map_err(internal)?;
        drop(writer);
        std::fs::rename(&draft, &file)?;
        Ok(Response::new(Box::pin(futures::stream::once(async { Ok(PutResult::default()) }))))
    }

    /// Files are fetched block by block through `do_action`.
    async fn do_get(&self, _: Request<Ticket>) -> Answer<Self::DoGetStream> {
        Err(Status::unimplemented("fetch a partition with the action IO_BLOCK_TRANSPORT"))
    }
    /// Ballista makes a path of the job's name as it comes: only names that can be a job's are passed on.
    async fn do_action(&self, request: Request<Action>) -> Answer<Self::DoActionStream> {
        let action: pb::Action = prost::Message::decode(request.get_ref().body.as_ref())
            .map_err(|_| Status::invalid_argument("the action can't be read"))?;
        let is_safe = match action.action_type {
            Some(ActionType::FetchPartition(fetch)) => DataName::is_job(&fetch.job_id),
            _ => false,
        };
        if !is_safe {
            return Err(Status::invalid_argument("the action names no data of ours"));
        }
        self.inner.do_action(request).await
    }
    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Answer<SchemaResult> {
        self.inner.get_schema(request).await
    }
    async fn get_flight_info(&self, request: Request<FlightDescriptor>) -> Answer<FlightInfo> {
        self.inner.get_flight_info(request).await
    }
    async fn poll_flight_info(&self, request: Request<FlightDescriptor>) -> Answer<PollInfo> {
        self.inner.poll_flight_info(request).await
    }
    async fn handshake(&self, request: Request<Streaming<HandshakeRequest>>) -> Answer<Self::HandshakeStream> {
        self.inner.handshake(request).await
    }
    async fn list_flights(&self, request: Request<Criteria>) -> Answer<Self::ListFlightsStream> {
        self.inner.list_flights(request).await
    }
    async fn do_exchange(&self, request: Request<Streaming<FlightData>>) -> Answer<Self::DoExchangeStream> {
        self.inner.do_exchange(request).await
    }
    async fn list_actions(&self, request: Request<Empty>) -> Answer<Self::ListActionsStream> {
        self.inner.list_actions(request).await
    }
}

fn internal(error: datafusion::arrow::error::ArrowError) -> Status {
    Status::internal(error.to_string())
}
