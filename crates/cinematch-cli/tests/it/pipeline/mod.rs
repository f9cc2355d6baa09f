//! From files to a trained, evaluated generation.

mod evaluate;
mod learning;
mod metrics;
mod real_data;
mod stages;
mod tune;
