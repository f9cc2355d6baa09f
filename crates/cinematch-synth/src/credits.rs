//! Directors and casts.
//!
//! Each cluster has a pool of people that grows with its number of movies. People are drawn with odds ∝
//! 1/√(rank + 1), so a few names are frequent and half of them appear only once, as in TMDB. One in ten
//! draws is from the pool of a random cluster. A person is represented by a number, from which the name
//! is composed on demand.

use crate::movie::Movie;
use crate::stream::{Stream, Topic};
use crate::taxonomy::N_CLUSTERS;
use crate::words::Lexicon;

#[derive(Clone, Copy)]
enum Job {
    Actor,
    Director,
}

/// Composes people's names.
pub(crate) struct People<'a> {
    pub seed: u64,
    pub lexicon: &'a Lexicon,
    /// Number of movies in each cluster.
    pub cluster_sizes: &'a [u32; N_CLUSTERS],
}

impl People<'_> {
    /// Draws one director, or two with a probability of 3 %.
    pub fn directors(&self, movie: &Movie, stream: &mut Stream) -> Vec<String> {
        let count = if stream.chance(0.03) { 2 } else { 1 };
        (0..count).map(|_| self.draw(movie, Job::Director, stream)).collect()
    }

    /// Draws between one and ten distinct actors, in billing order.
    pub fn cast(&self, movie: &Movie, stream: &mut Stream) -> Vec<String> {
        let count = [1, 2, 4, 5, 10][stream.weighted(&[2, 3, 7, 40, 48])];
        let mut cast: Vec<String> = Vec::with_capacity(count);
        for _ in 0..count {
            let actor = self.draw(movie, Job::Actor, stream);
            if !cast.contains(&actor) {
                cast.push(actor);
            }
        }
        cast
    }

    fn draw(&self, movie: &Movie, job: Job, stream: &mut Stream) -> String {
        let cluster = if stream.chance(0.1) {
            stream.below(N_CLUSTERS as u32)
        } else {
            u32::from(movie.cluster)
        };
        let movies = self.cluster_sizes[cluster as usize];
        let people = 12
            + match job {
                Job::Actor => 3 * movies,
                Job::Director => movies / 2,
            };
        let share = stream.unit();
        let rank = (f64::from(people) * share * share) as u64;
        let number = u64::from(cluster) << 34 | (job as u64) << 33 | rank;
        self.lexicon.person(&mut Stream::new(self.seed, Topic::Person, number))
    }
}
