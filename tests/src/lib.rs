//! What the cross-crate suites and the chaos program share: test operators, seeded jobs whose answer is known, and
//! the processes they run on.
//!
//! | module | what it is |
//! |---|---|
//! | [`role`] | the program that tests are becomes a scheduler or a worker when it is asked to |
//! | [`jobs`] | chains, diamonds and joins of 2 to 6 stages over known rows |
//! | [`pass`] | an operator that does what is wrong |
//! | [`ranks`] | a program of ranks that do what they are told |
//! | [`training`] | trainings whose model is known, while ranks and workers are killed |
//! | [`functions`] | a runtime of functions, as another language would have one |
//! | [`chaos`], [`harm`] | jobs while harm is done to their cluster, and what harm |
//! | [`preload`] | a library by which clocks jump and disks are slow |
//! | [`load`], [`footprint`] | many jobs, clients and workers, and what they take of their machine |
//! | [`measured`], [`numbers`], [`apart`] | what is measured once: a start, rows that change places, on workers that share no files |
//! | [`report`] | rows of tables, kept until all are there, and put into a page |
//! | [`simulated`] | workers that run nothing, so that a job costs what the scheduler costs |

pub mod apart;
pub mod chaos;
pub mod footprint;
pub mod functions;
pub mod harm;
pub mod jobs;
pub mod load;
pub mod measured;
pub mod numbers;
pub mod pass;
pub mod preload;
pub mod ranks;
pub mod report;
pub mod role;
pub mod simulated;
pub mod training;
