//! `cinematch import tmdb-csv`: public dumps, unsupported files and missing regions.

use crate::support::folder::{Folder, real_data};

const MOVIES: &str = "adult,genres,id,imdb_id,original_language,overview,popularity,poster_path,\
                      release_date,runtime,title,vote_average,vote_count\n\
                      False,\"[{'id': 16, 'name': 'Animation'}]\",862,tt0114709,en,\"Andy's toys\",\
                      21.9,/a.jpg,1995-10-30,81.0,Toy Story,7.7,5415.0\n\
                      False,[],82663,tt0113002,en,broken off\n - here,1,x\n";
const CREDITS: &str = "cast,crew,id\n\"[{'name': 'Tom Hanks'}]\",\"[{'job': 'Director', 'name': \
                       'John Lasseter'}]\",862\n";

fn import(folder: &Folder, files: &[&str]) -> String {
    folder.ok(&[&["import", "tmdb-csv", "--region", "DE"], files].concat())
}

#[test]
fn imports_public_dumps_into_the_metadata_table() {
    let folder = Folder::empty();
    folder.write("movies_metadata.csv", MOVIES.as_bytes());
    folder.write("credits.csv", CREDITS.as_bytes());
    let output =
        folder.run(&["import", "tmdb-csv", "movies_metadata.csv", "credits.csv", "--region", "DE"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("raw/tmdb/tmdb_metadata.csv: 1 movie, 1 of them imported by this run"),
        "{text}"
    );
    assert!(notes.contains("movies_metadata.csv") && notes.contains("first on line 3"), "{notes}");
    let table = folder.read("raw/tmdb/tmdb_metadata.csv");
    assert!(
        table.contains(
            "862,Toy Story,1995-10-30,81,21.9,5415,7.7,animation,Andy's toys,,Tom Hanks,John \
             Lasseter,en,/a.jpg,,tt0114709,,false,,,,,\n"
        ),
        "{table}"
    );
    // The dumps contain no watch providers, so the table has no `services` column.
    assert!(table.starts_with("tmdb_id,") && !table.contains("services"), "{table}");
    // Importing the files one by one produces an identical table.
    let other = Folder::empty();
    other.write("movies_metadata.csv", MOVIES.as_bytes());
    other.write("credits.csv", CREDITS.as_bytes());
    import(&other, &["credits.csv"]);
    import(&other, &["movies_metadata.csv"]);
    assert_eq!(other.read("raw/tmdb/tmdb_metadata.csv"), table);
}

#[test]
fn unsupported_files_change_nothing() {
    let folder = Folder::empty();
    folder.write("ratings.csv", b"userId,movieId,rating\n1,1,4.0\n");
    let error = folder.fails(&["import", "tmdb-csv", "ratings.csv", "--region", "DE"]);
    assert!(error.contains("wrong header") && error.contains("tmdb_id"), "{error}");
    folder.write("empty.csv", b"id,title\n");
    let error = folder.fails(&["import", "tmdb-csv", "empty.csv", "--region", "DE"]);
    assert!(error.contains("empty.csv contains no movies; nothing was changed"), "{error}");
    assert!(!folder.path("raw/tmdb").exists());
}

#[test]
fn real_metadata_round_trips_through_the_store() {
    let Some(raw) = real_data("real_metadata_round_trips_through_the_store") else { return };
    let folder = Folder::empty();
    let real = raw.join("tmdb/tmdb_metadata.csv");
    let movies_of = |bytes: &[u8]| {
        let file = cinematch::sources::tmdb::metadata("t.csv", bytes).unwrap();
        let mut movies: Vec<String> = file
            .decoded
            .records
            .iter()
            .map(|movie| {
                let numbers =
                    (movie.runtime, movie.popularity, movie.vote_count, movie.vote_average);
                let lists = [&movie.keywords, &movie.cast, &movie.directors];
                // The store replaces tabs in names; in the source, they are errors.
                let lists = lists.map(|list| {
                    cinematch::sources::values::joined(&list.replace('\t', " ")).into_owned()
                });
                format!("{} {numbers:?} {lists:?} {:?}", movie.tmdb_id, movie.overview)
            })
            .collect();
        movies.sort();
        movies
    };
    let before = std::fs::read(&real).unwrap();
    import(&folder, &[real.to_str().unwrap()]);
    let after = std::fs::read(folder.path("raw/tmdb/tmdb_metadata.csv")).unwrap();
    let (before, after) = (movies_of(&before), movies_of(&after));
    assert_eq!(before.len(), after.len());
    let different: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).take(3).collect();
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn imports_metadata_without_a_region_and_explains_rejected_rows() {
    let folder = Folder::empty();
    folder.write("own.csv", b"tmdb_id,title\n7,A\n");
    let import = |file: &str| {
        let mut command = folder.command(&["import", "tmdb-csv", file]);
        command.env("LC_ALL", "C").output().unwrap()
    };
    assert!(import("own.csv").status.success());
    assert!(folder.read("raw/tmdb/tmdb_metadata.csv").contains("\n7,A,"));
    folder.write("bad.csv", b"tmdb_id,title\n862,Caf\xe9\nx,B\n");
    let output = import("bad.csv");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("UTF-8") && errors.contains("first on line 3"), "{errors}");
    assert!(errors.contains("bad.csv contains no movies"), "{errors}");
}
