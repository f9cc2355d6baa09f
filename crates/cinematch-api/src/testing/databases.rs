//! Test fixtures for `SQLite` and `PostgreSQL`.

use cinematch_testing::World;

/// Returns a test fixture that uses `SQLite`, plus one that uses `PostgreSQL` if `CINEMATCH_TEST_POSTGRES` is set.
pub fn worlds(test: &str) -> Vec<World> {
    World::on_every_database(test, std::env::var("CINEMATCH_TEST_POSTGRES").ok().as_deref())
}
