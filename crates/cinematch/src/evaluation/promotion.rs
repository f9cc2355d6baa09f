//! Whether a new generation may take the champion's place: not whether it is better, which chance and
//! few users could hide for months, but whether it is not worse.
//!
//! Both rank for the same users whom neither has seen, as the server would. The challenger passes where
//! the lower end of the 95 % interval of the difference is above what may be lost: a non-inferiority
//! test by the paired [`Bootstrap`]. It must pass for users with a history and for those who have just
//! come, since a model that learns more of the ones can lose the others.

use serde::{Deserialize, Serialize};

use super::holdout::{Panel, Worth};
use super::significance::{Bootstrap, SignificanceError};
use crate::ranking::Recommender;

/// Why a challenger is served that nothing can be compared with.
const FIRST: &str = "nothing that could be compared with it is served";
/// Fewer users prove nothing.
const FEWEST_USERS: usize = 10;
/// A challenger must have this share of the champion's films and ratings: less looks like an input that was cut
/// off.
const FEWEST: f64 = 0.9;

/// What a challenger must keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The share of the champion's NDCG that may be lost.
    pub margin: f64,
    /// Whether it may have much fewer films.
    pub allow_fewer_movies: bool,
    /// Whether it may have learned from much fewer ratings.
    pub allow_fewer_ratings: bool,
    /// Of the intervals.
    pub bootstrap: Bootstrap,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            margin: 0.02,
            allow_fewer_movies: false,
            allow_fewer_ratings: false,
            bootstrap: Bootstrap::default(),
        }
    }
}

/// Who wants to serve.
#[derive(Clone, Copy, Debug)]
pub struct Challenger<'a> {
    /// What is asked.
    pub recommender: &'a Recommender,
    /// The ratings that it learned from.
    pub n_ratings: usize,
}

/// Who serves now.
#[derive(Clone, Debug)]
pub struct Champion<'a> {
    /// What is asked.
    pub recommender: &'a Recommender,
    /// The ratings that it learned from.
    pub n_ratings: usize,
    /// Whether it learned from the users who would be asked: what it remembers of them is no merit, so that it
    /// cannot be judged.
    pub has_seen_all: bool,
    /// Whether the challenger was made by the same settings.
    pub has_same_recipe: bool,
    /// Its generation.
    pub generation: u64,
    /// Its model.
    pub model_id: String,
}

/// A mean over users, or a difference of two, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What one contender is worth to one kind of users, at 20 films.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Means {
    /// NDCG, by which it is decided.
    pub ndcg: Interval,
    /// The share of the films to find that were shown.
    pub recall: Interval,
    /// The share of users who were shown at least one.
    pub hit: Interval,
    /// Different films on all pages.
    pub n_shown: usize,
}

/// NDCG of users with histories of about one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByHistory {
    /// The shortest history of the class.
    pub from: usize,
    /// Users.
    pub users: usize,
    /// The challenger's mean.
    pub challenger: f64,
    /// The champion's.
    pub champion: Option<f64>,
}

/// Both for one kind of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Users asked for.
    pub users: usize,
    /// The new generation.
    pub challenger: Means,
    /// The one that serves.
    pub champion: Option<Means>,
    /// The challenger's NDCG minus the champion's.
    pub difference: Option<Interval>,
    /// What the lower end of the difference must not be below.
    pub allowed: Option<f64>,
    /// By length of history.
    pub by_history: Vec<ByHistory>,
    /// Whether the challenger is not worse.
    pub passed: bool,
}

/// The champion, in a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Its generation.
    pub generation: u64,
    /// Its model.
    pub model_id: String,
}

/// What was found, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the challenger is to be promoted.
    pub promote: bool,
    /// Why, or why not, in a sentence.
    pub why: String,
    /// The share of the champion's NDCG that could be lost.
    pub margin: f64,
    /// Who serves; `None` where nobody does yet.
    pub champion: Option<Against>,
    /// Users with a history; `None` where too few could be asked.
    pub overall: Option<Comparison>,
    /// Users who have just come.
    pub cold: Option<Comparison>,
}

/// Judges a challenger; without a panel, where there are no ratings, by what it is alone. O(users ·
/// films) a contender; equal inputs give equal verdicts.
pub fn judge(
    panel: Option<&Panel<'_>>,
    challenger: Challenger<'_>,
    champion: Option<&Champion<'_>>,
    rule: &Rule,
) -> Result<Verdict, SignificanceError> {
    let rival = champion.filter(|champion| !champion.has_seen_all);
    let compare = |ask: &dyn Fn(&Recommender) -> Worth| {
        let worth = ask(challenger.recommender);
        let other = rival.map(|rival| ask(rival.recommender));
        Ok((worth.unanswered, Comparison::new(&worth, other.as_ref(), rule)?))
    };
    let (mut unanswered, mut overall, mut cold) = (0, None, None);
    let n_users = panel.map_or(0, |panel| panel.n_users().min(panel.n_newcomers()));
    if let Some(panel) = panel.filter(|_| n_users >= FEWEST_USERS) {
        let (without, comparison) = compare(&|recommender| panel.users(recommender))?;
        (unanswered, overall) = (without, Some(comparison));
        let (without, comparison) = compare(&|recommender| panel.newcomers(recommender))?;
        (unanswered, cold) = (unanswered + without, Some(comparison));
    }
    let refused = refused(challenger, champion, unanswered, rule);
    let (promote, why) = match (refused, &overall, &cold) {
        (Some(why), ..) => (false, why),
        (None, Some(overall), Some(cold)) => sentence(overall, cold),
        (None, ..) => without_users(n_users, challenger, champion),
    };
    let champion = champion.map(|champion| Against {
        generation: champion.generation,
        model_id: champion.model_id.clone(),
    });
    Ok(Verdict { promote, why, margin: rule.margin, champion, overall, cold })
}

/// What no figure makes up for.
fn refused(
    challenger: Challenger<'_>,
    champion: Option<&Champion<'_>>,
    unanswered: usize,
    rule: &Rule,
) -> Option<String> {
    let n_movies = challenger.recommender.movies().len();
    if n_movies == 0 {
        return Some("it has no films".to_owned());
    }
    if unanswered > 0 {
        return Some(format!("it recommends nothing at all in {unanswered} cases"));
    }
    let champion = champion?;
    if champion.has_seen_all {
        let why = "the champion learned from all users, so that nobody is left to ask which is better; \
                   `cinematch models promote` serves it, and from then on generations are compared";
        return Some(why.to_owned());
    }
    let is_much_less = |of_challenger: usize, of_champion: usize| {
        (of_challenger as f64) < of_champion as f64 * FEWEST
    };
    let of_champion = champion.recommender.movies().len();
    if !rule.allow_fewer_movies && is_much_less(n_movies, of_champion) {
        return Some(format!(
            "it has {n_movies} films and the champion {of_champion}, as if an input had been cut off; \
             --allow-fewer-films lets it pass"
        ));
    }
    let (n_ratings, of_champion) = (challenger.n_ratings, champion.n_ratings);
    if !rule.allow_fewer_ratings && is_much_less(n_ratings, of_champion) {
        return Some(format!(
            "it learned from {n_ratings} ratings and the champion from {of_champion}, as if an input had \
             been cut off; --allow-fewer-ratings lets it pass"
        ));
    }
    None
}

/// Where hardly anybody can be asked, only what has nothing to do with ratings may replace its like.
fn without_users(
    n_users: usize,
    challenger: Challenger<'_>,
    champion: Option<&Champion<'_>>,
) -> (bool, String) {
    match champion {
        None => (true, FIRST.to_owned()),
        Some(champion)
            if champion.has_same_recipe && champion.n_ratings == 0 && challenger.n_ratings == 0 =>
        {
            let why = "made as the champion was, of films' facts alone, and there is nobody to ask";
            (true, why.to_owned())
        }
        Some(_) => (
            false,
            format!(
                "{n_users} users are too few to judge by; `cinematch models promote` serves it all the same"
            ),
        ),
    }
}

fn sentence(overall: &Comparison, cold: &Comparison) -> (bool, String) {
    let Some(_) = &overall.difference else {
        return (true, FIRST.to_owned());
    };
    let parts = [("with a history", overall), ("who have just come", cold)];
    let told = |(who, of): &(&str, &Comparison)| {
        let Comparison { difference: Some(by), allowed: Some(allowed), .. } = of else {
            return String::new();
        };
        format!(
            "for users {who} by {:+.4} (95 % interval {:+.4} to {:+.4}, allowed {:+.4})",
            by.mean, by.low, by.high, allowed
        )
    };
    let failed: Vec<String> = parts.iter().filter(|(_, of)| !of.passed).map(told).collect();
    if failed.is_empty() {
        let all: Vec<String> = parts.iter().map(told).collect();
        return (true, format!("not worse: NDCG at 20 differs {}", all.join(" and ")));
    }
    (false, format!("it may be worse: NDCG at 20 differs {}", failed.join(" and ")))
}

impl Comparison {
    fn new(
        challenger: &Worth,
        champion: Option<&Worth>,
        rule: &Rule,
    ) -> Result<Self, SignificanceError> {
        let means = |worth: &Worth| Means::new(worth, rule.bootstrap);
        let of_champion = champion.map(means).transpose()?;
        let difference = champion
            .map(|champion| interval(rule.bootstrap, &champion.ndcg, &challenger.ndcg))
            .transpose()?;
        let allowed = of_champion.map(|champion| -rule.margin * champion.ndcg.mean);
        Ok(Self {
            users: challenger.ndcg.len(),
            challenger: means(challenger)?,
            champion: of_champion,
            difference,
            allowed,
            by_history: by_history(challenger, champion),
            passed: difference.zip(allowed).is_none_or(|(by, allowed)| by.low >= allowed),
        })
    }
}

impl Means {
    fn new(worth: &Worth, bootstrap: Bootstrap) -> Result<Self, SignificanceError> {
        let nothing = vec![0.0; worth.ndcg.len()];
        let of = |values: &[f64]| interval(bootstrap, &nothing, values);
        Ok(Self {
            ndcg: of(&worth.ndcg)?,
            recall: of(&worth.recall)?,
            hit: of(&worth.hit)?,
            n_shown: worth.n_shown,
        })
    }
}

fn interval(
    bootstrap: Bootstrap,
    baseline: &[f64],
    values: &[f64],
) -> Result<Interval, SignificanceError> {
    let compared = bootstrap.compare(baseline, &[values], 1)?;
    let of = compared.first().ok_or(SignificanceError::NoUsers)?;
    Ok(Interval { mean: of.difference, low: of.low, high: of.high })
}

/// The means of users with shorter and with longer histories.
fn by_history(challenger: &Worth, champion: Option<&Worth>) -> Vec<ByHistory> {
    const FROM: [usize; 5] = [1, 10, 30, 100, 300];
    let class = |n_history: usize| FROM.iter().rposition(|from| n_history >= *from).unwrap_or(0);
    let mut classes: Vec<ByHistory> = Vec::new();
    for (at, from) in FROM.into_iter().enumerate() {
        let users: Vec<usize> = (0..challenger.ndcg.len())
            .filter(|user| class(challenger.n_history[*user]) == at)
            .collect();
        if users.is_empty() {
            continue;
        }
        let mean = |worth: &Worth| {
            users.iter().map(|user| worth.ndcg[*user]).sum::<f64>() / users.len() as f64
        };
        classes.push(ByHistory {
            from,
            users: users.len(),
            challenger: mean(challenger),
            champion: champion.map(mean),
        });
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some users, and others whom the model serves so much worse or better.
    fn worth(shift: impl Fn(usize) -> f64) -> Worth {
        let ndcg: Vec<f64> =
            (0..200).map(|user| 0.3 + f64::from(user * 37 % 100) / 500.0).collect();
        let ndcg: Vec<f64> = ndcg.iter().enumerate().map(|(user, of)| of + shift(user)).collect();
        let n_history = (0..200).map(|user| user * 2).collect();
        Worth { recall: ndcg.clone(), hit: ndcg.clone(), ndcg, n_history, ..Worth::default() }
    }

    fn compare(shift: impl Fn(usize) -> f64, margin: f64) -> Comparison {
        let rule = Rule { margin, ..Rule::default() };
        Comparison::new(&worth(shift), Some(&worth(|_| 0.0)), &rule).unwrap()
    }

    #[test]
    fn equal_ones_pass_and_so_does_a_loss_within_the_margin_but_no_greater_one() {
        assert!(compare(|_| 0.0, 0.0).passed);
        // Of a mean of about 0.4, two per cent are 0.008.
        assert!(compare(|_| -0.007, 0.02).passed);
        assert!(!compare(|_| -0.009, 0.02).passed);
        assert!(compare(|_| 0.001, 0.0).passed);
    }

    #[test]
    fn what_may_be_chance_does_not_pass_unless_chance_is_small() {
        // On average nothing, but users differ: too few of them to tell.
        let noisy = compare(|user| if user % 2 == 0 { 0.1 } else { -0.1 }, 0.02);
        assert!(!noisy.passed, "{noisy:?}");
        let by = noisy.difference.unwrap();
        assert!(by.low < -0.008 && by.high > 0.008 && by.mean.abs() < 1e-9, "{by:?}");
        let quiet = compare(|user| if user % 2 == 0 { 0.01 } else { -0.01 }, 0.02);
        assert!(quiet.passed, "{quiet:?}");
        assert_eq!(quiet, compare(|user| if user % 2 == 0 { 0.01 } else { -0.01 }, 0.02));
    }

    #[test]
    fn both_kinds_of_users_must_pass() {
        let (good, bad) = (compare(|_| 0.0, 0.02), compare(|_| -0.05, 0.02));
        let (promote, why) = sentence(&good, &good);
        assert!(
            promote && why.starts_with("not worse: NDCG at 20 differs for users with"),
            "{why}"
        );
        let (promote, why) = sentence(&good, &bad);
        assert!(!promote && why.contains("who have just come by -0.0500"), "{why}");
        assert!(!why.contains("with a history"), "{why}");
        assert!(!sentence(&bad, &good).0);
    }

    #[test]
    fn histories_are_classed_by_their_length() {
        let of = compare(|_| 0.0, 0.02).by_history;
        let users: Vec<(usize, usize)> = of.iter().map(|by| (by.from, by.users)).collect();
        assert_eq!(users, [(1, 5), (10, 10), (30, 35), (100, 100), (300, 50)]);
    }
}
