//! Relevance of a movie for a query.

use super::entities::Kind;
use super::index::{SearchIndex, Title};
use super::query::{MAX_WORDS, Query};
use super::titles::Form;

/// Weight of a form of a title.
const ALTERNATIVE_WEIGHT: f32 = 0.97;
const INITIALS_WEIGHT: f32 = 0.9;
/// Weight of a word that matches a name.
const PERSON_WEIGHT: f32 = 0.9;
const KEYWORD_WEIGHT: f32 = 0.6;
/// Bonuses for a title without other words, for words in the order of the title, and for its first word.
const WHOLE_TITLE_BONUS: f32 = 0.5;
const ORDER_BONUS: f32 = 0.05;
const FIRST_WORD_BONUS: f32 = 0.04;
/// Bonus for the first movie of a series if the query has no words of its subtitle.
const FIRST_PART_BONUS: f32 = 0.06;
/// Share of the bonus for a whole title if the words are a title without its subtitle.
const HEAD_SHARE: f32 = 0.82;
/// Bonuses for popularity, for a movie of the requested year, and for a year off by one.
const POPULARITY_BONUS: f32 = 0.5;
const YEAR_BONUS: f32 = 0.6;
const NEAR_YEAR_BONUS: f32 = 0.2;
/// Bonuses for the movies of a person whose name is the whole query.
const PROMINENCE_BONUS: f32 = 0.2;
const ROLE_BONUS: f32 = 0.25;
/// Quality of a number that matches the position in a series.
const PART_QUALITY: f32 = 0.95;
/// Weight of a common word in a title.
const COMMON_WEIGHT: f32 = 0.15;

/// A person or keyword that matches words of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntityMatch {
    pub entity: u32,
    /// Query words that the name matches, as bits.
    pub mask: u16,
    /// Mean quality of the matches.
    pub quality: f32,
}

/// A movie with its score.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    pub rank: u32,
    pub score: f32,
    /// Query words that the movie matches, as bits.
    pub mask: u16,
    /// Sum of the rarity of the matched words.
    pub covered: f32,
    pub source: Source,
}

/// The part of a movie's metadata that matches a query.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Title,
    Alternative(u8),
    Entity(u32),
}

/// How well a form of a title matches.
#[derive(Clone, Debug)]
struct TitleMatch {
    form: Form,
    qualities: [f32; MAX_WORDS],
    mask: u16,
    /// Share of the title that the query covers.
    coverage: f32,
    order_bonus: f32,
}

/// Scores the movie with this `rank`, whose people and keywords match as given in `entities`. Returns `None` if it
/// matches no required word.
pub(super) fn score_movie(
    index: &SearchIndex,
    query: &Query,
    required: u16,
    rank: u32,
    entities: &[EntityMatch],
    covered: impl Fn(u16) -> f32,
) -> Option<Scored> {
    let scorer = Scorer { index, query, required, rank };
    let mut best: Option<Scored> = None;
    let mut consider = |title: Option<&TitleMatch>| {
        if let Some((mask, score, source)) = scorer.score(title, entities) {
            let covered = covered(mask);
            let is_better = best.as_ref().is_none_or(|best| {
                (covered, score) > (best.covered + 1e-4, f32::MIN)
                    || (covered > best.covered - 1e-4 && score > best.score)
            });
            if is_better {
                best = Some(Scored { rank, score, mask, covered, source });
            }
        }
    };
    for title in index.titles_of(rank) {
        if let Some(title) = scorer.match_title(*title) {
            consider(Some(&title));
        }
    }
    if !entities.is_empty() {
        consider(None);
    }
    best
}

struct Scorer<'a> {
    index: &'a SearchIndex,
    query: &'a Query,
    required: u16,
    rank: u32,
}

impl Scorer<'_> {
    /// Compares a title with the query. Returns `None` if they have no required word in common.
    fn match_title(&self, title: Title) -> Option<TitleMatch> {
        let index = self.index;
        let mut qualities = [0.0_f32; MAX_WORDS];
        let mut positions = [usize::MAX; MAX_WORDS];
        let (mut used, mut total, mut head) = (0.0, 0.0, 0.0);
        let mut is_used_after_head = false;
        for (token, position) in index.tokens[title.range()].iter().zip(0..) {
            let weight = if index.is_common[*token as usize] { COMMON_WEIGHT } else { 1.0 };
            let is_head = position < usize::from(title.n_head);
            total += weight;
            head += if is_head { weight } else { 0.0 };
            let mut best: Option<(usize, f32)> = None;
            self.query.matches(index, *token, |word, quality| {
                let gain = quality - qualities[word];
                let known = best.map_or(0.0, |(word, quality)| quality - qualities[word]);
                if gain > known {
                    best = Some((word, quality));
                }
            });
            let is_exact = best.is_some_and(|(_, quality)| quality >= 1.0);
            if position == 0 && title.form == Form::Initials && !is_exact {
                return None;
            }
            if let Some((word, quality)) = best {
                (qualities[word], positions[word]) = (quality, position);
                used += weight;
                is_used_after_head |= !is_head && !index.is_common[*token as usize];
            }
        }
        let mut mask = mask_of(&qualities);
        if mask & self.required == 0 {
            return None;
        }
        let part = index.parts[self.rank as usize];
        for (word, at) in self.query.words.iter().zip(0..) {
            if qualities[at] == 0.0 && part > 0 && word.number == Some(part) {
                qualities[at] = PART_QUALITY;
                used += 1.0;
                total += 1.0;
                mask |= 1 << at;
            }
        }
        let mut coverage = used / f32::max(total, 0.1);
        if title.n_head > 0 && !is_used_after_head {
            coverage = coverage.max(HEAD_SHARE * (used / head.max(0.1)).min(1.0));
        }
        let found: Vec<usize> =
            positions[..self.query.words.len()].iter().copied().filter(|at| *at < 255).collect();
        let is_ordered = found.is_sorted();
        let is_first = found.first() == Some(&0)
            || (found.first() == Some(&1) && {
                index.is_common[index.tokens[title.start as usize] as usize]
            });
        // The title of a series stands for its first movie.
        let is_first_part = index.is_first[self.rank as usize];
        let part_bonus = if is_first_part && !is_used_after_head { FIRST_PART_BONUS } else { 0.0 };
        let order_bonus = part_bonus
            + if is_ordered { ORDER_BONUS } else { 0.0 }
            + if is_first { FIRST_WORD_BONUS } else { 0.0 };
        Some(TitleMatch { form: title.form, qualities, mask, coverage, order_bonus })
    }

    /// Scores a title together with names for the words that the title doesn't contain.
    fn score(
        &self,
        title: Option<&TitleMatch>,
        entities: &[EntityMatch],
    ) -> Option<(u16, f32, Source)> {
        let mut qualities = title.map_or([0.0; MAX_WORDS], |title| title.qualities);
        let mut mask = title.map_or(0, |title| title.mask);
        let mut source = match title.map(|title| title.form) {
            Some(Form::Alternative(at)) => Source::Alternative(at),
            _ => Source::Title,
        };
        let mut name_bonus = 0.0;
        for found in entities {
            if found.mask & self.required & !mask == 0 || found.mask & mask & self.required != 0 {
                continue;
            }
            let entity = &self.index.entities[found.entity as usize];
            let weight = if entity.kind == Kind::Person { PERSON_WEIGHT } else { KEYWORD_WEIGHT };
            for (at, quality) in qualities.iter_mut().enumerate() {
                if found.mask >> at & 1 == 1 {
                    *quality = weight * found.quality;
                }
            }
            mask |= found.mask;
            source = Source::Entity(found.entity);
            if title.is_none() && entity.kind == Kind::Person {
                let role = entity.movies.binary_search_by_key(&self.rank, |(rank, _)| *rank);
                let role = role.map_or(0.0, |at| entity.movies[at].1);
                name_bonus =
                    found.quality * (PROMINENCE_BONUS * entity.prominence + ROLE_BONUS * role);
            }
        }
        if mask & self.required == 0 {
            return None;
        }
        let rank = self.rank as usize;
        let year = self.index.years[rank];
        let mut year_bonus = 0.0;
        if let Some((at, wanted)) = self.query.year
            && qualities[at] == 0.0
        {
            year_bonus = match year.map(|year| year.abs_diff(wanted)) {
                Some(0) => YEAR_BONUS,
                Some(1) => NEAR_YEAR_BONUS,
                _ => 0.0,
            };
        }
        let is_year = |at: usize| self.query.year.is_some_and(|(year, _)| year == at);
        let (mut sum, mut total) = (0.0, 0.0);
        for (word, at) in self.query.words.iter().zip(0..) {
            if !is_year(at) || qualities[at] > 0.0 {
                sum += word.weight * qualities[at];
                total += word.weight;
            }
        }
        let mean = sum / f32::max(total, 0.1);
        let weight = match title.map(|title| title.form) {
            Some(Form::Alternative(_)) => ALTERNATIVE_WEIGHT,
            Some(Form::Initials) => INITIALS_WEIGHT,
            _ => 1.0,
        };
        let title_bonus = title
            .map_or(0.0, |title| WHOLE_TITLE_BONUS * title.coverage * mean + title.order_bonus);
        let score = weight * (mean + title_bonus)
            + name_bonus
            + year_bonus
            + POPULARITY_BONUS * self.index.popularity[rank];
        Some((mask, score, source))
    }
}

fn mask_of(qualities: &[f32]) -> u16 {
    let matched = qualities.iter().enumerate().filter(|(_, quality)| **quality > 0.0);
    matched.fold(0, |mask, (at, _)| mask | 1 << at)
}
