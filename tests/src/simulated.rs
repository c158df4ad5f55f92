//! Workers that run nothing: they poll, and say at once, or after a while, that what they were given is done. So what a job costs is what
//! the scheduler costs.

use ballista_core::BALLISTA_PROTOCOL_VERSION;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use futures::StreamExt;
use phalanx_cluster::protocol::service::control_client::ControlClient;
use phalanx_cluster::protocol::{Beat, Hello};
use phalanx_cluster::transport::MESSAGE_BYTES_MAX;
use phalanx_cluster::{Role, SchedulerAddress, Transport};
use phalanx_engine::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tonic::transport::Channel;

/// Workers that share a connection.
const WORKERS_PER_CONNECTION: usize = 20;
/// How often an idle one polls.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Starts `count` workers of one core, which work until the runtime ends; each task takes `task`.
///
/// # Errors
/// The scheduler is not there.
pub fn start(runtime: &Runtime, scheduler: &SchedulerAddress, count: usize, task: Duration) -> Result<()> {
    let mut channel = None;
    for number in 0..count {
        if number % WORKERS_PER_CONNECTION == 0 {
            let connecting = async { Transport::loopback().connect(scheduler.authority(), Role::Scheduler).await };
            channel = Some(runtime.block_on(connecting)?);
        }
        if let Some(channel) = channel.clone() {
            runtime.spawn(async move {
                if let Err(error) = work(number, channel, task).await {
                    tracing::error!(number, %error, "a simulated worker ended");
                }
            });
        }
    }
    Ok(())
}

async fn work(number: usize, channel: Channel, task: Duration) -> Result<()> {
    let failed = |status: tonic::Status| Error::cluster("a simulated worker").caused_by(&status);
    let id = format!("simulated{number}");
    let first = Beat {
        hello: Some(Hello::ours(&id)),
        address: String::from("127.0.0.1:1"),
        cores: 1,
        memory_bytes: 1 << 40,
        ..Beat::default()
    };
    let beats = futures::stream::once(async { first }).chain(futures::stream::pending());
    let mut commands = ControlClient::new(channel.clone()).attach(beats).await.map_err(failed)?.into_inner();
    // Read at once, as a worker does: a stream that nobody reads fills its connection.
    let wake = Arc::new(Notify::new());
    let woken = Arc::clone(&wake);
    tokio::spawn(async move {
        while let Ok(Some(command)) = commands.message().await {
            if command.wake {
                wake.notify_one();
            }
        }
    });
    let mut scheduler = SchedulerGrpcClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let mut done = vec![];
    loop {
        let request = pb::PollWorkParams {
            metadata: Some(registration(&id)),
            num_free_vcores: 1,
            task_status: std::mem::take(&mut done),
        };
        let tasks = scheduler.poll_work(request).await.map_err(failed)?.into_inner().tasks;
        if tasks.is_empty() {
            // Woken, or after a while: a poll is also a sign of life.
            let _either = tokio::time::timeout(POLL_INTERVAL, woken.notified()).await;
        }
        if !tasks.is_empty() && !task.is_zero() {
            tokio::time::sleep(task).await;
        }
        done.extend(tasks.into_iter().map(|task| succeeded(task, &id)));
    }
}

fn succeeded(task: pb::TaskDefinition, worker: &str) -> pb::TaskStatus {
    let partition = |number: &u32| pb::ShuffleWritePartition {
        partition_id: u64::from(*number),
        num_batches: 1,
        num_rows: 1,
        num_bytes: 8,
        file_id: Some(u64::from(task.task_id)),
        is_sort_shuffle: false,
    };
    let partitions = task.global_output_partition_ids.iter().map(partition).collect();
    let success = pb::SuccessfulTask { executor_id: worker.to_owned(), partitions, ..pb::SuccessfulTask::default() };
    pb::TaskStatus {
        task_id: task.task_id,
        job_id: task.job_id,
        stage_id: task.stage_id,
        stage_attempt_num: task.stage_attempt_num,
        launch_time: task.launch_time,
        start_exec_time: task.launch_time,
        end_exec_time: task.launch_time,
        metrics: vec![],
        status: Some(pb::task_status::Status::Successful(success)),
    }
}

fn registration(id: &str) -> pb::ExecutorRegistration {
    let core = pb::ExecutorResource { resource: Some(pb::executor_resource::Resource::Vcores(1)) };
    pb::ExecutorRegistration {
        id: id.to_owned(),
        host: Some(String::from("127.0.0.1")),
        port: 1,
        grpc_port: 1,
        specification: Some(pb::ExecutorSpecification { resources: vec![core] }),
        os_info: Some(pb::ExecutorOperatingSystemSpecification::default()),
        ballista_protocol_version: BALLISTA_PROTOCOL_VERSION,
    }
}
