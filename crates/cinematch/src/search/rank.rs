//! Candidates for a query, their scores, and the choice of the best.

use rustc_hash::FxHashMap;

use super::entities::Kind;
use super::hit::{Found, Hit, Matched};
use super::index::SearchIndex;
use super::query::{Query, QueryWord, by_id, divisions, parse};
use super::score::{EntityMatch, Scored, Source, score_movie};
use crate::ids::MovieIdx;

/// Maximum number of movies to score for the rarest word of a query, and for each other word.
const MAX_CANDIDATES: usize = 4000;
const MAX_OTHER_CANDIDATES: usize = 500;
/// Maximum number of words of the index to follow for one query word.
const MAX_TERMS: usize = 400;
/// Maximum number of names to compare for one query word.
const MAX_NAMES: usize = 3000;
/// Maximum number of matching names, and of movies for each name.
const MAX_ENTITIES: usize = 40;
const MAX_MOVIES_OF_ENTITY: usize = 300;
/// Maximum number of people to return.
const MAX_PEOPLE: usize = 3;
/// Penalty for results of words that the user wrote together or apart.
const DIVISION_PENALTY: f32 = 0.1;
/// Factor for a name and for a keyword that match in part, and for a query that is only a first name.
const PARTIAL_NAME_FACTOR: f32 = 0.92;
const PARTIAL_KEYWORD_FACTOR: f32 = 0.6;
const FIRST_NAME_FACTOR: f32 = 0.6;
/// Minimum quality for a person to be returned as such.
const MIN_PERSON_QUALITY: f32 = 0.6;
/// Minimum quality of a last name that stands for a person.
const MIN_LAST_NAME_QUALITY: f32 = 0.7;
/// Minimum quality of a keyword, before the factor for a partial match.
const MIN_KEYWORD_QUALITY: f32 = 0.8;

/// Results for one way to divide the query into words.
struct Run {
    query: Query,
    scored: Vec<Scored>,
    entities: Vec<EntityMatch>,
    is_full: bool,
}

impl SearchIndex {
    /// Returns the `limit` most relevant movies, best first. Ties are broken by popularity.
    ///
    /// The time depends on the number of movies that share a word with the query, up to a limit, and not on the size
    /// of the catalog.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        self.find(query, limit).hits
    }

    /// Returns the `limit` most relevant movies, the people whose name is the query, and the words that were ignored.
    /// See [`search`](Self::search).
    pub fn find(&self, query: &str, limit: usize) -> Found {
        Search::new(self).find(query, limit)
    }
}

/// A search in an index.
pub(super) struct Search<'a> {
    index: &'a SearchIndex,
}

impl<'a> Search<'a> {
    pub(super) fn new(index: &'a SearchIndex) -> Self {
        Self { index }
    }

    pub(super) fn find(&self, text: &str, limit: usize) -> Found {
        if let Some(movie) = by_id(self.index, text) {
            let mut hits = vec![Hit { movie, score: 1.0, matched: Matched::Id }];
            hits.truncate(limit);
            return Found { hits, ..Found::default() };
        }
        let (texts, is_incomplete) = parse(text);
        if texts.is_empty() {
            return Found::default();
        }
        let mut best = self.run(Query::new(self.index, &texts, is_incomplete, 1));
        let known = |text: &String| self.index.lexicon.id(text).is_some();
        let divided = divisions(self.index, &texts).into_iter();
        for division in divided.filter(|division| division.iter().all(known)) {
            let other = self.run(Query::new(self.index, &division, is_incomplete, 0));
            best = merge(best, other, DIVISION_PENALTY);
        }
        if !best.is_full {
            let other = self.run(Query::new(self.index, &texts, is_incomplete, 2));
            best = merge(best, other, 0.0);
        }
        self.finish(best, limit)
    }

    fn run(&self, query: Query) -> Run {
        let required = required_mask(&query);
        let rarity: Vec<f32> = query.words.iter().map(|word| self.rarity(word)).collect();
        let entities = self.entities(&query, required);
        let mut of_movie: FxHashMap<u32, Vec<EntityMatch>> = FxHashMap::default();
        for found in &entities {
            let movies = &self.index.entities[found.entity as usize].movies;
            for (rank, _) in movies.iter().take(MAX_MOVIES_OF_ENTITY) {
                of_movie.entry(*rank).or_default().push(*found);
            }
        }
        let mut candidates = self.candidates(&query);
        candidates.extend(of_movie.keys());
        candidates.sort_unstable();
        candidates.dedup();
        let scored: Vec<Scored> = candidates
            .into_iter()
            .filter_map(|rank| {
                let entities = of_movie.get(&rank).map_or(&[][..], Vec::as_slice);
                let covered = |mask: u16| -> f32 {
                    let mask = mask & required;
                    rarity.iter().enumerate().map(|(at, rarity)| bit(mask, at) * rarity).sum()
                };
                score_movie(self.index, &query, required, rank, entities, covered)
            })
            .collect();
        let is_full = scored.iter().any(|movie| movie.mask & required == required);
        Run { query, scored, entities, is_full }
    }

    /// Returns the weight of a word when words must be dropped: rare words are kept.
    fn rarity(&self, word: &QueryWord) -> f32 {
        let postings = &self.index.title_postings;
        let n_movies = self.index.rows.len() as f32;
        let count: usize = word.terms.iter().map(|(term, _)| postings.of(*term).len()).sum();
        (1.0 + n_movies / (1.0 + count as f32)).ln()
    }

    /// Returns the ranks of movies that have a word of the query in a title, the most popular first for each word.
    fn candidates(&self, query: &Query) -> Vec<u32> {
        let postings = &self.index.title_postings;
        let count = |word: &QueryWord| -> usize {
            let terms = word.terms.iter().map(|(term, _)| postings.of(*term).len()).sum::<usize>();
            let ranges = std::iter::once(&word.prefixes).chain(&word.near_prefixes);
            terms + ranges.map(|range| postings.count(range) as usize).sum::<usize>()
        };
        let mut words: Vec<(usize, &QueryWord)> = query
            .words
            .iter()
            .filter(|word| word.is_required)
            .map(|word| (count(word), word))
            .filter(|(count, _)| *count > 0)
            .collect();
        words.sort_by_key(|(count, _)| *count);
        let mut ranks = Vec::new();
        for ((_, word), at) in words.into_iter().zip(0..) {
            let limit = if at == 0 { MAX_CANDIDATES } else { MAX_OTHER_CANDIDATES };
            self.most_popular(word, limit, &mut ranks);
        }
        ranks
    }

    /// Adds the `limit` most popular movies with `word` in a title to `ranks`.
    fn most_popular(&self, word: &QueryWord, limit: usize, ranks: &mut Vec<u32>) {
        let postings = &self.index.title_postings;
        // Exact matches first, whatever their popularity.
        let mut terms: Vec<(u32, u32)> =
            word.all_terms().filter_map(|term| Some((*postings.of(term).first()?, term))).collect();
        if terms.len() > MAX_TERMS {
            terms.select_nth_unstable(MAX_TERMS);
            terms.truncate(MAX_TERMS);
            terms.extend(word.terms.iter().map(|(term, _)| (0, *term)));
        }
        let per_term = (4 * limit / terms.len().max(1)).clamp(50, limit);
        let mut found: Vec<u32> = Vec::new();
        for (_, term) in terms {
            let is_exact = word.terms.first().is_some_and(|(first, _)| *first == term);
            let n = if is_exact { limit } else { per_term };
            found.extend(postings.of(term).iter().take(n));
        }
        if found.len() > limit {
            found.sort_unstable();
            found.dedup();
            found.truncate(limit);
        }
        ranks.extend(found);
    }

    /// Returns the people and keywords whose name matches words of the query, best first.
    fn entities(&self, query: &Query, required: u16) -> Vec<EntityMatch> {
        let postings = &self.index.entity_postings;
        let mut found: FxHashMap<u32, EntityMatch> = FxHashMap::default();
        let mut visited: rustc_hash::FxHashSet<u32> = rustc_hash::FxHashSet::default();
        for word in query.words.iter().filter(|word| word.is_required) {
            let mut names: Vec<u32> = Vec::new();
            for term in word.all_terms().take(4 * MAX_TERMS) {
                names.extend(postings.of(term).iter().take(MAX_NAMES));
            }
            if names.len() > MAX_NAMES {
                names.select_nth_unstable(MAX_NAMES);
                names.truncate(MAX_NAMES);
            }
            for name in names {
                if visited.insert(name)
                    && let Some(entity) = self.match_name(query, required, name)
                {
                    found.insert(name, entity);
                }
            }
        }
        let mut found: Vec<EntityMatch> = found.into_values().collect();
        let key = |found: &EntityMatch| {
            let prominence = self.index.entities[found.entity as usize].prominence;
            ((found.mask & required).count_ones() as f32) + found.quality + 0.5 * prominence
        };
        found.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.entity.cmp(&b.entity)));
        found.truncate(MAX_ENTITIES);
        found
    }

    /// Compares the name of an entity with the query. A name matches only adjacent words of the query. A single word
    /// must be the last name of a person.
    fn match_name(&self, query: &Query, required: u16, id: u32) -> Option<EntityMatch> {
        let entity = &self.index.entities[id as usize];
        let mut qualities = [0.0_f32; 16];
        let mut positions = [usize::MAX; 16];
        for (term, position) in entity.words.iter().zip(0..) {
            let mut best = None;
            query.matches(self.index, *term, |word, quality| {
                if quality > qualities[word] && best.is_none_or(|(_, known)| quality > known) {
                    best = Some((word, quality));
                }
            });
            if let Some((word, quality)) = best {
                (qualities[word], positions[word]) = (quality, position);
            }
        }
        let is_matched = |at: &usize| qualities[*at] > 0.0;
        let mut run = 0..0;
        let mut start = 0;
        while start < query.words.len() {
            let end =
                (start..query.words.len()).find(|at| !is_matched(at)).unwrap_or(query.words.len());
            if end - start > run.len() {
                run = start..end;
            }
            start = end + 1;
        }
        let mask = run.clone().fold(0_u16, |mask, at| mask | 1 << at);
        if mask & required == 0 {
            return None;
        }
        let n_words = entity.words.len();
        let mut quality = qualities[run.clone()].iter().sum::<f32>() / run.len() as f32;
        let is_last = run.clone().any(|at| positions[at] + 1 == n_words);
        // A keyword with a typing error would be a keyword that the user didn't mean.
        if entity.kind == Kind::Keyword && quality < MIN_KEYWORD_QUALITY {
            return None;
        }
        if run.len() < n_words {
            // A last name with two typing errors is more likely to belong to another person.
            if entity.kind == Kind::Person && run.len() == 1 && quality < MIN_LAST_NAME_QUALITY {
                return None;
            }
            quality *= match entity.kind {
                Kind::Person if is_last => PARTIAL_NAME_FACTOR,
                Kind::Person if query.words.len() == run.len() => FIRST_NAME_FACTOR,
                Kind::Keyword if 2 * run.len() >= n_words => PARTIAL_KEYWORD_FACTOR,
                _ => return None,
            };
        }
        Some(EntityMatch { entity: id, mask, quality })
    }

    /// Chooses the best results, and drops words if no movie matches all of them.
    fn finish(&self, run: Run, limit: usize) -> Found {
        let required = required_mask(&run.query);
        let mut scored = run.scored;
        let most = scored.iter().map(|movie| movie.covered).fold(0.0, f32::max);
        scored.retain(|movie| movie.covered >= most - 1e-3);
        let order = |a: &Scored, b: &Scored| {
            b.score.total_cmp(&a.score).then(self.row(a.rank).cmp(&self.row(b.rank)))
        };
        scored.sort_unstable_by(order);
        let mask = scored.first().map_or(required, |movie| movie.mask);
        let is_dropped = |at: usize| !scored.is_empty() && bit(required & !mask, at) > 0.0;
        let words = run.query.words.iter().enumerate();
        let dropped =
            words.filter(|(at, _)| is_dropped(*at)).map(|(_, word)| word.text.clone()).collect();
        let people = run.entities.iter().filter(|found| {
            let is_person = self.index.entities[found.entity as usize].kind == Kind::Person;
            is_person && found.mask & required == required && found.quality >= MIN_PERSON_QUALITY
        });
        let people = people.take(MAX_PEOPLE);
        Found {
            people: people
                .map(|found| self.index.person_hit(&self.index.entities[found.entity as usize]))
                .collect(),
            hits: scored.iter().take(limit).map(|movie| self.hit(movie)).collect(),
            dropped,
        }
    }

    fn row(&self, rank: u32) -> u32 {
        self.index.rows[rank as usize]
    }

    fn hit(&self, movie: &Scored) -> Hit {
        let row = self.row(movie.rank);
        let matched = match movie.source {
            Source::Title => Matched::Title,
            Source::Alternative(at) => {
                let name = self.index.names[row as usize].get(usize::from(at));
                name.map_or(Matched::Title, |name| Matched::AlternativeTitle(name.clone()))
            }
            Source::Entity(id) => {
                let entity = &self.index.entities[id as usize];
                match entity.kind {
                    Kind::Person => Matched::Person(entity.name.to_string()),
                    Kind::Keyword => Matched::Keyword(entity.name.to_string()),
                }
            }
        };
        Hit { movie: MovieIdx(row), score: movie.score.max(0.0), matched }
    }
}

/// Returns 1 if bit `at` of `mask` is set, and otherwise 0.
fn bit(mask: u16, at: usize) -> f32 {
    f32::from(mask >> at & 1)
}

fn required_mask(query: &Query) -> u16 {
    let words = query.words.iter().enumerate().filter(|(_, word)| word.is_required);
    words.fold(0, |mask, (at, _)| mask | 1 << at)
}

/// Merges the results for two ways to divide a query into words. Results that match all words win; otherwise those of
/// `first`.
fn merge(first: Run, mut second: Run, penalty: f32) -> Run {
    if !second.is_full {
        return first;
    }
    second.scored.iter_mut().for_each(|movie| movie.score -= penalty);
    if !first.is_full {
        return second;
    }
    // Both match all words of their query. The masks of full matches are comparable, others are dropped.
    let is_full = |run: &Run| {
        let required = required_mask(&run.query);
        move |movie: &Scored| movie.mask & required == required
    };
    let (keep_first, keep_second) = (is_full(&first), is_full(&second));
    let mask = required_mask(&first.query);
    let others = second.scored.into_iter().filter(keep_second);
    let mut best: FxHashMap<u32, Scored> = FxHashMap::default();
    for movie in first.scored.into_iter().filter(keep_first).chain(others) {
        let movie = Scored { covered: 1.0, mask, ..movie };
        let known = best.entry(movie.rank).or_insert_with(|| movie.clone());
        if movie.score > known.score {
            *known = movie;
        }
    }
    let scored = best.into_values().collect();
    let entities = if first.entities.is_empty() { second.entities } else { first.entities };
    Run { query: first.query, scored, entities, is_full: true }
}
