//! Models: one folder each. A model is fitted from features and never changes afterwards.

pub mod content;
