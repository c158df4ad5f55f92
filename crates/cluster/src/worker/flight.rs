//! The worker's data service: Ballista's, which serves the outputs of tasks; `do_put`, by which a client hands over
//! data of its own; an action by which it lets one worker take over what another one holds; and `do_exchange`, by which
//! it runs a rank of a gang.

use super::exchange;
use super::put::receive;
use super::store::WorkerStore;
use crate::data::DataName;
use crate::protocol::{ADOPT, Adopt};
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{
    Action, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, PollInfo, PutResult,
    SchemaResult, Ticket,
};
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::action::ActionType;
use ballista_executor::flight_service::BallistaFlightService;
use datafusion::arrow::array::RecordBatch;
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::{Location, datafusion};
use std::net::IpAddr;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

/// Both services in one.
pub struct DataService {
    inner: BallistaFlightService,
    store: Arc<WorkerStore>,
    /// The address of this machine that others reach.
    host: IpAddr,
}

impl DataService {
    pub fn new(store: Arc<WorkerStore>, host: IpAddr) -> Self {
        Self { inner: BallistaFlightService::new(store.folder().to_string_lossy().into_owned()), store, host }
    }
}

type Answer<T> = Result<Response<T>, Status>;

impl DataService {
    /// Takes over a file of another worker, under the same name.
    async fn adopt(&self, adopt: Adopt) -> Result<(), Status> {
        let name = DataName::parse(&adopt.path).filter(|name| !name.sorted);
        let file = name.as_ref().and_then(|name| name.file_below(self.store.folder()));
        let (Some(DataName { job, .. }), Some(file)) = (name, file) else {
            return Err(Status::invalid_argument("the path names no data of ours"));
        };
        let at = Location { worker: adopt.worker, address: adopt.address, path: adopt.path, rows: 0, bytes: 0 };
        let rows = self.store.fetch(&at).await.map_err(|error| Status::unavailable(error.to_string()))?;
        // A file without rows still has its schema.
        let none = futures::stream::iter([Ok(RecordBatch::new_empty(rows.schema()))]);
        let rows = none.chain(rows.map_err(|error| Status::unavailable(error.to_string())));
        receive(&self.store, job, file, rows).await
    }
}

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
        let name = path.and_then(|path| DataName::parse(path));
        let file = name.as_ref().and_then(|name| name.file_below(self.store.folder()));
        let (Some(DataName { job, .. }), Some(file)) = (name, file) else {
            return Err(Status::invalid_argument("the descriptor's path names no data of ours"));
        };
        let messages = futures::stream::once(async { Ok(first) }).chain(input).map_err(Into::into);
        let batches = FlightRecordBatchStream::new_from_flight_data(messages);
        let batches = batches.map_err(|error| Status::invalid_argument(error.to_string()));
        receive(&self.store, job, file, batches).await?;
        Ok(Response::new(Box::pin(futures::stream::once(async { Ok(PutResult::default()) }))))
    }

    /// Files are fetched block by block through `do_action`.
    async fn do_get(&self, _: Request<Ticket>) -> Answer<Self::DoGetStream> {
        Err(Status::unimplemented("fetch a partition with the action IO_BLOCK_TRANSPORT"))
    }
    /// Ballista makes a path of the job's name as it comes: only names that can be a job's are passed on.
    async fn do_action(&self, request: Request<Action>) -> Answer<Self::DoActionStream> {
        if request.get_ref().r#type == ADOPT {
            let adopt: Adopt = prost::Message::decode(request.get_ref().body.as_ref())
                .map_err(|_| Status::invalid_argument("the action can't be read"))?;
            self.adopt(adopt).await?;
            let done = arrow_flight::Result::default();
            return Ok(Response::new(Box::pin(futures::stream::once(async { Ok(done) }))));
        }
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
    /// A rank of a gang, as long as the client listens.
    async fn do_exchange(&self, request: Request<Streaming<FlightData>>) -> Answer<Self::DoExchangeStream> {
        let said = exchange::serve(request.into_inner(), Arc::clone(&self.store), self.host.to_string());
        Ok(Response::new(Box::pin(said)))
    }
    async fn list_actions(&self, request: Request<Empty>) -> Answer<Self::ListActionsStream> {
        self.inner.list_actions(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Pool;
    use crate::transport::{Role, Transport};
    use arrow_flight::encode::FlightDataEncoderBuilder;
    use arrow_flight::flight_service_client::FlightServiceClient;
    use arrow_flight::flight_service_server::FlightServiceServer;
    use datafusion::arrow::array::Int64Array;
    use std::process::Command;
    use std::time::Duration;
    use tokio::runtime::{Builder, Runtime};

    /// The disk is a pipe that nobody reads, and the network has one thread.
    #[test]
    fn a_slow_disk_does_not_delay_other_answers() {
        let folder = tempfile::tempdir().unwrap();
        let name = DataName { job: "s1".into(), stage: 0, partition: 0, file: Some(0), sorted: false };
        let draft = name.file_below(folder.path()).unwrap().with_extension("draft");
        std::fs::create_dir_all(draft.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(&draft).status().unwrap().success());

        let transport = Transport::loopback();
        let network = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = network.block_on(async {
            let pool = Pool::new(transport.clone());
            let store = Arc::new(WorkerStore::new("w".into(), folder.path().to_owned(), pool));
            let (incoming, address) = transport.listen("127.0.0.1:0".parse().unwrap()).unwrap();
            let service = FlightServiceServer::new(DataService::new(store, [127, 0, 0, 1].into()));
            tokio::spawn(transport.server().add_service(service).serve_with_incoming(incoming));
            address.to_string()
        });
        let client = Runtime::new().unwrap();
        let answer = client.block_on(async {
            let mut putting = FlightServiceClient::new(transport.connect(&address, Role::Worker).await.unwrap());
            let batch = RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from(vec![1])) as _)]).unwrap();
            let messages = FlightDataEncoderBuilder::new()
                .with_flight_descriptor(Some(FlightDescriptor::new_path(vec![name.to_path()])))
                .build(futures::stream::iter([Ok(batch)]))
                .map(|message| message.unwrap());
            tokio::spawn(async move { putting.do_put(messages).await.map(drop) });
            tokio::time::sleep(Duration::from_millis(200)).await; // the put is at the pipe now, or fails the test later
            let mut asking = FlightServiceClient::new(transport.connect(&address, Role::Worker).await.unwrap());
            tokio::time::timeout(Duration::from_secs(2), asking.do_get(Ticket::default())).await
        });
        client.shutdown_background();
        network.shutdown_background();
        let read = std::thread::spawn(move || std::fs::read(draft)); // so that the writer ends
        assert!(matches!(answer, Ok(Err(status)) if status.code() == tonic::Code::Unimplemented));
        drop(read);
    }
}
