//! `tags.csv`: tags that users give to movies they have rated.
//!
//! One in thirteen users writes tags, and a few of those write most of them. Users and movies are drawn
//! again from the users' streams, so they match `ratings.csv`.

use std::io::{self, Write};

use crate::movielens::movielens_writer;
use crate::params::MAX_TAGS_PER_RATING;
use crate::sampling::share_out;
use crate::stream::{Stream, Topic, exp};
use crate::user::Picker;
use crate::world::World;

/// Share of users who write tags.
const TAGGER_SHARE: f64 = 0.079;
/// Maximum number of tags that a user gives to a movie.
const MAX_TAGS_PER_MOVIE: u32 = 8;

pub(crate) fn write(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = movielens_writer(out);
    writer.write_record(["userId", "movieId", "tag", "timestamp"])?;
    let mut picker = Picker::new(world.movies.movies.len());
    for (user, n_tags) in (0..).zip(tags_by_user(world)) {
        if n_tags == 0 {
            continue;
        }
        let (profile, mut stream) = world.user(user);
        let picks = picker.pick(&profile, &world.movies, &mut stream);
        let mut stream = Stream::new(world.params.seed, Topic::Tags, u64::from(user));
        let is_capitalized = stream.chance(0.25);
        let user_id = (user + 1).to_string();
        for (index, count) in picks.iter().zip(spread(n_tags, picks.len(), &mut stream)) {
            let movie_id = world.movies.movies[*index as usize].movie_id.to_string();
            for tag in movie_tags(world, *index as usize, count, &mut stream) {
                let tag = if is_capitalized { capitalized(&tag) } else { tag };
                let timestamp = (profile.last_visit() + stream.below(90)).to_string();
                writer.write_record([&user_id, &movie_id, &tag, &timestamp])?;
            }
        }
    }
    writer.flush()
}

fn tags_by_user(world: &World) -> Vec<u32> {
    let mut stream = Stream::new(world.params.seed, Topic::Tagging, 0);
    let weights: Vec<f32> = world
        .activity
        .iter()
        .map(|n_ratings| {
            // Other users write tags only after all taggers have reached their limits.
            let activity =
                if stream.chance(TAGGER_SHARE) { exp(1.7 * stream.normal()) } else { 1e-9 };
            (f64::from(*n_ratings) * activity) as f32
        })
        .collect();
    share_out(world.params.tags, &weights, |user| {
        world.activity[user].saturating_mul(MAX_TAGS_PER_RATING)
    })
}

/// Distributes `n_tags` tags over random movies, in runs of one to five.
fn spread(n_tags: u32, n_movies: usize, stream: &mut Stream) -> Vec<u32> {
    let mut counts = vec![0; n_movies];
    let mut remaining = n_tags;
    while remaining > 0 {
        let mut movie = stream.below(n_movies as u32) as usize;
        while counts[movie] == MAX_TAGS_PER_MOVIE {
            movie = (movie + 1) % n_movies;
        }
        let run = 1 + stream.weighted(&[55, 20, 12, 8, 5]) as u32;
        let run = run.min(remaining).min(MAX_TAGS_PER_MOVIE - counts[movie]);
        counts[movie] += run;
        remaining -= run;
    }
    counts
}

/// Draws distinct tags for a movie, in alphabetical order.
fn movie_tags(world: &World, index: usize, count: u32, stream: &mut Stream) -> Vec<String> {
    let movie = &world.movies.movies[index];
    let author = world.author();
    let common = &world.lexicon.common_tags;
    let mut tags: Vec<String> = Vec::with_capacity(count as usize);
    while tags.len() < count as usize {
        let tag = match stream.weighted(&[45, 30, 15, 10]) {
            0 => author.theme(movie, stream),
            1 => common[stream.zipf(common.len())].to_owned(),
            2 => author.compound(movie, stream),
            _ => world.directors(index).swap_remove(0).to_lowercase(),
        };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.sort_unstable();
    tags
}

fn capitalized(tag: &str) -> String {
    let mut tag = tag.to_owned();
    tag[..1].make_ascii_uppercase();
    tag
}
