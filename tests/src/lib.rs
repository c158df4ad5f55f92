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
//! | [`chaos`] | jobs while workers are killed, stopped and started |
//! | [`load`], [`footprint`] | many jobs, clients and workers, and what they take of their machine |
//! | [`simulated`] | workers that run nothing, so that a job costs what the scheduler costs |

pub mod chaos;
pub mod footprint;
pub mod functions;
pub mod jobs;
pub mod load;
pub mod pass;
pub mod ranks;
pub mod role;
pub mod simulated;
pub mod training;
