//! Test fixtures on `SQLite` and `PostgreSQL`.

use cinematch_testing::World;

/// Returns one fixture on `SQLite`, and one on `PostgreSQL` if `CINEMATCH_TEST_POSTGRES` is set.
pub fn worlds(test: &str) -> Vec<World> {
    World::on_every_database(test, std::env::var("CINEMATCH_TEST_POSTGRES").ok().as_deref())
}
