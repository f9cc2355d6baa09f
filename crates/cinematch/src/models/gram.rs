//! The Gram matrix G = `XᵀX` of a sparse users × movies matrix X, and that of the movies' features, computed
//! one row at a time.

use super::implicit::Implicit;
use crate::features::CsrMatrix;
use crate::ids::MovieIdx;

/// The movies selected as columns of X, most frequent first.
pub(crate) struct Columns {
    movies: Vec<MovieIdx>,
    /// Weight matrix (users × columns).
    user_columns: CsrMatrix<f32>,
    /// `entries[starts[c]..starts[c + 1]]` holds the entries of column `c`.
    starts: Vec<usize>,
    entries: Vec<Entry>,
}

/// A user with an entry in a column.
struct Entry {
    user: u32,
    /// Position of the column in the user's row.
    position: u32,
}

impl Columns {
    /// Selects up to `max_columns` movies with the most users, breaking ties by row. Movies without users are
    /// omitted. O(entries · log(movies)).
    pub(crate) fn new(implicit: &Implicit, max_columns: usize) -> Self {
        let n_users = |movie: &MovieIdx| implicit.movie_users().row(movie.row()).0.len();
        let mut movies: Vec<MovieIdx> = (0..implicit.n_movies() as u32).map(MovieIdx).collect();
        movies.retain(|movie| n_users(movie) > 0);
        movies.sort_by_key(|movie| std::cmp::Reverse(n_users(movie)));
        movies.truncate(max_columns);

        let mut column_of = vec![u32::MAX; implicit.n_movies()];
        for (column, movie) in movies.iter().enumerate() {
            column_of[movie.row()] = column as u32;
        }
        let mut starts = vec![0];
        starts.extend(movies.iter().scan(0, |end, movie| {
            *end += n_users(movie);
            Some(*end)
        }));
        let mut user_columns = CsrMatrix::new(movies.len());
        let mut next = starts.clone();
        let mut entries: Vec<Entry> =
            (0..starts[movies.len()]).map(|_| Entry { user: 0, position: 0 }).collect();
        let mut row: Vec<(u32, f32)> = Vec::new();
        for user in 0..implicit.n_users() {
            row.clear();
            let user_entries = implicit.user_movies().entries(user);
            let columns = user_entries.map(|(movie, weight)| (column_of[movie as usize], weight));
            row.extend(columns.filter(|(column, _)| *column != u32::MAX));
            row.sort_unstable_by_key(|(column, _)| *column);
            for (position, (column, _)) in row.iter().enumerate() {
                let slot = &mut next[*column as usize];
                entries[*slot] = Entry { user: user as u32, position: position as u32 };
                *slot += 1;
            }
            user_columns.push_row(row.iter().copied());
        }
        Self { movies, user_columns, starts, entries }
    }

    /// Returns the movie of each column.
    pub(crate) fn movies(&self) -> &[MovieIdx] {
        &self.movies
    }

    /// Adds a row of G, starting at the diagonal: `values[k] += G[column][column + k]`.
    /// O(entries of the column's users from that column on).
    pub(crate) fn add_upper_row(&self, column: usize, values: &mut [f32]) {
        self.each_user(column, |weight, columns, weights, position| {
            add(weight, column, &columns[position..], &weights[position..], values);
        });
    }

    /// Adds a row of G: `values[k] += G[column][k]`. O(entries of the column's users).
    pub(crate) fn add_row(&self, column: usize, values: &mut [f32]) {
        self.each_user(column, |weight, columns, weights, _| {
            add(weight, 0, columns, weights, values);
        });
    }

    /// Calls `each` for every user in `column` with the entry's weight, the user's row (columns and weights),
    /// and the column's position in that row.
    fn each_user(&self, column: usize, mut each: impl FnMut(f32, &[u32], &[f32], usize)) {
        for entry in &self.entries[self.starts[column]..self.starts[column + 1]] {
            let (columns, weights) = self.user_columns.row(entry.user as usize);
            each(weights[entry.position as usize], columns, weights, entry.position as usize);
        }
    }
}

/// The Gram matrix `FFᵀ` of the features F of selected movies.
pub(crate) struct FeatureGram<'a> {
    features: &'a CsrMatrix<f32>,
    movies: &'a [MovieIdx],
    /// Positions in `movies` of the movies with each feature, in ascending order, and their values.
    movies_with: CsrMatrix<f32>,
}

impl<'a> FeatureGram<'a> {
    /// Indexes the features of `movies`. O(entries).
    pub(crate) fn new(features: &'a CsrMatrix<f32>, movies: &'a [MovieIdx]) -> Self {
        let rows = movies.iter().map(|movie| movie.row());
        Self { features, movies, movies_with: features.transposed(rows, |_| true) }
    }

    /// Adds `weight` times a row, starting at the diagonal: `values[k] += weight · (FFᵀ)[row][row + k]`.
    /// O(movies that share the row's features).
    pub(crate) fn add_upper_row(&self, row: usize, weight: f32, values: &mut [f32]) {
        for (feature, value) in self.features.entries(self.movies[row].row()) {
            let (positions, others) = self.movies_with.row(feature as usize);
            let from = positions.partition_point(|position| (*position as usize) < row);
            add(weight * value, row, &positions[from..], &others[from..], values);
        }
    }
}

fn add(weight: f32, first: usize, columns: &[u32], weights: &[f32], values: &mut [f32]) {
    for (column, other) in columns.iter().zip(weights) {
        values[*column as usize - first] += weight * other;
    }
}
