//! A program of ranks that do what they are told: exchange a number over a socket of their own, fail, die, or stand
//! still.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use phalanx_engine::gang::rank::inventory;
use phalanx_engine::gang::{Processors, Rank, RankProgram};
use phalanx_engine::{Error, Gang, GangInput, GangPlan, Persisted, Plaintext, Result, datafusion};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The program's name.
pub const PROGRAM: &str = "test_ranks";

/// What the ranks do, and who of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Deed {
    /// All: sums the first column of each input, meets the others at rank 0, and says what all have together.
    Exchange,
    /// All: say when they begin and when they end, and take this long, in milliseconds.
    Last(u64),
    /// One fails with this error, the others stand still.
    Fail(usize, Error),
    /// One panics, the others stand still.
    Panic(usize),
    /// One ends its process without a word, the others stand still.
    Die(usize),
    /// All: open this file for the caller, and say whether they may.
    Open(std::path::PathBuf),
    /// All stand still, after they took their rows.
    Stand,
    /// All stand still and never take their rows.
    StandDeaf,
}

/// What a rank says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// Its process.
    Process(u32),
    /// Where rank 0 waits for the others.
    Address(String),
    /// The sums of its own rows, an input each; what all ranks have together; its threads as its process sees them.
    Sums(Vec<i64>, i64, String),
    /// When it began and when it ended, in milliseconds.
    Lasted(u64, u64),
    /// Whether it could open a file.
    Opened(bool),
}

inventory::submit! {
    RankProgram { name: PROGRAM, environment: |threads| vec![("TEST_RANK_THREADS", threads.to_string())], run }
}

/// A gang of `ranks` ranks that do `deed`; each gets an even share of the rows of `inputs`.
///
/// # Errors
/// Never.
pub fn plan(ranks: usize, deed: &Deed, inputs: &[Persisted]) -> Result<GangPlan> {
    let arguments = postcard::to_stdvec(deed).map_err(|error| Error::internal("a deed").caused_by(&error))?;
    let input = |data: &Persisted| {
        let border = |rank: usize| data.rows() * rank as u64 / ranks as u64;
        GangInput { data: data.clone(), shares: (0..ranks).map(|rank| border(rank)..border(rank + 1)).collect() }
    };
    let inputs = inputs.iter().map(input).collect();
    Ok(GangPlan {
        label: String::from("test"),
        program: String::from(PROGRAM),
        ranks,
        threads: 1,
        arguments,
        inputs,
        plaintext: Plaintext::default(),
        processors: Processors::default(),
        idle: Duration::ZERO,
    })
}

/// What a rank of `gang` says next; rank 0's address is passed on to all of `ranks`.
///
/// # Errors
/// The gang's.
pub async fn hear(gang: &mut Gang, ranks: usize) -> Result<Option<(usize, Said)>> {
    let Some(said) = gang.next().await else { return Ok(None) };
    let (rank, bytes) = said?;
    let said: Said = postcard::from_bytes(&bytes).map_err(|error| Error::internal("words").caused_by(&error))?;
    if let Said::Address(address) = &said {
        (0..ranks).for_each(|rank| gang.tell(rank, address.clone().into()));
    }
    Ok(Some((rank, said)))
}

fn run(rank: &mut Rank) -> Result<()> {
    let deed: Deed =
        postcard::from_bytes(rank.arguments()).map_err(|error| Error::internal("a deed").caused_by(&error))?;
    say(rank, &Said::Process(std::process::id()))?;
    if matches!(deed, Deed::StandDeaf) {
        stand();
    }
    let mut sums = vec![0; rank.schemas().len()];
    rank.rows(|input, batch| {
        sums[input] += batch.column(0).as_primitive::<Int64Type>().values().iter().sum::<i64>();
        Ok(())
    })?;
    match deed {
        Deed::Exchange => exchange(rank, sums),
        Deed::Last(millis) => {
            let began = now();
            std::thread::sleep(Duration::from_millis(millis));
            say(rank, &Said::Lasted(began, now()))
        }
        Deed::Open(path) => say(rank, &Said::Opened(phalanx_engine::paths::open(&path).is_ok())),
        Deed::Fail(who, error) if who == rank.number() => Err(error),
        Deed::Panic(who) if who == rank.number() => std::panic::panic_any(String::from("this rank panics on purpose")),
        Deed::Die(who) if who == rank.number() => std::process::exit(7),
        _ => stand(),
    }
}

fn say(rank: &Rank, said: &Said) -> Result<()> {
    rank.tell(&postcard::to_stdvec(said).map_err(|error| Error::internal("words").caused_by(&error))?)
}

/// Stands still for longer than any test takes.
fn stand() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(600));
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as u64)
}

/// Rank 0 takes a number from each of the others, and gives all of them the sum.
fn exchange(rank: &Rank, sums: Vec<i64>) -> Result<()> {
    println!("what a library prints is no word of a rank's");
    let own: i64 = sums.iter().sum();
    let broken = |error: std::io::Error| Error::cluster("a peer is gone").caused_by(&error);
    let total = if rank.number() == 0 {
        let listener = TcpListener::bind((rank.host(), 0)).map_err(broken)?;
        say(rank, &Said::Address(listener.local_addr().map_err(broken)?.to_string()))?;
        let mut others = vec![];
        let mut total = own;
        for _ in 1..rank.count() {
            let (mut other, _) = listener.accept().map_err(broken)?;
            let mut number = [0; 8];
            other.read_exact(&mut number).map_err(broken)?;
            total += i64::from_le_bytes(number);
            others.push(other);
        }
        for mut other in others {
            other.write_all(&total.to_le_bytes()).map_err(broken)?;
        }
        total
    } else {
        let address = rank.hear()?;
        let mut first = TcpStream::connect(String::from_utf8_lossy(&address).as_ref()).map_err(broken)?;
        first.write_all(&own.to_le_bytes()).map_err(broken)?;
        let mut total = [0; 8];
        first.read_exact(&mut total).map_err(broken)?;
        i64::from_le_bytes(total)
    };
    say(rank, &Said::Sums(sums, total, std::env::var("TEST_RANK_THREADS").unwrap_or_default()))
}
