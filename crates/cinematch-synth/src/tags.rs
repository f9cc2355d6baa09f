//! `tags.csv`: what viewers wrote on films they rated.
//!
//! One viewer of thirteen tags at all, and few of those write most tags. Viewer and films are
//! drawn again from the viewer's own stream: they are those of `ratings.csv`.

use std::io::{self, Write};

use super::sampling::share_out;
use super::stream::{Stream, Topic, exp};
use super::user::Picker;
use super::{Generator, movielens_writer};

/// The share of viewers who tag.
const TAGGERS: f64 = 0.079;
/// Tags a viewer writes at most, by rating: the limit that checked parameters keep.
pub(super) const MOST_PER_RATING: u32 = 4;
/// Tags on one film by one viewer, at most.
const MOST_PER_MOVIE: u32 = 8;

pub(super) fn write(generator: &Generator, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = movielens_writer(out);
    writer.write_record(["userId", "movieId", "tag", "timestamp"])?;
    let mut picker = Picker::new(generator.movies.movies.len());
    for (user, n_tags) in (0..).zip(tags_by_user(generator)) {
        if n_tags == 0 {
            continue;
        }
        let (viewer, mut stream) = generator.user(user);
        let picks = picker.pick(&viewer, &generator.movies, &mut stream);
        let mut stream = Stream::new(generator.params.seed, Topic::Tags, u64::from(user));
        let capitals = stream.chance(0.25);
        let user_id = (user + 1).to_string();
        for (index, count) in picks.iter().zip(spread(n_tags, picks.len(), &mut stream)) {
            let movie_id = generator.movies.movies[*index as usize].movie_id.to_string();
            for tag in movie_tags(generator, *index as usize, count, &mut stream) {
                let tag = if capitals { capitalised(&tag) } else { tag };
                let timestamp = (viewer.last_visit() + stream.below(90)).to_string();
                writer.write_record([&user_id, &movie_id, &tag, &timestamp])?;
            }
        }
    }
    writer.flush()
}

fn tags_by_user(generator: &Generator) -> Vec<u32> {
    let mut stream = Stream::new(generator.params.seed, Topic::Tagging, 0);
    let weights: Vec<f32> = generator
        .activity
        .iter()
        .map(|n_ratings| {
            // Others tag only when the taggers have no room left.
            let zeal = if stream.chance(TAGGERS) { exp(1.7 * stream.normal()) } else { 1e-9 };
            (f64::from(*n_ratings) * zeal) as f32
        })
        .collect();
    share_out(generator.params.tags, &weights, |user| {
        generator.activity[user].saturating_mul(MOST_PER_RATING)
    })
}

/// Tags by film: runs of one to five on films at random.
fn spread(n_tags: u32, n_movies: usize, stream: &mut Stream) -> Vec<u32> {
    let mut counts = vec![0; n_movies];
    let mut left = n_tags;
    while left > 0 {
        let mut movie = stream.below(n_movies as u32) as usize;
        while counts[movie] == MOST_PER_MOVIE {
            movie = (movie + 1) % n_movies;
        }
        let run = 1 + stream.weighted(&[55, 20, 12, 8, 5]) as u32;
        let run = run.min(left).min(MOST_PER_MOVIE - counts[movie]);
        counts[movie] += run;
        left -= run;
    }
    counts
}

/// Different tags for a film, in alphabetical order.
fn movie_tags(generator: &Generator, index: usize, count: u32, stream: &mut Stream) -> Vec<String> {
    let movie = &generator.movies.movies[index];
    let author = generator.author();
    let common = &generator.lexicon.common_tags;
    let mut tags: Vec<String> = Vec::with_capacity(count as usize);
    while tags.len() < count as usize {
        let tag = match stream.weighted(&[45, 30, 15, 10]) {
            0 => author.theme(movie, stream),
            1 => common[stream.zipf(common.len())].to_owned(),
            2 => author.compound(movie, stream),
            _ => generator.directors(index).swap_remove(0).to_lowercase(),
        };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.sort_unstable();
    tags
}

fn capitalised(tag: &str) -> String {
    let mut tag = tag.to_owned();
    tag[..1].make_ascii_uppercase();
    tag
}
