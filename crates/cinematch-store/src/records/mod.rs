//! Types that database rows are decoded into. They don't run queries, so both the cache and the queries
//! can use them.

pub(crate) mod feedback;
pub(crate) mod history;
pub(crate) mod preferences;
