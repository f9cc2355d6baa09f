//! The pipeline from files to a trained and evaluated generation.

mod adult_and_unreleased;
mod browse;
mod content_ratings;
mod evaluate;
mod identity;
mod latest_small;
mod learning;
mod metrics;
mod personas;
mod real_data;
mod reasons;
mod series;
mod stages;
mod tune;
