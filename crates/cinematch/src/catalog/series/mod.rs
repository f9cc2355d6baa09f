//! Series: movies and their sequels, in the order in which to watch them.
//!
//! A movie belongs to the series of its TMDB collection. A movie without a collection belongs to a series if its
//! title says so: `Toy Story 2`, `Star Wars: Episode V - …`, `Harry Potter and the …`. `titles` reads titles, and
//! `links` decides whether two movies with a common stem are parts of one series.
//!
//! The parts are ordered by year of release, which is the order that audiences know: *Star Wars* starts with
//! Episode IV. Parts of the same year are ordered by number.

mod links;
mod titles;

use super::Movie;
use crate::ids::MovieIdx;
use links::Links;

/// The series of a catalog. A movie is in at most one series.
#[derive(Clone, Debug, Default)]
pub struct SeriesIndex {
    /// Index of each movie's series in [`Self::series`], by row.
    series_of: Vec<Option<u32>>,
    /// Parts of each series, in order; at least two.
    series: Vec<Vec<MovieIdx>>,
}

impl SeriesIndex {
    /// Finds the series in a catalog. O(n log n) for n movies.
    pub fn new(movies: &[Movie]) -> Self {
        let mut links = Links::from_collections(movies);
        links.add_titles(movies);
        let mut parts: Vec<(u32, u16, u8, MovieIdx)> = (0..movies.len() as u32)
            .map(MovieIdx)
            .map(|movie| {
                let year = movies[movie.row()].year.unwrap_or(u16::MAX);
                (links.root(movie), year, links.part(movie), movie)
            })
            .collect();
        parts.sort_unstable_by_key(|(root, year, part, movie)| {
            (*root, *year, *part, movies[movie.row()].movie_id)
        });
        let mut index = Self { series_of: vec![None; movies.len()], series: Vec::new() };
        for series in parts.chunk_by(|a, b| a.0 == b.0).filter(|series| series.len() > 1) {
            for (_, _, _, movie) in series {
                index.series_of[movie.row()] = Some(index.series.len() as u32);
            }
            index.series.push(series.iter().map(|(_, _, _, movie)| *movie).collect());
        }
        index
    }

    /// Returns all series, each with its parts in order.
    pub fn all(&self) -> &[Vec<MovieIdx>] {
        &self.series
    }

    /// Returns the index in [`Self::all`] of the series that `movie` is a part of.
    pub fn series_of(&self, movie: MovieIdx) -> Option<usize> {
        self.series_of.get(movie.row()).copied().flatten().map(|series| series as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    /// Creates a movie from `title @ year`, optionally followed by `| names of actors` and `| genres`.
    fn parse(id: u32, text: &str) -> Movie {
        let mut fields = text.split(" | ");
        let (title, year) = fields.next().unwrap().rsplit_once(" @ ").unwrap();
        let mut list = || -> Vec<String> {
            fields.next().map_or(Vec::new(), |field| field.split(", ").map(str::to_owned).collect())
        };
        let (cast, genres) = (list(), list());
        let genres = if genres.is_empty() { vec!["drama".to_owned()] } else { genres };
        Movie { year: year.parse().ok(), cast, genres, ..movie(id, title) }
    }

    /// Asserts that the movies form these series, written as rows in order.
    fn check(movies: &[&str], expected: &[&[u32]]) {
        let movies: Vec<Movie> = (0..).zip(movies).map(|(id, text)| parse(id, text)).collect();
        let index = SeriesIndex::new(&movies);
        let series: Vec<Vec<u32>> =
            index.all().iter().map(|parts| parts.iter().map(|movie| movie.0).collect()).collect();
        assert_eq!(series, expected, "{movies:?}");
    }

    #[test]
    fn parts_are_ordered_by_year_and_then_by_number() {
        check(
            &[
                "Star Wars: Episode I - The Phantom Menace @ 1999",
                "Star Wars: Episode V - The Empire Strikes Back @ 1980",
                "Star Wars: Episode IV - A New Hope @ 1977",
                "Kill Bill: Vol. 2 @ 2003",
                "Kill Bill: Vol. 1 @ 2003",
            ],
            &[&[2, 1, 0], &[4, 3]],
        );
    }

    #[test]
    fn a_first_part_needs_no_number() {
        check(&["Toy Story 2 @ 1999", "Toy Story @ 1995", "Toy Story 3 @ 2010"], &[&[1, 0, 2]]);
        check(&["The Godfather @ 1972", "The Godfather: Part II @ 1974"], &[&[0, 1]]);
        check(&["Alien @ 1979", "Aliens @ 1986"], &[]);
        let weaver = |title: &str| format!("{title} | Weaver");
        let alien = [weaver("Alien @ 1979"), weaver("Alien³ @ 1992"), weaver("Aliens @ 1986")];
        check(&alien.each_ref().map(String::as_str), &[&[0, 2, 1]]);
    }

    #[test]
    fn subtitles_need_a_shared_name_or_a_long_stem_and_close_years() {
        let potter =
            |title: &str, year, cast| format!("Harry Potter and the {title} @ {year}{cast}");
        let first = potter("Sorcerer's Stone", 2001, "");
        check(&[&first, &potter("Chamber of Secrets", 2002, "")], &[&[0, 1]]);
        check(&[&first, &potter("Cursed Child", 2016, "")], &[]);
        let first = potter("Sorcerer's Stone", 2001, " | Radcliffe, Watson");
        check(&[&first, &potter("Cursed Child", 2016, " | Watson")], &[&[0, 1]]);
        check(&[&first, &potter("Chamber of Secrets", 2002, " | Someone")], &[]);
        check(&["Babe @ 1995 | Cromwell", "Babe: Pig in the City @ 1998 | Cromwell"], &[&[0, 1]]);
    }

    #[test]
    fn titles_without_a_number_are_sequels_only_with_shared_names() {
        let rocky = "Rocky @ 1976 | Stallone, Shire";
        check(&[rocky, "Rocky Balboa @ 2006 | Stallone, Shire"], &[&[0, 1]]);
        check(&[rocky, "The Rocky Horror Picture Show @ 1975 | Curry"], &[]);
        check(&["Heat @ 1995 | Pacino, De Niro", "Body Heat @ 1981 | Hurt, Turner"], &[]);
    }

    #[test]
    fn a_plural_of_another_title_does_not_start_a_series() {
        let sequel = Movie {
            keywords: vec!["sequel".to_owned()],
            ..parse(3, "Toy Story 2 @ 1999 | Hanks, Cusack")
        };
        let movies = [
            parse(0, "The Toy @ 1982 | Pryor"),
            parse(1, "Toys @ 1992 | Cusack"),
            parse(2, "Toy Story @ 1995 | Hanks"),
            sequel,
        ];
        assert_eq!(SeriesIndex::new(&movies).all(), [[MovieIdx(2), MovieIdx(3)]]);
    }

    #[test]
    fn numbers_that_are_not_parts_do_not_make_a_series() {
        check(&["Apollo 13 @ 1995", "Apollo 18 @ 2011", "Apollo 11 @ 2019"], &[]);
        check(&["Seven @ 1995", "The Magnificent Seven @ 1960", "Seven Samurai @ 1954"], &[]);
        check(&["12 Angry Men @ 1957", "District 9 @ 2009", "Fear @ 1996", "Fear X @ 2003"], &[]);
        let eleven = "Ocean's Eleven @ 2001 | Clooney";
        check(&[eleven, "Ocean's Twelve @ 2004 | Clooney"], &[&[0, 1]]);
    }

    #[test]
    fn an_equal_title_starts_another_series() {
        check(&["King Kong @ 1933", "King Kong @ 1976", "King Kong @ 2005"], &[]);
        check(
            &["Halloween @ 1978", "Halloween II @ 1981", "Halloween @ 2007", "Halloween II @ 2009"],
            &[&[0, 1], &[2, 3]],
        );
        let taxi = |title: &str, cast: &str| format!("{title} | {cast}");
        check(
            &[
                &taxi("Taxi @ 1998", "Naceri"),
                &taxi("Taxi 2 @ 2000", "Naceri"),
                &taxi("Taxi @ 2004", "Fallon"),
                &taxi("Taxi 4 @ 2007", "Naceri"),
            ],
            &[&[0, 1, 3]],
        );
    }

    #[test]
    fn documentaries_and_stand_up_specials_do_not_join() {
        check(&["Hellboy @ 2004 | P", "Hellboy: The Making Of @ 2004 | P | documentary"], &[]);
        check(
            &["Louis C.K.: Hilarious @ 2010 | Louis C.K.", "Louis C.K.: Live @ 2011 | Louis C.K."],
            &[],
        );
    }

    #[test]
    fn alternative_titles_are_read_too() {
        let with = |id, text, alternative: &str| Movie {
            alt_titles: vec![alternative.to_owned()],
            ..parse(id, text)
        };
        let movies = [
            parse(0, "Mad Max @ 1979"),
            with(1, "The Road Warrior @ 1981", "Mad Max 2"),
            with(
                2,
                "Raiders of the Lost Ark @ 1981",
                "Indiana Jones and the Raiders of the Lost Ark",
            ),
            parse(3, "Indiana Jones and the Temple of Doom @ 1984"),
        ];
        let rows = |parts: &Vec<MovieIdx>| parts.iter().map(|movie| movie.0).collect::<Vec<_>>();
        let series = SeriesIndex::new(&movies);
        assert_eq!(series.all().iter().map(rows).collect::<Vec<_>>(), [[0, 1], [2, 3]]);
        assert_eq!(series.series_of(MovieIdx(3)), Some(1));
        assert_eq!(series.series_of(MovieIdx(9)), None);
    }

    #[test]
    fn a_collection_takes_precedence_over_titles() {
        let with = |id, text, collection: &str| Movie {
            collection: Some(collection.to_owned()),
            ..parse(id, text)
        };
        let movies = [
            with(0, "Before Sunset @ 2004", "Before"),
            with(1, "Before Sunrise @ 1995", "Before"),
            with(2, "Batman @ 1989", "Batman"),
            with(3, "Batman 2 @ 1992", "Another Batman"),
        ];
        let series = SeriesIndex::new(&movies);
        assert_eq!(series.all(), [[MovieIdx(1), MovieIdx(0)]]);
    }
}
