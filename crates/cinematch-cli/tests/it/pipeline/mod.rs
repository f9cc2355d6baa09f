//! The pipeline from files to a trained and evaluated generation.

mod evaluate;
mod learning;
mod metrics;
mod real_data;
mod stages;
mod tune;
