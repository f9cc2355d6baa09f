//! Content ratings, from a table of TMDB metadata to lists.

use crate::support::folder::Folder;

const MOVIES: &str = "movieId,title,genres\n1,Toy Story (1995),Animation|Children\n\
                      2,Jumanji (1995),Children\n3,Heat (1995),Crime\n4,Babe (1995),Children\n";
const LINKS: &str = "movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,8844\n3,0113277,949\n4,,\n";
const TMDB: &str = "tmdb_id,title,overview,certifications\n862,Toy Story,Toys.,DE:0|US:G\n\
                    8844,Jumanji,A game.,DE:12|US:PG\n949,Heat,A heist.,DE:16|US:R\n";

#[test]
fn an_age_limit_applies_to_lists() {
    let folder = Folder::empty();
    folder.write("raw/ml-32m/movies.csv", MOVIES.as_bytes());
    folder.write("raw/ml-32m/links.csv", LINKS.as_bytes());
    folder.write("table.csv", TMDB.as_bytes());
    folder.ok(&["import", "tmdb-csv", "table.csv"]);
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train", "--model", "content"]);
    let listed = |age: &str| {
        let list = folder.ok(&["recommend", "--max-age", age, "--json"]);
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let movies = list["recommendations"].as_array().unwrap().iter();
        let mut ids: Vec<u64> = movies.map(|movie| movie["movie_id"].as_u64().unwrap()).collect();
        ids.sort_unstable();
        let removed = list["shortfall"]["removed_by"]["max_age"].as_u64().unwrap_or(0);
        assert_eq!(ids.len() as u64 + removed, 4);
        ids
    };
    assert_eq!(listed("0"), [1]);
    assert_eq!(listed("6"), [1, 4], "without a certificate, genres decide");
    assert_eq!(listed("8"), [1, 2, 4]);
    assert_eq!(listed("17"), [1, 2, 3, 4]);
    let error = folder.fails(&["recommend", "--max-age", "19"]);
    assert!(error.contains("--max-age: expected 0 to 18, got 19"), "{error}");
}
