//! What comes from outside is decoded without a panic, in bounded time and memory, whatever it is: seeded mutations of
//! what is right, and inputs in `tests/corpus/` that once were found wrong. `FUZZ_RUNS=1000000 FUZZ_SEED=7` looks
//! further.

use crate::engines::trial;
use crate::memory::COUNTED;
use crate::own::Own;
use crate::spine::counted;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use datafusion::prelude::SessionContext;
use libtest_mimic::Trial;
use phalanx_cluster::codec;
use phalanx_cluster::data::DataName;
use phalanx_cluster::protocol::service::control_client::ControlClient;
use phalanx_cluster::protocol::{
    Adopt, Beat, Command, Freed, GangRequest, Hello, JobName, Json, Saved, Update, Workers,
};
use phalanx_cluster::transport::Authority;
use phalanx_cluster::transport::credentials::Bundle;
use phalanx_cluster::{Role, SchedulerAddress, Transport};
use phalanx_engine::caught::caught;
use phalanx_engine::paths::AllowedPaths;
use phalanx_engine::{Engine, Error, LocalEngine, Plan, SavedPlan, Settings, datafusion, plan};
use phalanx_tests::jobs::{Random, SHAPES, job, leaf};
use phalanx_tests::pass::TestPass;
use prost::Message;
use std::path::Path;
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("fuzz::plans", plans),
        trial("fuzz::messages", messages),
        trial("fuzz::credentials", credentials),
        trial("fuzz::names_addresses_and_errors", names_addresses_and_errors),
        trial("fuzz::saved_plans", saved_plans),
        trial("fuzz::a_scheduler_survives_what_is_no_plan", a_scheduler_survives_what_is_no_plan),
    ]
}

/// One input may take no longer, and no more memory: Arrow's reader of the batches in a plan takes as many bytes as the
/// header of a message claims to have, which are up to 2 GiB, before it sees that they are not there.
const TIME_MAX: Duration = Duration::from_secs(30);
const MEMORY_MAX: usize = (2 << 30) + (256 << 20);

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The same in every run, so that nobody's change fails for what another one left.
fn seed() -> u64 {
    given("FUZZ_SEED").unwrap_or(1)
}

/// Bytes at which decoders are wrong: ends of ranges, and lengths that nothing has.
const INTERESTING: [&[u8]; 7] = [
    &[0],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
];

fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let pick = |random: &mut Random| &seeds[random.range(0, seeds.len() as u64) as usize];
    let mut bytes = pick(random).clone();
    for _ in 0..random.range(1, 8) {
        let at = random.range(0, bytes.len() as u64 + 1) as usize;
        let end = (at + random.range(1, 32) as usize).min(bytes.len());
        match random.range(0, 7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.range(0, 8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => bytes.truncate(at),
            4 => {
                let other = pick(random);
                let from = random.range(0, other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            5 => {
                let noise: Vec<u8> = (0..random.range(1, 16)).map(|_| random.draw() as u8).collect();
                bytes.splice(at..at, noise);
            }
            _ => {
                let put = INTERESTING[random.range(0, INTERESTING.len() as u64) as usize];
                let end = (at + put.len()).min(bytes.len());
                bytes.splice(at..end, put.iter().copied());
            }
        }
    }
    bytes
}

/// Decodes the corpus `name`, the seeds, and `runs` mutations of them.
fn check(name: &str, seeds: &[Vec<u8>], runs: u64, decode: impl Fn(&[u8])) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let files = std::fs::read_dir(&kept).into_iter().flatten().flatten();
    let corpus: Vec<Vec<u8>> = files.map(|file| std::fs::read(file.path()).unwrap()).collect();
    let seed = seed();
    let mut random = Random(seed);
    let runs = given("FUZZ_RUNS").unwrap_or(runs);
    let mutants = (0..runs).map(|_| mutated(&mut random, seeds));
    let mut wrong = None;
    for input in corpus.iter().chain(seeds).cloned().chain(mutants) {
        let idle = COUNTED.current_usage();
        COUNTED.reset_peak_usage();
        let began = Instant::now();
        let ended = caught(|| decode(&input));
        let took = COUNTED.peak_usage().saturating_sub(idle);
        if ended.is_err() || began.elapsed() > TIME_MAX || took > MEMORY_MAX {
            wrong = Some((input, ended, began.elapsed(), took));
            break;
        }
    }
    if let Some((input, ended, time, bytes)) = wrong {
        let path = std::env::temp_dir().join(format!("{name}-{seed}"));
        std::fs::write(&path, input).unwrap();
        panic!(
            "{name}, seed {seed}: {ended:?}, {time:?}, {bytes} bytes. Mend it, and keep {} in {}",
            path.display(),
            kept.display()
        );
    }
}

fn encoded_plans() -> Vec<Vec<u8>> {
    let mut roots: Vec<_> =
        SHAPES.map(|shape| job(&leaf(24).unwrap(), 24, shape, 0, 1).unwrap().plan.root().clone()).into();
    let local = LocalEngine::new(Settings::default()).unwrap();
    let data = local.persist(Plan::new("data", counted(2).0)).wait().unwrap();
    roots.push(data.scan().unwrap());
    roots.push(plan::operator(TestPass::default(), vec![counted(3).0]).unwrap());
    roots.into_iter().map(|root| codec::engine().encode(root).unwrap()).collect()
}

fn plans() {
    let context = SessionContext::new().task_ctx();
    check("plans", &encoded_plans(), 3_000, |bytes| drop(codec::engine().decode(bytes, &context)));
}

fn messages() {
    fn of<M: Message + Default>(message: M) -> (Vec<u8>, fn(&[u8])) {
        (message.encode_to_vec(), |bytes| drop(M::decode(bytes)))
    }
    let text = || String::from("w0123456789");
    let freed = Freed { job: text(), keep_stage: Some(3), session: text() };
    let hello = Hello::ours("w0");
    let beat = Beat { hello: Some(hello.clone()), address: text(), cores: 4, ..Beat::default() };
    let command = Command { cancel: vec![text()], free: vec![freed.clone()], ..Command::default() };
    let all = [
        of(hello),
        of(beat),
        of(command),
        of(freed),
        of(Update { workers: 3, jobs: text(), leaving: vec![text()], ..Update::default() }),
        of(Workers { session: text(), workers: vec![text(), text()] }),
        of(Adopt { worker: text(), address: text(), path: text() }),
        of(JobName { job: text(), session: text(), bytes: u64::MAX }),
        of(GangRequest { ranks: 2, threads: 4, one_host: true, on_gpus: true }),
        of(Json { text: text() }),
        of(Saved { label: text(), plan: vec![1, 2, 3] }),
    ];
    let seeds: Vec<Vec<u8>> = all.iter().map(|(bytes, _)| bytes.clone()).collect();
    check("messages", &seeds, 5_000, |bytes| all.iter().for_each(|(_, decode)| decode(bytes)));
}

fn credentials() {
    let authority = Authority::new().unwrap();
    let seeds: Vec<Vec<u8>> =
        Role::ALL.map(|role| authority.sign(role, chrono::TimeDelta::days(1)).unwrap().into_bytes()).into();
    check("credentials", &seeds, 2_000, |bytes| drop(Bundle::parse(&String::from_utf8_lossy(bytes))));
}

fn names_addresses_and_errors() {
    let name = DataName { job: String::from("j1"), stage: 3, partition: 4, file: Some(5), sorted: false };
    let error = Error::lost("c1", 3, "gone").with_hint("again").to_wire();
    let seeds = [name.to_path(), String::from("tcp://127.0.0.1:8786"), error, String::from("/data/*/[a-z].parquet")];
    let seeds: Vec<Vec<u8>> = seeds.into_iter().map(String::into_bytes).collect();
    check("names", &seeds, 20_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(file) = DataName::parse(&text).and_then(|name| name.file_below(Path::new("/scratch/w"))) {
            let leaves = file.components().any(|part| part == std::path::Component::ParentDir);
            assert!(file.starts_with("/scratch/w") && !leaves, "{file:?}");
        }
        drop(text.parse::<SchedulerAddress>());
        drop(Error::from_wire(&text));
        drop(AllowedPaths::parse([text]));
    });
}

fn saved_plans() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.plan");
    SavedPlan { label: String::from("mean"), plan: vec![1, 2, 3] }.write(&path).unwrap();
    let seeds = [std::fs::read(&path).unwrap()];
    check("saved", &seeds, 500, |bytes| {
        std::fs::write(&path, bytes).unwrap();
        drop(SavedPlan::read(&path));
    });
}

/// Through the front door, as a client that went wrong would send them.
fn a_scheduler_survives_what_is_no_plan() {
    let own = Own::start(|_| {}, Transport::loopback());
    own.add_worker(Transport::loopback());
    let (seeds, seed) = (encoded_plans(), seed());
    let mut random = Random(seed);
    println!("  seed {seed}");
    let transport = Transport::loopback();
    own.runtime.block_on(async {
        let connect = || transport.connect(own.address.authority(), Role::Scheduler);
        let mut control = ControlClient::new(connect().await.unwrap());
        let _session = control.session(Hello::ours("s0")).await.unwrap();
        for _ in 0..given("FUZZ_RUNS").unwrap_or(300).min(10_000) {
            let mut request = tonic::Request::new(pb::ExecuteQueryParams {
                session_id: String::from("s0"),
                settings: vec![],
                operation_id: String::from("o"),
                query: Some(Query::PhysicalPlan(mutated(&mut random, &seeds))),
            });
            ballista_core::version::insert_version_header(request.metadata_mut());
            // A connection each: one that ends with its call takes no other along.
            let mut scheduler = SchedulerGrpcClient::new(connect().await.unwrap());
            let answered = tokio::time::timeout(Duration::from_secs(30), scheduler.execute_query_push(request)).await;
            assert!(answered.is_ok(), "seed {seed}: no answer");
        }
    });
    let engine = own.connect(Transport::loopback()).unwrap();
    let known = job(&leaf(240).unwrap(), 240, SHAPES[5], 0, 1).unwrap();
    assert_eq!(phalanx_tests::jobs::rows(&engine.submit(known.plan).wait().unwrap()), known.answer);
}
