//! What Ballista's scheduler calls on a worker: only that tasks are to end. Work is polled for, not pushed.

use super::poll::Runner;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::executor_grpc_server::ExecutorGrpc;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service, beside the data service on the same port.
pub struct CancelService(pub Arc<Runner>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ExecutorGrpc for CancelService {
    async fn cancel_tasks(&self, request: Request<pb::CancelTasksParams>) -> Answer<pb::CancelTasksResult> {
        for task in request.into_inner().task_infos {
            self.0.cancel_task(&task.job_id, task.stage_id as usize, task.task_id as usize);
        }
        Ok(Response::new(pb::CancelTasksResult { cancelled: true }))
    }
    async fn launch_task(&self, _: Request<pb::LaunchTaskParams>) -> Answer<pb::LaunchTaskResult> {
        not_served()
    }
    async fn launch_multi_task(&self, _: Request<pb::LaunchMultiTaskParams>) -> Answer<pb::LaunchMultiTaskResult> {
        not_served()
    }
    async fn stop_executor(&self, _: Request<pb::StopExecutorParams>) -> Answer<pb::StopExecutorResult> {
        not_served()
    }
    async fn remove_job_data(&self, _: Request<pb::RemoveJobDataParams>) -> Answer<pb::RemoveJobDataResult> {
        not_served()
    }
}

fn not_served<T>() -> Answer<T> {
    Err(Status::unimplemented("a worker of Phalanx polls for work, and frees data when its control stream says so"))
}
