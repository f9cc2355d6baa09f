//! The data drawn for a dataset: its movies, their clusters, and each user's number of ratings. All files
//! are written from it.

use crate::blanks::BLANKS;
use crate::credits::People;
use crate::movie::Movies;
use crate::params::SyntheticParams;
use crate::story::Author;
use crate::stream::{Stream, Topic};
use crate::taxonomy::{N_CLUSTERS, Taxonomy};
use crate::title::Title;
use crate::user::{self, User};
use crate::words::Lexicon;

/// Everything that is drawn once per set of parameters. Text, users and ratings are drawn again from
/// their own streams whenever a file needs them.
pub(crate) struct World {
    pub params: SyntheticParams,
    pub taxonomy: Taxonomy,
    pub movies: Movies,
    pub lexicon: Lexicon,
    /// Number of ratings of each user.
    pub activity: Vec<u32>,
    /// Number of movies in each cluster.
    cluster_sizes: [u32; N_CLUSTERS],
}

impl World {
    pub fn new(params: SyntheticParams) -> Self {
        let taxonomy = Taxonomy::new(params.seed);
        let blank_odds = BLANKS.map(|(_, rows)| rows);
        let movies = Movies::new(params.seed, params.movies, &taxonomy, &blank_odds);
        let mut cluster_sizes = [0; N_CLUSTERS];
        for movie in &movies.movies {
            cluster_sizes[usize::from(movie.cluster)] += 1;
        }
        let activity = user::activity(&params);
        Self { params, taxonomy, movies, lexicon: Lexicon::new(), activity, cluster_sizes }
    }

    /// Returns the user with the ID `user + 1`, along with the stream that draws their movies and
    /// ratings.
    pub fn user(&self, user: u32) -> (User, Stream) {
        let n_ratings = self.activity[user as usize];
        User::draw(self.params.seed, user, n_ratings, &self.taxonomy, &self.movies)
    }

    pub fn title(&self, index: usize) -> Title {
        let mut stream = Stream::new(self.params.seed, Topic::Title, index as u64);
        Title::compose(&self.movies.movies[index], &self.lexicon, &mut stream)
    }

    pub fn directors(&self, index: usize) -> Vec<String> {
        let mut stream = Stream::new(self.params.seed, Topic::Directors, index as u64);
        self.people().directors(&self.movies.movies[index], &mut stream)
    }

    pub fn people(&self) -> People<'_> {
        let seed = self.params.seed;
        People { seed, lexicon: &self.lexicon, cluster_sizes: &self.cluster_sizes }
    }

    pub fn author(&self) -> Author<'_> {
        Author { seed: self.params.seed, lexicon: &self.lexicon, taxonomy: &self.taxonomy }
    }
}
