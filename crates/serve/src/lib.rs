//! A trained model behind HTTP: rows by the names of their features in, predictions out.
//!
//! | path | what it is |
//! |---|---|
//! | `POST /predict` | one row (an object) or many (an array of objects) as JSON; a feature that is missing, unknown or no number is answered with 422 and its name |
//! | `GET /` | what the model is: features, rounds, where it was read from |
//! | `GET /healthz` | 200 while it serves, 503 while it stops |
//! | `GET /metrics` | requests, latencies, scores, and how far each feature has drifted from the training, for Prometheus |
//! | `GET /openapi.json` | all that as OpenAPI 3.1, with the features of this model |
//!
//! | module | what it is |
//! |---|---|
//! | [`model`] | a model's file, and the features it names |
//! | [`rows`] | a request's body as rows, or why it is none |
//! | [`scorer`] | threads with a copy of the model each; requests that wait are scored together |
//! | [`profile`] | how features were distributed in training, and how they are now |
//! | [`metrics`] | what is counted |
//! | [`openapi`] | the description of the paths |
//! | [`server`] | routes, and serving them |
//!
//! Off loopback it needs credentials, as everything that listens: mutual TLS, and clients of the role `client`.

pub mod metrics;
pub mod model;
pub mod openapi;
pub mod profile;
pub mod rows;
pub mod scorer;
pub mod server;

pub use model::ServedModel;
pub use profile::Profile;
pub use server::{ModelServer, ServerOptions};
