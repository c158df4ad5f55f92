//! Gangs: all ranks at once or none, what they say, and how they end when one of them, a worker or the caller goes.

use crate::engines::{Check, cluster, on_every_engine, trial};
use crate::spine::counted;
use futures::executor::block_on;
use libtest_mimic::Trial;
use phalanx_cluster::WorkerResources;
use phalanx_engine::gang::Processors;
use phalanx_engine::machine::VARIABLE;
use phalanx_engine::{Engine, Error, ErrorKind, Gang, GangPlan, LocalEngine, Persisted, Plan, Result, Settings};
use phalanx_tests::harm::signal;
use phalanx_tests::ranks::{Deed, Said, hear, plan};
use phalanx_tests::role::ALLOWED_PATH;
use std::time::{Duration, Instant};

/// How long the others may live after the first has died.
const OTHERS_MAX: Duration = Duration::from_millis(1500);

pub fn trials() -> Vec<Trial> {
    let checks: [(&str, Check); 11] = [
        ("ranks_get_their_rows_and_speak", ranks_get_their_rows_and_speak),
        ("a_gang_without_rows_or_alone", a_gang_without_rows_or_alone),
        ("a_bad_plan_is_refused", a_bad_plan_is_refused),
        ("an_error_keeps_its_kind_and_hint", an_error_keeps_its_kind_and_hint),
        ("a_panic_is_an_internal_error", a_panic_is_an_internal_error),
        ("a_killed_rank_ends_the_others", a_killed_rank_ends_the_others),
        ("a_rank_that_leaves_ends_the_others", a_rank_that_leaves_ends_the_others),
        ("a_dropped_gang_ends", a_dropped_gang_ends),
        ("gangs_wait_for_each_other", gangs_wait_for_each_other),
        ("ranks_that_stay_run_another_plan", ranks_that_stay_run_another_plan),
        ("ranks_that_ended_badly_do_not_stay", ranks_that_ended_badly_do_not_stay),
    ];
    let all = checks.into_iter().flat_map(|(name, check)| on_every_engine(&format!("gangs::{name}"), check));
    let apart = [
        trial("gangs::ranks_open_what_their_worker_may", ranks_open_what_their_worker_may),
        trial("gangs::ranks_on_gpus_need_some", ranks_on_gpus_need_some),
        trial("gangs::nothing_is_left_open", nothing_is_left_open),
        trial("gangs::a_lost_worker_ends_all_ranks", a_lost_worker_ends_all_ranks),
        trial("gangs::a_worker_that_stands_still_is_lost", a_worker_that_stands_still_is_lost),
        trial("gangs::lost_rows_are_made_again", lost_rows_are_made_again),
        trial("gangs::a_client_that_goes_ends_its_ranks", a_client_that_goes_ends_its_ranks),
        trial("gangs::without_workers_there_is_an_error", without_workers_there_is_an_error),
    ];
    all.chain(apart).collect()
}

fn persisted(engine: &dyn Engine, partitions: i64) -> (Persisted, Vec<i64>) {
    let (root, expected) = counted(partitions);
    (engine.persist(Plan::new("rows", root)).wait().unwrap(), expected.concat())
}

/// What all ranks say, to the end.
fn all_of(engine: &dyn Engine, plan: GangPlan) -> Result<Vec<(usize, Said)>> {
    let ranks = plan.ranks;
    let mut gang = engine.gang(plan);
    block_on(async {
        let mut all = vec![];
        while let Some(said) = hear(&mut gang, ranks).await? {
            all.push(said);
        }
        Ok(all)
    })
}

/// A gang all of whose ranks have said what process they are, and the processes.
fn started(engine: &dyn Engine, ranks: usize, deed: &Deed, inputs: &[Persisted]) -> (Gang, Vec<u32>) {
    let mut gang = engine.gang(plan(ranks, deed, inputs).unwrap());
    let mut processes = vec![0; ranks];
    block_on(async {
        while processes.contains(&0) {
            if let (rank, Said::Process(process)) = hear(&mut gang, ranks).await.unwrap().unwrap() {
                processes[rank] = process;
            }
        }
    });
    (gang, processes)
}

fn end_of(gang: &mut Gang) -> Error {
    block_on(async {
        loop {
            match gang.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return error,
                None => panic!("the gang is done"),
            }
        }
    })
}

/// Waits until none of them is there any more, not even as one that nobody has reaped.
fn all_end(processes: &[u32], within: Duration) {
    let began = Instant::now();
    let is_there = |process: &&u32| std::path::Path::new(&format!("/proc/{process}")).exists();
    while let Some(left) = processes.iter().find(is_there) {
        let status = std::fs::read_to_string(format!("/proc/{left}/status")).unwrap_or_default();
        assert!(began.elapsed() < within, "process {left} is left: {status}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ranks_get_their_rows_and_speak(engine: &dyn Engine) {
    let (one, numbers_of_one) = persisted(engine, 5);
    let (other, numbers_of_other) = persisted(engine, 3);
    let total: i64 = numbers_of_one.iter().chain(&numbers_of_other).sum();
    for ranks in [1, 2, 5] {
        let said = all_of(engine, plan(ranks, &Deed::Exchange, &[one.clone(), other.clone()]).unwrap()).unwrap();
        for rank in 0..ranks {
            let share = |numbers: &[i64]| -> i64 {
                numbers[numbers.len() * rank / ranks..numbers.len() * (rank + 1) / ranks].iter().sum()
            };
            let sums = vec![share(&numbers_of_one), share(&numbers_of_other)];
            let expected = Said::Sums(sums, total, String::from("1"));
            assert!(said.contains(&(rank, expected.clone())), "{rank} of {ranks}: {expected:?} is not in {said:?}");
        }
    }
}

fn a_gang_without_rows_or_alone(engine: &dyn Engine) {
    let said = all_of(engine, plan(2, &Deed::Exchange, &[]).unwrap()).unwrap();
    assert!(said.iter().any(|(_, said)| *said == Said::Sums(vec![], 0, String::from("1"))), "{said:?}");
    // More ranks than rows: some get none.
    let (rows, numbers) = persisted(engine, 1);
    let ranks = numbers.len() + 2;
    let mut wide = plan(ranks, &Deed::Exchange, &[rows]).unwrap();
    wide.threads = 3;
    let said = all_of(engine, wide).unwrap();
    let sums = said.iter().filter(|(_, said)| matches!(said, Said::Sums(_, _, threads) if threads == "3"));
    assert_eq!(sums.count(), ranks, "{said:?}");
}

fn a_bad_plan_is_refused(engine: &dyn Engine) {
    let good = || plan(2, &Deed::Exchange, &[persisted(engine, 1).0]).unwrap();
    let refused = |plan: GangPlan, message: &str| {
        let error = all_of(engine, plan).unwrap_err();
        assert!(error.kind() == ErrorKind::Input && error.message().contains(message), "{error}");
    };
    refused(GangPlan { program: String::from("unknown"), ..good() }, "\"unknown\"");
    refused(GangPlan { ranks: 0, inputs: vec![], ..good() }, "no ranks");
    refused(GangPlan { ranks: 3, ..good() }, "2 shares of an input for 3 ranks");
}

fn ranks_open_what_their_worker_may() {
    let folder = tempfile::tempdir().unwrap();
    let (public, secret) = (folder.path().join("public"), folder.path().join("secret"));
    for path in [&public, &secret] {
        std::fs::write(path, "x").unwrap();
    }
    let opens = |engine: &dyn Engine, path: &std::path::Path| {
        let said = all_of(engine, plan(1, &Deed::Open(path.to_owned()), &[]).unwrap()).unwrap();
        said.into_iter().any(|(_, said)| said == Said::Opened(true))
    };
    let (restricted, engine) = cluster(0);
    let variables = vec![(ALLOWED_PATH.to_owned(), public.display().to_string())];
    restricted.add_worker_of(&WorkerResources { variables, ..WorkerResources::default() }).unwrap();
    assert!(opens(&engine, &public) && !opens(&engine, &secret), "--allow-path binds ranks");
    drop(engine);
    restricted.stop().unwrap();
    let (free, engine) = cluster(1);
    assert!(opens(&engine, &public) && opens(&engine, &secret));
    drop(engine);
    free.stop().unwrap();
}

fn ranks_on_gpus_need_some() {
    let (cluster, engine) = cluster(0);
    let with = |gpus: usize| WorkerResources {
        variables: vec![(VARIABLE.to_owned(), gpus.to_string())],
        ..WorkerResources::default()
    };
    let on_gpus = |ranks| GangPlan { processors: Processors::Gpus, ..plan(ranks, &Deed::Exchange, &[]).unwrap() };
    let refused = |ranks: usize, words: &str| {
        let error = all_of(&engine, on_gpus(ranks)).unwrap_err();
        assert!(error.kind() == ErrorKind::Input && error.message().contains(words), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("device='cuda'")), "{error}");
    };
    cluster.add_worker_of(&with(0)).unwrap();
    refused(1, "no worker has any");
    cluster.add_worker_of(&with(2)).unwrap();
    refused(3, "the workers have 2");
    assert_eq!(
        all_of(&engine, on_gpus(2)).unwrap().iter().filter(|(_, said)| matches!(said, Said::Sums(..))).count(),
        2
    );
    let mut gpus: Vec<usize> = engine.describe().unwrap().workers.iter().map(|worker| worker.gpus).collect();
    gpus.sort_unstable();
    assert_eq!(gpus, [0, 2], "a worker says how many it has");
    drop(engine);
    cluster.stop().unwrap();
}

fn an_error_keeps_its_kind_and_hint(engine: &dyn Engine) {
    let error = Error::data("a label is text").with_hint("make it a number");
    let failing = plan(2, &Deed::Fail(1, error.clone()), &[persisted(engine, 2).0]).unwrap();
    let found = all_of(engine, failing).unwrap_err();
    assert_eq!((found.kind(), found.message(), found.hint()), (error.kind(), error.message(), error.hint()));
}

fn a_panic_is_an_internal_error(engine: &dyn Engine) {
    let error = all_of(engine, plan(2, &Deed::Panic(0), &[]).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.message().contains("rank 0 panicked: this rank panics on purpose"), "{error}");
}

fn a_killed_rank_ends_the_others(engine: &dyn Engine) {
    let (rows, _) = persisted(engine, 2);
    for deed in [Deed::Stand, Deed::StandDeaf] {
        let (mut gang, processes) = started(engine, 3, &deed, std::slice::from_ref(&rows));
        let killed = Instant::now();
        signal(processes[1], libc::SIGKILL);
        let error = end_of(&mut gang);
        assert!(killed.elapsed() < OTHERS_MAX, "{:?}", killed.elapsed());
        assert_eq!(error.kind(), ErrorKind::Cluster, "{error}");
        let told = [String::from("rank 1"), processes[1].to_string(), String::from("signal: 9")];
        assert!(told.iter().all(|word| error.message().contains(word)), "{error}");
        all_end(&processes, OTHERS_MAX);
    }
    // Another one runs at once.
    assert!(all_of(engine, plan(2, &Deed::Exchange, &[rows]).unwrap()).is_ok());
}

fn a_rank_that_leaves_ends_the_others(engine: &dyn Engine) {
    let error = all_of(engine, plan(2, &Deed::Die(1), &[]).unwrap()).unwrap_err();
    assert!(error.kind() == ErrorKind::Cluster && error.message().contains("exit status: 7"), "{error}");
}

fn a_dropped_gang_ends(engine: &dyn Engine) {
    let (rows, _) = persisted(engine, 2);
    for deed in [Deed::Stand, Deed::StandDeaf] {
        let (gang, processes) = started(engine, 2, &deed, std::slice::from_ref(&rows));
        drop(gang);
        all_end(&processes, Duration::from_secs(2));
    }
    // One that waits for its turn leaves the queue, and one that has just begun ends too.
    let (running, processes) = started(engine, 8, &Deed::Stand, &[]);
    let waiting = engine.gang(plan(8, &Deed::Stand, &[]).unwrap());
    std::thread::sleep(Duration::from_millis(50));
    drop(waiting);
    drop(running);
    all_end(&processes, Duration::from_secs(2));
    drop(engine.gang(plan(2, &Deed::Stand, &[]).unwrap()));
    assert!(all_of(engine, plan(2, &Deed::Exchange, &[]).unwrap()).is_ok());
}

/// Eight gangs at once, some of which need all there is: never more ranks at the same time than cores, unless one gang
/// alone has more; and all are done.
fn gangs_wait_for_each_other(engine: &dyn Engine) {
    let cores: usize = engine.describe().unwrap().workers.iter().map(|worker| worker.cores).sum();
    let sizes: Vec<usize> = (0..8).map(|number| 1 + number % 3).collect();
    let gangs: Vec<Gang> = sizes.iter().map(|ranks| engine.gang(plan(*ranks, &Deed::Last(40), &[]).unwrap())).collect();
    let mut spans = vec![];
    for (mut gang, ranks) in gangs.into_iter().zip(&sizes) {
        block_on(async {
            while let Some((_, said)) = hear(&mut gang, *ranks).await.unwrap() {
                if let Said::Lasted(began, ended) = said {
                    spans.push((began, ended, *ranks));
                }
            }
        });
    }
    assert_eq!(spans.len(), sizes.iter().sum::<usize>());
    for (moment, _, own) in &spans {
        let together = spans.iter().filter(|(began, ended, _)| began <= moment && moment < ended).count();
        assert!(together <= cores.max(*own), "{together} ranks on {cores} cores: {spans:?}");
    }
}

/// The processes of a gang that has ended well, one a rank.
fn processes_of(said: &[(usize, Said)]) -> Vec<u32> {
    let mut all: Vec<(usize, u32)> = said
        .iter()
        .filter_map(|(rank, said)| match said {
            Said::Process(process) => Some((*rank, *process)),
            _ => None,
        })
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, process)| process).collect()
}

/// A plan whose ranks stay.
fn staying(ranks: usize, deed: &Deed, inputs: &[Persisted]) -> GangPlan {
    GangPlan { idle: Duration::from_secs(600), ..plan(ranks, deed, inputs).unwrap() }
}

fn ranks_that_stay_run_another_plan(engine: &dyn Engine) {
    let mut first = vec![];
    for partitions in 1..6 {
        let (rows, numbers) = persisted(engine, partitions);
        let said = all_of(engine, staying(2, &Deed::Exchange, &[rows])).unwrap();
        let total: i64 = numbers.iter().sum();
        let sums = said.iter().filter(|(_, said)| matches!(said, Said::Sums(_, all, _) if *all == total));
        assert_eq!(sums.count(), 2, "{said:?}");
        let processes = processes_of(&said);
        assert!(first.is_empty() || first == processes, "{first:?} and {processes:?}");
        first = processes;
    }
    // Other shapes, and plans whose ranks do not stay, are processes of their own.
    let others = [
        staying(3, &Deed::Exchange, &[]),
        GangPlan { threads: 2, ..staying(2, &Deed::Exchange, &[]) },
        plan(2, &Deed::Exchange, &[]).unwrap(),
    ];
    for other in others {
        let processes = processes_of(&all_of(engine, other).unwrap());
        assert!(first.iter().all(|known| !processes.contains(known)), "{first:?} and {processes:?}");
    }
    // One of them dies meanwhile.
    signal(first[1], libc::SIGKILL);
    all_end(&first[1..], Duration::from_secs(5));
    let again = || all_of(engine, staying(2, &Deed::Exchange, &[]));
    let processes = again().or_else(|_just_seen| again()).map(|said| processes_of(&said)).unwrap();
    assert!(first.iter().all(|known| !processes.contains(known)), "{first:?} and {processes:?}");
}

fn ranks_that_ended_badly_do_not_stay(engine: &dyn Engine) {
    let error = Error::data("a label is text");
    for deed in [Deed::Fail(1, error), Deed::Panic(0), Deed::Die(1)] {
        let processes = processes_of(&all_of(engine, staying(2, &Deed::Exchange, &[])).unwrap());
        assert!(all_of(engine, staying(2, &deed, &[])).is_err());
        all_end(&processes, OTHERS_MAX);
    }
    // A gang that is dropped ends, whether its ranks would stay or not.
    let processes = processes_of(&all_of(engine, staying(2, &Deed::Exchange, &[])).unwrap());
    let (gang, same) = {
        let mut gang = engine.gang(staying(2, &Deed::Stand, &[]));
        let mut found = vec![0; 2];
        block_on(async {
            while found.contains(&0) {
                if let (rank, Said::Process(process)) = hear(&mut gang, 2).await.unwrap().unwrap() {
                    found[rank] = process;
                }
            }
        });
        (gang, found)
    };
    assert_eq!(same, processes);
    drop(gang);
    all_end(&processes, OTHERS_MAX);
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What a gang opens in the caller's process is closed with it.
fn nothing_is_left_open() {
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let once = || all_of(&engine, plan(2, &Deed::Exchange, &[persisted(&engine, 2).0]).unwrap()).unwrap();
    once();
    let before = open_files();
    for number in 0..10 {
        once();
        let (gang, processes) = started(&engine, 2, &Deed::Stand, &[]);
        if number % 2 == 0 {
            signal(processes[0], libc::SIGKILL);
        }
        drop(gang);
        all_end(&processes, Duration::from_secs(2));
    }
    assert!(open_files() <= before + 1, "{} files, and {before} before", open_files());
    // An engine that goes takes its gangs along.
    let (gang, processes) = started(&engine, 2, &Deed::StandDeaf, &[persisted(&engine, 2).0]);
    drop(engine);
    let is_running = |process: &&u32| {
        let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    let began = Instant::now();
    while processes.iter().any(|process| is_running(&process)) {
        assert!(began.elapsed() < Duration::from_secs(2), "{processes:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(gang);
}

fn a_lost_worker_ends_all_ranks() {
    let (cluster, engine) = cluster(2);
    for deed in [Deed::Stand, Deed::StandDeaf] {
        let (rows, _) = persisted(&engine, 2);
        let (mut gang, processes) = started(&engine, 2, &deed, &[rows]);
        let killed = Instant::now();
        cluster.kill_worker(0);
        let error = end_of(&mut gang);
        assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
        assert!(error.kind() == ErrorKind::Cluster && error.message().contains("is lost"), "{error}");
        all_end(&processes, OTHERS_MAX);
        // On the one that is left, both ranks run at once; on two again, too.
        assert!(all_of(&engine, plan(2, &Deed::Exchange, &[]).unwrap()).is_ok());
        cluster.add_worker().unwrap();
        engine.wait_for_workers(2, Duration::from_secs(10)).unwrap();
    }
}

fn a_worker_that_stands_still_is_lost() {
    let (cluster, engine) = cluster(2);
    let (mut gang, processes) = started(&engine, 2, &Deed::Stand, &[]);
    let workers = cluster.workers();
    let stopped = Instant::now();
    signal(workers[0], libc::SIGSTOP);
    let error = end_of(&mut gang);
    assert_eq!(error.kind(), ErrorKind::Cluster, "{error}");
    assert!(stopped.elapsed() < Duration::from_secs(8), "{:?}", stopped.elapsed());
    signal(workers[0], libc::SIGCONT);
    all_end(&processes, Duration::from_secs(5));
}

fn lost_rows_are_made_again() {
    let (cluster, engine) = cluster(2);
    let (rows, numbers) = persisted(&engine, 6);
    for _ in 0..2 {
        cluster.kill_worker(0);
        cluster.add_worker().unwrap();
    }
    engine.wait_for_workers(2, Duration::from_secs(10)).unwrap();
    let again = || all_of(&engine, plan(2, &Deed::Exchange, std::slice::from_ref(&rows)).unwrap());
    let error = again().unwrap_err();
    assert!(error.lost_data().is_some_and(|lost| lost.handle == rows.handle()), "{error}");
    let said = again().unwrap();
    let total: i64 = numbers.iter().sum();
    assert!(said.iter().any(|(_, said)| matches!(said, Said::Sums(_, all, _) if *all == total)), "{said:?}");
}

fn a_client_that_goes_ends_its_ranks() {
    let (_cluster, engine) = cluster(2);
    let (gang, processes) = started(&engine, 2, &Deed::StandDeaf, &[persisted(&engine, 2).0]);
    drop(engine);
    all_end(&processes, Duration::from_secs(2));
    drop(gang);
}

fn without_workers_there_is_an_error() {
    let (cluster, engine) = cluster(0);
    let error = all_of(&engine, plan(2, &Deed::Exchange, &[]).unwrap()).unwrap_err();
    assert!(error.kind() == ErrorKind::Cluster && error.message().contains("has no workers"), "{error}");
    cluster.add_worker().unwrap();
    engine.wait_for_workers(1, Duration::from_secs(10)).unwrap();
    // A gang that waits while the last worker dies does not wait for ever.
    let (_running, _) = started(&engine, 1, &Deed::Stand, &[]);
    let waiting = plan(1, &Deed::Stand, &[]).unwrap();
    let ended = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| all_of(&engine, waiting));
        std::thread::sleep(Duration::from_millis(200));
        cluster.kill_worker(0);
        waiting.join().unwrap()
    });
    // Its turn may have come on the worker that was just killed.
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cluster);
    let error = all_of(&engine, plan(1, &Deed::Stand, &[]).unwrap()).unwrap_err();
    assert!(error.kind() == ErrorKind::Cluster && error.message().contains("has no workers"), "{error}");
}
