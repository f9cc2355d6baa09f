//! Adult and unreleased movies, from a public dataset of TMDB to lists.

use crate::support::folder::Folder;

const MOVIES: &str = "movieId,title,genres\n1,Toy Story (1995),Animation|Children\n\
                      2,Jumanji (1995),Children\n3,Adult Toys (1978),Comedy\n\
                      4,Toy Parade (1999),Animation|Children\n5,Next Toys (2199),Animation|Children\n";
const LINKS: &str =
    "movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,8844\n3,0077415,3\n4,0000004,4\n5,0000005,5\n";
const TMDB: &str = "adult,belongs_to_collection,id,overview,release_date,status,title\n\
                    False,\"{'id': 10194, 'name': 'Toy Story Collection'}\",862,Toys.,1995-10-30,Released,Toy Story\n\
                    False,,8844,A game.,1995-12-15,Released,Jumanji\n\
                    True,,3,Toys.,1978-10-07,Released,Adult Toys\n\
                    False,,4,Toys march.,,Rumored,Toy Parade\n\
                    False,,5,Toys march again.,2199-01-01,Planned,Next Toys\n";

#[test]
fn lists_leave_out_adult_and_unreleased_movies_and_search_marks_them() {
    let folder = Folder::empty();
    folder.write("raw/ml-32m/movies.csv", MOVIES.as_bytes());
    folder.write("raw/ml-32m/links.csv", LINKS.as_bytes());
    folder.write("movies_metadata.csv", TMDB.as_bytes());
    folder.ok(&["import", "tmdb-csv", "movies_metadata.csv"]);
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train", "--model", "content"]);
    let listed = |more: &[&str]| {
        let arguments = [&["recommend", "--liked", "1", "--json"], more].concat();
        let list: serde_json::Value = serde_json::from_str(&folder.ok(&arguments)).unwrap();
        let movies = list["recommendations"].as_array().unwrap().iter();
        let mut ids: Vec<u64> = movies.map(|movie| movie["movie_id"].as_u64().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(listed(&[]), [2]);
    assert_eq!(listed(&["--include-adult"]), [2, 3]);
    assert_eq!(listed(&["--include-unreleased"]), [2, 4, 5]);
    let found = folder.ok(&["search", "toys"]);
    let line = |title: &str| found.lines().find(|line| line.contains(title)).unwrap().to_owned();
    assert!(line("Adult Toys").ends_with("comedy  adult"), "{found}");
    assert!(line("Next Toys").ends_with("animation, children  not released"), "{found}");
    assert!(
        folder.read("data/movies_merged.csv").contains("Toy Story Collection,,Released,1995-10-30")
    );
}
