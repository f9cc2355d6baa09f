//! The pipeline from files to a trained and evaluated generation.

mod adult_and_unreleased;
mod browse;
mod evaluate;
mod learning;
mod metrics;
mod personas;
mod real_data;
mod series;
mod stages;
mod tune;
