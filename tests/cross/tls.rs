//! One job with mutual TLS under everything, and callers without the right certificate are refused.

use crate::engines::trial;
use libtest_mimic::Trial;
use phalanx_cluster::transport::{CLUSTER_NAME, Credentials};
use phalanx_cluster::{ClusterEngine, Scheduler, SchedulerAddress, SchedulerOptions, Transport, WorkerOptions, work};
use phalanx_engine::{Engine, Settings};
use phalanx_tests::jobs::{Shape, job, leaf, rows};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    vec![trial("tls::a_job_under_mutual_tls", a_job_under_mutual_tls)]
}

/// A cluster's authority, and what it signs for one process.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(parameters, key) }
    }
    fn transport(&self) -> Transport {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![CLUSTER_NAME.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().pem();
        Transport::mutual_tls(Credentials { authority: self.pem.clone(), certificate, key: key.serialize_pem() })
    }
}

fn a_job_under_mutual_tls() {
    let authority = Authority::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bind = "127.0.0.1:0".parse().unwrap();
    let scheduler =
        runtime.block_on(Scheduler::start(SchedulerOptions { bind, transport: authority.transport() })).unwrap();
    let address: SchedulerAddress = format!("tcp://{}", scheduler.address()).parse().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let options = WorkerOptions {
                scheduler: address.clone(),
                cores: 1,
                memory_bytes: 1 << 30,
                scratch: scratch.path().to_owned(),
                host: std::net::Ipv4Addr::LOCALHOST.into(),
                transport: authority.transport(),
                connect_timeout: Duration::from_secs(5),
                allow_python: false,
            };
            runtime.spawn(work(options, |_| {}, std::future::pending()))
        })
        .collect();
    let engine = ClusterEngine::connect(&address, Settings::default(), authority.transport()).unwrap();
    engine.wait_for_workers(2, Duration::from_secs(10)).unwrap();
    let known = job(&leaf(240).unwrap(), 240, Shape::DeepDiamond, 0, 5).unwrap();
    assert_eq!(rows(&engine.submit(known.plan).wait().unwrap()), known.answer);
    let data = engine.persist(job(&leaf(240).unwrap(), 240, Shape::Chain(2), 0, 5).unwrap().plan).wait().unwrap();
    assert_eq!(engine.submit(data.plan().unwrap()).wait().unwrap().len(), data.partitions());

    for (who, transport) in
        [("no certificate", Transport::loopback()), ("another authority", Authority::new().transport())]
    {
        let refused = ClusterEngine::connect(&address, Settings::default(), transport);
        assert!(refused.is_err(), "a client with {who} is refused");
    }
    drop(data);
    drop(engine);
    for worker in workers {
        worker.abort();
    }
    runtime.block_on(async { drop(scheduler) });
}
