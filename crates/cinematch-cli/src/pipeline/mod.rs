//! Steps that turn files into a served generation, shared by `preprocess`, `train`, `retrain`,
//! `update` and other commands: read inputs, merge the table, train and publish.

pub mod events;
pub mod inputs;
pub mod merging;
pub mod training;
