//! Strong generalisation: users whom no model has seen.
//!
//! Liang, Krishnan, Hoffman and Jebara, "Variational Autoencoders for Collaborative Filtering", 2018.
//! Users who liked few films are left out; of the others some are held out, half of them to choose
//! hyperparameters by (validation), half to report (test). All ratings of the remaining ones are for
//! training. Of a held-out user's liked films a part is the history a model may see, the rest it
//! must find among all films that training knows.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

/// How users are divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrongGeneralization {
    /// Users held out for validation, and as many more for the test.
    pub held_out: usize,
    /// The fewest liked films of a user who takes part.
    pub min_liked: usize,
    /// The share of a held-out user's liked films that a model may see.
    pub history_share: f64,
    /// Of the division.
    pub seed: u64,
}

impl Default for StrongGeneralization {
    fn default() -> Self {
        Self { held_out: 10_000, min_liked: 5, history_share: 0.8, seed: 42 }
    }
}

/// The half stars from which a film is liked: 4 stars.
pub const LIKED: u8 = 8;

/// A user whom no model has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Who it is.
    pub user: UserIdx,
    /// What a model may know of them, by film.
    pub history: Vec<Rated>,
    /// What it must find, ascending.
    pub relevant: Vec<MovieIdx>,
}

/// Divided users.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Users to learn from, ascending.
    pub training: Vec<UserIdx>,
    /// Users to choose hyperparameters by, ascending.
    pub validation: Vec<HeldOut>,
    /// Users to report, ascending.
    pub test: Vec<HeldOut>,
    /// For every film whether a training user liked it: what lists are made of.
    pub is_candidate: Vec<bool>,
}

/// Too few users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{eligible} users liked {min_liked} films or more; 2 × {held_out} held-out users would leave \
     too few to learn from: hold out fewer than a third each"
)]
pub struct TooFewUsers {
    /// Users who could take part.
    pub eligible: usize,
    /// The fewest films they must have liked.
    pub min_liked: usize,
    /// Held-out users asked for.
    pub held_out: usize,
}

impl StrongGeneralization {
    /// Divides. The same seed gives the same division. O(ratings).
    pub fn split(&self, interactions: &Interactions) -> Result<Split, TooFewUsers> {
        let Self { held_out, min_liked, .. } = *self;
        let is_liked = |rated: &Rated| rated.stars.halves() >= LIKED;
        let mut users: Vec<UserIdx> = interactions
            .users()
            .filter(|user| interactions.of_user(*user).filter(is_liked).count() >= min_liked)
            .collect();
        let eligible = users.len();
        if held_out == 0 || 3 * held_out > eligible {
            return Err(TooFewUsers { eligible, min_liked, held_out });
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        shuffle(&mut users, &mut random);
        let mut test = users.split_off(eligible - held_out);
        let mut validation = users.split_off(eligible - 2 * held_out);
        let mut training = users;
        for users in [&mut training, &mut validation, &mut test] {
            users.sort_unstable();
        }

        let mut is_candidate = vec![false; interactions.n_movies()];
        for user in &training {
            for rated in interactions.of_user(*user).filter(is_liked) {
                is_candidate[rated.movie.row()] = true;
            }
        }
        let hold = |user: &UserIdx| {
            let liked = interactions.of_user(*user).filter(is_liked);
            let known = liked.filter(|rated| is_candidate[rated.movie.row()]);
            // A stream for each user: who else is held out changes nothing.
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(1 + u64::from(interactions.user(*user).0));
            let mut history: Vec<Rated> = known.collect();
            shuffle(&mut history, &mut random);
            let n_history = (history.len() as f64 * self.history_share).round() as usize;
            let relevant = history.split_off(n_history.min(history.len()));
            let mut relevant: Vec<MovieIdx> = relevant.iter().map(|rated| rated.movie).collect();
            relevant.sort_unstable();
            history.sort_unstable_by_key(|rated| rated.movie);
            (!relevant.is_empty() && !history.is_empty()).then_some(HeldOut {
                user: *user,
                history,
                relevant,
            })
        };
        let validation = validation.iter().filter_map(hold).collect();
        let test = test.iter().filter_map(hold).collect();
        Ok(Split { training, validation, test, is_candidate })
    }
}

/// Fisher and Yates' shuffle (Durstenfeld 1964).
fn shuffle<T>(items: &mut [T], random: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // Multiplied, not divided: of so few numbers the bias is below 2⁻³².
        let below = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        items.swap(last, below as usize);
    }
}
