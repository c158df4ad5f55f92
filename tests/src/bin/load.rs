//! `load [write] [short|quick] [resume] [minutes N] [only STEP …]`: the tables of `docs/reliability.md` about load and about
//! what is measured once, in about twenty minutes of two cores that have nothing else to do. With `short` they are of
//! fewer jobs, in less than ten; with `quick` they only show that all parts run. `write` puts them into the page.
//!
//! Each step's rows are kept in the target folder. With `resume`, steps of which rows are there are not run again;
//! `minutes` bounds the whole run: what is too long for it is cut short and says so; `only` runs these steps again.
//!
//! `load cost WORKERS TASKS [MILLISECONDS]` and `load jobs COUNT` measure one thing and print it.

use phalanx_engine::Result;
use phalanx_tests::load::{Left, beside_a_greedy_session, many_clients, many_jobs, restart, scheduler_cost};
use phalanx_tests::measured::{Road, copied, dask, exchange, peers, start};
use phalanx_tests::report::{Report, Row, machine, minutes_from_now, number, put, table};
use phalanx_tests::role::{become_child, log};
use std::path::Path;
use std::time::Duration;

/// Threads of blocking work, idle connections and free memory go within this time.
const REST: Duration = Duration::from_secs(20);

struct Sizes {
    name: &'static str,
    /// Before the jobs that are counted: what the pages show of ended jobs is full after 5,000.
    warm_up: u64,
    jobs: u64,
    clients: usize,
    tasks: usize,
    exchanged: u64,
    rest: Duration,
}

const FULL: Sizes = Sizes {
    name: "full",
    warm_up: 5_500,
    jobs: 10_000,
    clients: 100,
    tasks: 10_000,
    exchanged: 4_000_000_000,
    rest: REST,
};
const SHORT: Sizes = Sizes { name: "short", jobs: 3_000, exchanged: 1_000_000_000, ..FULL };
const QUICK: Sizes = Sizes {
    name: "quick",
    warm_up: 60,
    jobs: 300,
    clients: 10,
    tasks: 1_000,
    exchanged: 64_000_000,
    rest: Duration::from_secs(2),
};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    become_child();
    log("error");
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["cost", workers, tasks, more @ ..] => {
            let task = Duration::from_millis(more.first().map_or(Ok(0), |text| text.parse())?);
            print_rows(&[cost_row(workers.parse()?, tasks.parse()?, task)?]);
        }
        ["jobs", jobs] => {
            let sizes = Sizes { jobs: jobs.parse()?, ..FULL };
            print_rows(&jobs_rows(&sizes, minutes_from_now(600))?);
        }
        _ => return Ok(all(&words)?),
    }
    Ok(())
}

fn print_rows(rows: &[Row]) {
    print!("{}", table(rows));
}

fn all(words: &[String]) -> Result<()> {
    let said = |word: &str| words.iter().any(|said| said == word);
    let sizes = match (said("quick"), said("short")) {
        (true, _) => QUICK,
        (_, true) => SHORT,
        _ => FULL,
    };
    let only = words.iter().position(|word| word == "only").map_or(vec![], |place| words[place + 1..].to_vec());
    let until = minutes_from_now(number(words, "minutes")?.unwrap_or(180));
    let kept = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.parent()?.to_owned()));
    let folder = kept.unwrap_or_else(std::env::temp_dir).join("load").join(sizes.name);
    let mut report = Report::new(&folder, said("resume"), until, only)?;
    let about = format!(
        "Made by `load{}` on a machine of {}. Both workers, the clients and the scheduler run on it.\n\n",
        if sizes.name == "full" { String::new() } else { format!(" {}", sizes.name) },
        machine()
    );
    let loads = loads(&mut report, &sizes);
    let measured = measured(&mut report, &sizes);
    if said("write") {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md");
        put(&page, "load", &format!("{about}{}", table(&loads)))?;
        put(&page, "measured", &format!("{about}{}", table(&measured)))?;
    }
    report.end()
}

fn loads(report: &mut Report, sizes: &Sizes) -> Vec<Row> {
    let mut rows = report.step("jobs", |report| jobs_rows(sizes, report.until(0.45)));
    rows.extend(report.step("clients", |report| {
        let wanted = sizes.jobs / 100;
        let shared = many_clients(sizes.clients, wanted, report.until(0.6))?;
        let result = format!(
            "no error in {} jobs; {:.0} jobs a second, p50 {:.0} ms, p99 {:.0} ms; when the first had done all it \
             could, the slowest had done {:.0} % of that",
            shared.jobs,
            shared.jobs_per_second,
            shared.p50_ms,
            shared.p99_ms,
            shared.slowest_share * 100.0
        );
        Ok(vec![Row::new(format!("{} clients × {wanted} jobs", sizes.clients), result)])
    }));
    rows.extend(report.step("greedy", |_| {
        let (one, all) = beside_a_greedy_session(50, 100)?;
        let what = "one job beside 50 of a session that came before, all alike";
        Ok(vec![Row::new(what, format!("{one:.2} s; the 50 take {all:.2} s"))])
    }));
    for workers in [20, 200] {
        for tasks in [sizes.tasks / 10, sizes.tasks] {
            rows.extend(
                report
                    .step(&format!("cost-{workers}-{tasks}"), |_| Ok(vec![cost_row(workers, tasks, Duration::ZERO)?])),
            );
        }
    }
    rows.extend(report.step("paced", |_| Ok(vec![cost_row(200, sizes.tasks, Duration::from_millis(100))?])));
    rows.extend(report.step("restart", |_| {
        let (back, answer) = restart()?;
        let result = format!(
            "both workers there {back:.2} s after it was ready; the job (`retries=1`) right after {answer:.2} s"
        );
        let what = "scheduler killed during a job, and started again at its address; workers there within 5 s";
        Ok(vec![Row::new(what, result).reached(back <= 5.0)])
    }));
    rows
}

fn jobs_rows(sizes: &Sizes, until: std::time::Instant) -> Result<Vec<Row>> {
    let warm_up = sizes.warm_up;
    let many = many_jobs(warm_up, sizes.jobs, sizes.rest, sizes.rest, until, |_| false)?;
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let row = |left: &Left| {
        let (before, after) = (left.before, left.after);
        let growth = (after.resident as f64 / before.resident.max(1) as f64 - 1.0) * 100.0;
        let result = format!(
            "memory {:.1} → {:.1} MiB ({growth:+.1} %), descriptors {} → {}, threads {} → {}, disk {} bytes",
            mib(before.resident),
            mib(after.resident),
            before.descriptors,
            after.descriptors,
            before.threads,
            after.threads,
            left.disk
        );
        let within = |before: usize, after: usize| after as f64 <= before as f64 * 1.05;
        let is_back = growth <= 5.0
            && within(before.descriptors, after.descriptors)
            && within(before.threads, after.threads)
            && left.disk == 0;
        let what = format!("{} small jobs after {warm_up} to warm up, all back within 5 %: {}", many.jobs, left.role);
        Row::new(what, result).reached(is_back)
    };
    let mut rows: Vec<Row> = many.left.iter().map(row).collect();
    let rate = format!("{:.0} jobs a second", many.jobs_per_second);
    rows.push(Row::new(format!("{} small jobs, 8 at a time", many.jobs), rate));
    Ok(rows)
}

fn cost_row(workers: usize, tasks: usize, task: Duration) -> Result<Row> {
    let cost = scheduler_cost(workers, tasks, task)?;
    let (long, share) = (task.as_millis(), cost.share * 100.0);
    let what = match long {
        0 => format!("{workers} simulated workers, a narrow stage of {tasks} tasks that take no time"),
        _ => format!("{workers} simulated workers, a narrow stage of {tasks} tasks of {long} ms: at most half a core"),
    };
    let result = format!(
        "{:.0} µs of the scheduler's processor time a task; {:.2} s in all, of which the scheduler used {share:.0} % of a core",
        cost.microseconds, cost.seconds
    );
    let row = Row::new(what, result);
    // Where tasks take no time, the scheduler is all that there is to wait for.
    Ok(if task.is_zero() { row } else { row.reached(share <= 50.0) })
}

fn measured(report: &mut Report, sizes: &Sizes) -> Vec<Row> {
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    // Of two times the lesser, of Dask too: the first may wait for the disk that others have filled.
    let (bytes, times) = (sizes.exchanged, 2);
    let rate = |seconds: f64| format!("{seconds:.2} s, {:.0} MB/s", bytes as f64 / 1e6 / seconds);
    let mut rows = report.step("start", |_| {
        let seconds = start(5)?;
        let what = "from nothing to the first result of a local cluster of two workers, at most 0.6 s";
        Ok(vec![Row::new(what, format!("{seconds:.2} s")).reached(seconds <= 0.6)])
    });
    rows.extend(report.step("dask-start", |report| {
        with_dask(&["cluster-start", "cluster-first-result"], bytes, report, |seconds| {
            vec![Row::new(
                "the same of Dask",
                format!("{:.2} s for its start, {:.2} s with a first result", seconds[0], seconds[1]),
            )]
        })
    }));
    rows.extend(report.step("eight-clients", |report| {
        let shared = many_clients(8, sizes.jobs / 40, report.until(0.3))?;
        let result = format!("{:.0} jobs a second, p99 {:.0} ms", shared.jobs_per_second, shared.p99_ms);
        Ok(vec![Row::new("small jobs of 8 clients", result)])
    }));
    rows.extend(report.step("exchange", |_| {
        let files = exchange(bytes, Road::Files, times)?;
        Ok(vec![Row::new(
            format!("{} of rows, exchanged by their keys between two workers that share a machine", gigabytes(bytes)),
            rate(files),
        )])
    }));
    rows.extend(report.step("exchange-tls", |_| {
        let network = exchange(bytes, Road::Network, times)?;
        let tls = exchange(bytes, Road::Tls, times)?;
        let cost = (tls / network - 1.0) * 100.0;
        Ok(vec![
            Row::new("the same through the network, as between two machines", rate(network)),
            Row::new("the same with mutual TLS, at most 25 % longer", format!("{}: {cost:+.0} %", rate(tls)))
                .reached(cost <= 25.0),
        ])
    }));
    rows.extend(report.step("memory", |_| {
        Ok(vec![Row::new(
            format!("{} copied from memory to memory by one core", gigabytes(bytes)),
            rate(copied(bytes)),
        )])
    }));
    rows.extend(report.step("dask-exchange", |report| {
        // Beside its own rows, through the network as Dask does.
        let ours = exchange(bytes, Road::Network, times)?;
        with_dask(&["exchange"], bytes, report, |seconds| {
            let ratio = seconds[0] / ours;
            let what = "the same of Dask's P2P, at least 5 times as long as ours through the network";
            vec![Row::new(what, format!("{}: {ratio:.1} times", rate(seconds[0]))).reached(ratio >= 5.0)]
        })
    }));
    rows
}

fn with_dask(works: &[&str], bytes: u64, report: &Report, rows: impl FnOnce(&[f64]) -> Vec<Row>) -> Result<Vec<Row>> {
    let Some(python) = peers() else {
        return Ok(vec![Row::new(format!("Dask: {}", works.join(", ")), "not installed: `cargo xtask bench` does so")]);
    };
    let left = report.until(1.0).saturating_duration_since(std::time::Instant::now());
    let found = dask(&python, works, bytes, left.min(Duration::from_secs(600)))?;
    let seconds: Vec<f64> = works
        .iter()
        .filter_map(|work| found.iter().find(|(name, _)| name == work))
        .map(|(_, seconds)| *seconds)
        .collect();
    if seconds.len() < works.len() {
        return Err(phalanx_engine::Error::internal(format!("Dask measured {found:?} of {works:?}")));
    }
    Ok(rows(&seconds))
}
