use super::*;

const DIRECTOR: BlockKind = BlockKind::Director;
const KEYWORD: BlockKind = BlockKind::Keyword;
const GENRE: BlockKind = BlockKind::Genre;

/// A liked movie with a contribution of 0.3 from `shared` features, each given with its contribution.
fn movie<'a>(title: &'a str, shared: &[(BlockKind, &'a str, f32)]) -> Reason<'a> {
    rated(title, Feedback::Rated(5.0), shared)
}

fn rated<'a>(
    title: &'a str,
    feedback: Feedback,
    shared: &[(BlockKind, &'a str, f32)],
) -> Reason<'a> {
    let reason = with_contribution(0.3, title, shared);
    match reason {
        Reason::Movie { movie_id, title, contribution, from_users, shared, .. } => {
            Reason::Movie { movie_id, title, feedback, contribution, from_users, shared }
        }
        other => other,
    }
}

fn with_contribution<'a>(
    contribution: f32,
    title: &'a str,
    shared: &[(BlockKind, &'a str, f32)],
) -> Reason<'a> {
    let feature = |(block, name, contribution): &(BlockKind, &'a str, f32)| SharedFeature {
        block: *block,
        name,
        contribution: *contribution,
    };
    Reason::Movie {
        movie_id: MovieId(6),
        title,
        feedback: Feedback::Rated(5.0),
        contribution,
        from_users: 0.0,
        shared: shared.iter().map(feature).collect(),
    }
}

fn with_fans(title: &str, fans: f32) -> Reason<'_> {
    let (movie_id, feedback) = (MovieId(6), Feedback::Rated(5.0));
    Reason::Movie {
        movie_id,
        title,
        feedback,
        contribution: 0.3,
        from_users: fans,
        shared: Vec::new(),
    }
}

fn quality(vote_average: f32, vote_count: u32) -> Reason<'static> {
    let (vote_average, vote_count) = (Some(vote_average), Some(vote_count));
    Reason::Quality { vote_average, vote_count, contribution: 0.1 }
}

#[test]
fn names_directors_and_the_rating_of_their_film() {
    let fargo = movie("Fargo", &[(DIRECTOR, "Ethan Coen", 0.05), (DIRECTOR, "Joel Coen", 0.05)]);
    let line = "Ethan Coen and Joel Coen directed this and Fargo, which you gave 5★.";
    assert_eq!(sentence(std::slice::from_ref(&fargo)).to_string(), line);
    let line = "Ethan Coen and Joel Coen directed this and Fargo.";
    assert_eq!(similarity_sentence(&[fargo]).to_string(), line);
    let reasons = ["Ikiru", "Ran", "Rashomon"]
        .map(|title| rated(title, Feedback::Liked, &[(DIRECTOR, "Akira Kurosawa", 0.05)]));
    assert_eq!(sentence(&reasons).to_string(), "Akira Kurosawa directed this, Ikiru and Ran.");
    assert_eq!(sentence(&reasons).basis, Basis::Person);
}

#[test]
fn names_actors_if_no_director_is_shared() {
    let cast = [(BlockKind::Cast, "Al Pacino", 0.04), (BlockKind::Cast, "Val Kilmer", 0.01)];
    let heat = rated("Heat", Feedback::Liked, &cast);
    let line = "Al Pacino is in this and Heat, which you liked.";
    assert_eq!(sentence(&[heat]).to_string(), line);
}

#[test]
fn names_themes_that_all_named_films_have() {
    let reasons = [
        movie("Seven Samurai", &[(KEYWORD, "samurai", 0.05), (KEYWORD, "honor", 0.04)]),
        movie("Ran", &[(KEYWORD, "samurai", 0.04), (KEYWORD, "honor", 0.03), (GENRE, "war", 0.2)]),
        movie("Yojimbo", &[(KEYWORD, "gangs", 0.08)]),
    ];
    let line = "About samurai and honor, like Seven Samurai and Ran.";
    assert_eq!(sentence(&reasons).to_string(), line);
    let noir =
        [(KEYWORD, "film noir", 0.05), (KEYWORD, "noir", 0.05), (KEYWORD, "Detectives", 0.04)];
    let line = "Film noir, about Detectives, like Laura.";
    assert_eq!(sentence(&[movie("Laura", &noir)]).to_string(), line);
    let tags = [(BlockKind::Tag, "philosophy", 0.05), (KEYWORD, "space", 0.04)];
    let line = "Tagged philosophy, like Solaris.";
    assert_eq!(sentence(&[movie("Solaris", &tags)]).to_string(), line);
    let places = [(KEYWORD, "Paris", 0.05), (KEYWORD, "Rome", 0.04), (KEYWORD, "love", 0.01)];
    let line = "Set in Paris and Rome, like Amelie.";
    assert_eq!(sentence(&[movie("Amelie", &places)]).to_string(), line);
}

#[test]
fn prefers_fans_to_genres_and_films_with_a_small_contribution() {
    let mut reasons = vec![with_fans("Ikiru", 0.2), with_fans("Ran", 0.15), with_fans("M", 0.02)];
    let shared = [(DIRECTOR, "Michael Mann", 0.001), (GENRE, "crime", 0.1)];
    reasons.push(with_contribution(0.01, "Heat", &shared));
    assert_eq!(sentence(&reasons).to_string(), "Fans of Ikiru and Ran like this too.");
    reasons.push(movie("Ali", &shared[1..]));
    reasons.drain(..3);
    assert_eq!(sentence(&reasons).to_string(), "Another crime film, like Heat and Ali.");
}

#[test]
fn names_genres_and_years_only_without_anything_specific() {
    let shared =
        [(GENRE, "crime", 0.05), (GENRE, "thriller", 0.05), (BlockKind::Era, "around 1970", 0.03)];
    let line = sentence(&[movie("Serpico", &shared)]);
    assert_eq!(line.to_string(), "Another crime thriller from around 1970, like Serpico.");
    assert_eq!(line.basis, Basis::Kind);
    let line = sentence(&[movie("Serpico", &shared[2..])]);
    assert_eq!(line.to_string(), "Another film from around 1970, like Serpico.");
}

#[test]
fn names_preferred_genres_and_votes_without_a_history() {
    let genre = |name| Reason::Genre { name, contribution: 0.1 };
    let reasons = [genre("drama"), genre("war"), quality(7.94, 12_198)];
    let line = "You prefer drama and war, and this has 7.9 from 12,198 votes.";
    assert_eq!(sentence(&reasons).to_string(), line);
    assert_eq!(sentence(&reasons[2..]).to_string(), "Rated 7.9 from 12,198 votes.");
    let popular = Reason::Popularity { contribution: 0.1 };
    assert_eq!(sentence(&[popular]).to_string(), "Liked by many users.");
}

#[test]
fn says_so_if_there_is_no_reason() {
    let fallback = "No reasons yet: like or rate a few films to see some.";
    assert_eq!(sentence(&[]).to_string(), fallback);
    assert_eq!(sentence(&[quality(5.9, 10)]).to_string(), fallback);
}

#[test]
fn words_negative_feedback_as_unlike() {
    let poor = rated("Heat", Feedback::Rated(1.5), &[(GENRE, "crime", 0.1)]);
    assert_eq!(sentence(&[poor]).to_string(), "Unlike Heat, which you rated 1.5★.");
    let disliked = rated("Heat", Feedback::Disliked, &[]);
    assert_eq!(sentence(&[disliked]).to_string(), "Unlike Heat.");
}

#[test]
fn names_the_member_of_a_group() {
    let kurosawa = &[(DIRECTOR, "Akira Kurosawa", 0.05)];
    let like = |title| rated(title, Feedback::Liked, kurosawa);
    let shared = [(KEYWORD, "samurai", 0.05), (GENRE, "war", 0.2)];
    let terms = TasteTerms { genres: 0.2, decades: -0.1, popularity: 0.0 };
    let disliked = rated("Heat", Feedback::Disliked, &[]);
    for (reasons, expected) in [
        (
            vec![with_fans("Ikiru", 0.2), with_fans("Ran", 0.15)],
            "Ada loved Ikiru and Ran, and fans of both like this too.",
        ),
        (vec![with_fans("Ikiru", 0.2)], "Ada loved Ikiru, and its fans like this too."),
        (vec![like("Ran")], "Akira Kurosawa directed this and Ran, which Ada liked."),
        (
            vec![like("Ran"), movie("Ikiru", kurosawa)],
            "Akira Kurosawa directed this as well as Ran and Ikiru, which Ada liked.",
        ),
        (vec![movie("Ran", &shared)], "About samurai, like Ran, which Ada loved."),
        (
            vec![rated("Ran", Feedback::Rated(3.0), &shared[1..])],
            "Another war film, like Ran, which Ada saw.",
        ),
        (vec![Reason::Genre { name: "drama", contribution: 0.1 }], "Ada prefers drama."),
        (vec![Reason::Taste { terms, contribution: 0.1 }], "The kind of film Ada often likes."),
        (vec![disliked], "Unlike Heat, which Ada disliked."),
        (Vec::new(), "No reasons yet: Ada has liked or rated too few films."),
    ] {
        assert_eq!(member_sentence(&reasons, "Ada").to_string(), expected);
    }
}

#[test]
fn ends_with_one_mark() {
    let airplane = movie("Airplane!", &[(KEYWORD, "spoofs", 0.1)]);
    assert_eq!(sentence(&[airplane]).to_string(), "Spoof, like Airplane!");
}
