//! Generations, and how the one in service behaves.

use cinematch::bundle::{ArtifactsError, Bundle, Generations};
use cinematch::catalog::{Interactions, Rated};
use cinematch::evaluation::Exposure;
use cinematch::ids::{MovieIdx, UserIdx};
use cinematch::ranking::{Query, Rating, Recommender};

use super::data::Table;
use super::{Doctor, Findings};
use crate::commands::inputs::{How, load_ratings, ratings_path};
use crate::options::Global;
use crate::output::{Output, counted, thousands};
use crate::paths::shown;

/// Films asked for in each list.
const SHOWN: usize = 20;
/// A viewer's latest ratings that are asked with.
const HISTORY: usize = 100;
/// More viewers than this of whom the models of ratings know nothing are a catalogue that has moved on.
const MANY_FALLBACKS: f64 = 0.2;
/// Lists that show the most rated hundredth of films more than this show hardly anything else.
const MOSTLY_HITS: f64 = 0.8;
/// Lists of all viewers that show so few different films are one list. A share of what could be shown.
const FEW_MOVIES: f64 = 0.02;
/// More films than this beyond the trained ones, and training is due.
const MANY_NEWCOMERS: f64 = 0.05;

impl Doctor {
    /// Loads the generation in service, which checks every file, and asks it for lists.
    pub(super) fn model(
        &self,
        global: &Global,
        silent: &Output,
        table: Option<&Table>,
        findings: &mut Findings,
    ) {
        let generations = Generations::at(&self.artifacts.resolve(global));
        let bundle = match generations.load() {
            Ok(bundle) => bundle,
            Err(error) => {
                let advice = match &error {
                    ArtifactsError::NotFound { .. } => "run `cinematch train`",
                    _ => "run `cinematch models rollback`, or `cinematch train`",
                };
                findings.fail("model.files", error.to_string(), advice);
                return;
            }
        };
        let manifest = &bundle.manifest;
        findings.ok(
            "model.files",
            format!(
                "generation {}, {}: {} files whole",
                bundle.generation,
                manifest.model_id,
                manifest.files.len()
            ),
        );
        match generations.all().last() {
            Some(newest) if *newest > bundle.generation => findings.warn(
                "model.newest",
                format!("generation {} serves; {newest} is newer", bundle.generation),
                "it was not promoted, or somebody went back: see `cinematch models list`",
            ),
            _ => findings.ok("model.newest", "the newest generation serves"),
        }
        if let Some(Table { movies, sum }) = table {
            let input = manifest.inputs.iter().find(|input| input.name == sum.name);
            let is_stale = input.is_some_and(|input| input.sha256 != sum.sha256);
            let vocabulary = bundle.recommender.vocabulary();
            let new =
                movies.iter().filter(|movie| vocabulary.index_of(movie.movie_id).is_none()).count();
            let found = if is_stale {
                let new = counted(new as u64, "film");
                format!("the merged table has changed since: {new} more")
            } else {
                "made from the merged table as it is".to_owned()
            };
            findings.warn_if(is_stale, "model.stale", found, "run `cinematch update`");
        }
        let newcomers = manifest.counts.movies - manifest.learned_movies();
        let share = newcomers as f64 / manifest.counts.movies.max(1) as f64;
        let found = format!("{} not trained on", counted(newcomers as u64, "film"));
        findings.warn_if(share > MANY_NEWCOMERS, "model.newcomers", found, "run `cinematch train`");
        self.behaviour(&bundle, global, silent, findings);
    }

    /// Asks for lists of real viewers.
    fn behaviour(
        &self,
        bundle: &Bundle,
        global: &Global,
        silent: &Output,
        findings: &mut Findings,
    ) {
        let recommender = &bundle.recommender;
        let path = ratings_path(&self.raw.resolve(global));
        if self.sample == 0 || !path.exists() {
            findings
                .ok("model.lists", "no viewers asked for: there are no ratings, or --sample is 0");
            return;
        }
        let how = How { refresh: false, write_nothing: true };
        let loaded = match load_ratings(how, &self.raw, &self.packed, global, silent) {
            Ok(loaded) => loaded,
            Err(error) => {
                let advice = "run `cinematch ratings` to see what is wrong with them";
                findings.fail("data.ratings", format!("{}: {error:#}", shown(&path)), advice);
                return;
            }
        };
        let interactions = loaded.interactions.restricted_to(recommender.vocabulary());
        let n_movies = recommender.movies().len();
        let n_ratings: Vec<u32> = (0..n_movies as u32)
            .map(|row| interactions.of_movie(MovieIdx(row)).len() as u32)
            .collect();
        let asked = ask(recommender, &interactions, self.sample);
        if asked.lists.is_empty() {
            findings.ok("model.lists", "nobody has rated a film of the catalogue");
            return;
        }
        let n_users = asked.lists.len();
        let is_candidate = vec![true; n_movies];
        let exposure = Exposure::at(SHOWN, &asked.lists, n_movies);

        let short = asked.lists.iter().filter(|list| list.len() < SHOWN.min(n_movies / 2)).count();
        let found =
            format!("{} asked for, {short} lists too short", counted(n_users as u64, "viewer"));
        findings.warn_if(
            short > 0,
            "model.lists",
            found,
            "the catalogue is too small for its viewers",
        );

        let fallbacks = asked.fallbacks as f64 / n_users as f64;
        let found = format!(
            "{:.0} % of viewers have no film that models of ratings know",
            fallbacks * 100.0
        );
        let advice = "films that are watched are not trained on: run `cinematch train`";
        findings.warn_if(fallbacks > MANY_FALLBACKS, "model.fallbacks", found, advice);

        let share = exposure.popularity_share(&is_candidate, &n_ratings);
        let found =
            format!("the most rated hundredth of films fills {:.0} % of lists", share * 100.0);
        let advice = "lists are hardly personal: look at `cinematch evaluate`, lower the weight of \
                      popular, or ask with novelty";
        findings.warn_if(share > MOSTLY_HITS, "model.popularity", found, advice);

        // As many films as places, or all of them, could be shown.
        let shown = exposure.coverage(&is_candidate) * n_movies as f64;
        let could = n_movies.min(n_users * SHOWN) as f64;
        let found = format!(
            "{} different films in {} places",
            thousands(shown.round() as u64),
            thousands((n_users * SHOWN) as u64)
        );
        let advice = "viewers of different taste get one list: train again, and compare with \
                      `cinematch evaluate`";
        findings.warn_if(shown < could * FEW_MOVIES, "model.coverage", found, advice);
    }
}

/// Lists of some viewers.
struct Asked {
    lists: Vec<Vec<MovieIdx>>,
    /// Viewers of whom the models of ratings know no film.
    fallbacks: usize,
}

/// Asks for lists as a server would, of viewers spread over all.
fn ask(recommender: &Recommender, interactions: &Interactions, most: usize) -> Asked {
    let n_users = interactions.n_users();
    let step = n_users.div_ceil(most).max(1);
    let models = &recommender.blend().models;
    let mut asked = Asked { lists: Vec::new(), fallbacks: 0 };
    for user in (0..n_users).step_by(step) {
        let mut history: Vec<Rated> = interactions.of_user(UserIdx(user as u32)).collect();
        if history.is_empty() {
            continue;
        }
        history.sort_by_key(|rated| std::cmp::Reverse(rated.time));
        history.truncate(HISTORY);
        let is_known =
            |rated: &Rated| models.iter().any(|learned| learned.model.knows(rated.movie));
        if !models.is_empty() && !history.iter().any(is_known) {
            asked.fallbacks += 1;
        }
        let rating = |rated: &Rated| Rating {
            movie_id: recommender.movie(rated.movie).movie_id,
            rating: rated.stars.value(),
        };
        let query = Query {
            ratings: history.iter().map(rating).collect(),
            limit: SHOWN,
            ..Query::default()
        };
        // Films and stars are the catalogue's own.
        if let Ok((request, _)) = recommender.resolve(&query) {
            let list = recommender.recommend(&request);
            asked.lists.push(list.items.iter().map(|item| item.movie).collect());
        }
    }
    asked
}
