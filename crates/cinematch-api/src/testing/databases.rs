//! Worlds on every kind of database.

use cinematch_testing::World;

/// Returns a world on `SQLite`, and one on the `PostgreSQL` server of the run, if there is one.
pub fn worlds(test: &str) -> Vec<World> {
    World::on_every_database(test, std::env::var("CINEMATCH_TEST_POSTGRES").ok().as_deref())
}
