//! Clusters of movies, and their positions in taste space.
//!
//! Each genre has a random unit vector in ℝ⁸. A cluster's center is the normalized sum of its genres'
//! vectors, weighted by their probabilities, and a random vector. Clusters that share genres are
//! therefore close together, but two drama clusters can still be far apart. Each word in a cluster has a
//! vector too, so a movie's words predict its vector better than its cluster alone.

use crate::stream::{Stream, Topic};

/// Number of dimensions of taste space.
pub(crate) const N_FACTORS: usize = 8;

/// A vector in taste space.
pub(crate) type Factors = [f32; N_FACTORS];

/// MovieLens's genres, in MovieLens's order, with TMDB's names. TMDB lacks film noir and IMAX.
pub(crate) const GENRES: [(&str, &str); 19] = [
    ("Action", "action"),
    ("Adventure", "adventure"),
    ("Animation", "animation"),
    ("Children", "family"),
    ("Comedy", "comedy"),
    ("Crime", "crime"),
    ("Documentary", "documentary"),
    ("Drama", "drama"),
    ("Fantasy", "fantasy"),
    ("Film-Noir", ""),
    ("Horror", "horror"),
    ("IMAX", ""),
    ("Musical", "music"),
    ("Mystery", "mystery"),
    ("Romance", "romance"),
    ("Sci-Fi", "science fiction"),
    ("Thriller", "thriller"),
    ("War", "war"),
    ("Western", "western"),
];

/// A cluster of similar movies.
pub(crate) struct Cluster {
    /// Weight of the cluster among obscure movies and among popular ones.
    pub share: [u32; 2],
    /// True if most movies in the cluster were made before 1970.
    pub classic: bool,
    /// Genre names, each followed by its probability in ‰.
    genres: &'static str,
    /// Words for the movies' themes, most common first.
    words: &'static str,
}

/// Number of clusters.
pub(crate) const N_CLUSTERS: usize = CLUSTERS.len();

const fn cluster(share: [u32; 2], genres: &'static str, words: &'static str) -> Cluster {
    Cluster { share, classic: false, genres, words }
}

const fn classic(share: [u32; 2], genres: &'static str, words: &'static str) -> Cluster {
    Cluster { share, classic: true, genres, words }
}

/// The clusters. Their shares follow MovieLens's genres in the whole catalog and in its popular head.
pub(crate) const CLUSTERS: [Cluster; 20] = [
    cluster(
        [150, 100],
        "Drama 1000 Romance 90 Mystery 40",
        "grief family marriage illness memory mother divorce daughter inheritance childhood \
         secret faith guilt forgiveness loneliness hospital addiction poverty teacher immigrant \
         orphan reunion widow father village letter farewell adoption",
    ),
    cluster(
        [60, 65],
        "Romance 1000 Drama 700 Comedy 120",
        "love affair wedding heartbreak jealousy passion lover summer kiss engagement \
         summerhouse violinist painter seaside promise dance longing soulmate train balcony rain \
         novelist countess rival dowry moonlight",
    ),
    cluster(
        [45, 65],
        "Comedy 1000 Romance 900 Drama 120",
        "dating bride roommate bachelor matchmaker breakup bakery bridesmaid boss florist \
         ex-wife holiday neighbor blind-date proposal makeover magazine bookstore dog-walker \
         honeymoon karaoke landlord caterer plus-one",
    ),
    cluster(
        [100, 105],
        "Comedy 1000 Adventure 40 Crime 60",
        "prank mix-up road-trip high-school slacker bet campus stand-up party stoner mascot boss \
         golf reunion fraternity lottery mother-in-law office contest impostor misfit babysitter \
         camp talent-show hangover",
    ),
    cluster(
        [55, 70],
        "Comedy 1000 Drama 950",
        "midlife aging neighbor friendship eccentric therapist funeral restaurant small-town \
         poet retirement siblings piano bookshop diner dysfunctional bicycle lodger island choir \
         crossword beekeeper librarian",
    ),
    cluster(
        [28, 110],
        "Action 1000 Adventure 550 Sci-Fi 420 Thriller 250 Fantasy 120 IMAX 60",
        "hero villain mission explosion island army superpower mercenary chase weapon treasure \
         pilot volcano rescue submarine bunker prophecy portal conspiracy helicopter satellite \
         jungle mutation squad doomsday",
    ),
    cluster(
        [48, 75],
        "Action 1000 Crime 480 Thriller 480 Drama 150",
        "cop revenge undercover bodyguard cartel kidnapping hitman martial-arts smuggler \
         shootout informant prison-break vigilante triad bounty sniper ex-soldier ransom gang \
         fugitive motorcycle warehouse street-racing",
    ),
    cluster(
        [32, 60],
        "Crime 1000 Drama 800 Thriller 280",
        "heist gangster mafia detective bank corruption betrayal prosecutor casino trial robbery \
         loan-shark family-business parole dockworker boxing informer forger safecracker killer \
         jury police-captain",
    ),
    cluster(
        [45, 65],
        "Thriller 1000 Mystery 330 Drama 330 Crime 130",
        "stalker disappearance amnesia blackmail witness obsession psychiatrist twin cabin alibi \
         missing-child motel journalist poison paranoia surveillance nurse diary insomnia tenant \
         hostage lake",
    ),
    cluster(
        [80, 65],
        "Horror 1000 Thriller 230 Sci-Fi 60 Comedy 60 Mystery 50",
        "ghost curse cellar demon slasher zombie vampire possession cult woods doll exorcist \
         asylum werewolf cannibal seance graveyard witch mask massacre haunting scarecrow \
         parasite ritual swamp",
    ),
    cluster(
        [25, 50],
        "Sci-Fi 1000 Action 160 Drama 180 Thriller 160 Horror 120",
        "spaceship robot alien time-travel android dystopia clone planet laboratory virus colony \
         wormhole astronaut hologram mutant artificial-intelligence orbit telepathy invasion \
         reactor moon-base cryosleep",
    ),
    cluster(
        [48, 55],
        "Children 850 Animation 700 Comedy 340 Adventure 330 Fantasy 180",
        "talking-animal toy dragon princess puppy magic school friendship forest penguin fairy \
         robot pirate snowman circus zoo bear dinosaur wizard mermaid birthday kitten treehouse \
         reindeer",
    ),
    cluster(
        [20, 45],
        "Fantasy 950 Adventure 800 Action 180 Children 160",
        "sorcerer quest kingdom sword amulet elf prophecy throne giant spell knight oracle \
         labyrinth griffin dungeon enchantress crown legend underworld rune shapeshifter goblin",
    ),
    cluster(
        [112, 35],
        "Documentary 1000",
        "interview archive activist climate election factory musician photographer refugee \
         whaling protest wilderness chef architecture hospital skateboarding journalist poverty \
         glacier orchestra archaeology surveillance prison farming biography festival",
    ),
    cluster(
        [28, 35],
        "War 930 Drama 830 Action 170",
        "battlefield occupation resistance sniper trench nurse deserter bomber prisoner-of-war \
         general partisan submarine front-line armistice spy platoon siege evacuation convoy \
         ghetto minefield courier",
    ),
    classic(
        [20, 16],
        "Western 1000 Action 160 Adventure 70",
        "sheriff outlaw ranch cattle gunfight stagecoach saloon bounty-hunter gold-rush cavalry \
         frontier railroad duel homestead rustler wagon-train deputy gambler marshal stampede",
    ),
    classic(
        [17, 25],
        "Musical 720 Comedy 350 Romance 300 Drama 170",
        "broadway chorus-girl songwriter tap-dance revue band cabaret showgirl opera singer \
         ballroom audition orchestra nightclub dancer vaudeville jukebox rehearsal impresario \
         understudy",
    ),
    classic(
        [10, 12],
        "Film-Noir 480 Crime 800 Drama 450 Mystery 280 Thriller 280",
        "femme-fatale private-eye double-cross blackmail insurance nightclub gangster fog alibi \
         frame-up drifter pawnshop reporter boxer dame wiretap waterfront getaway gunsel racket",
    ),
    cluster(
        [120, 45],
        "Drama 1000",
        "silence exile monastery shepherd border factory-worker ritual drought pilgrimage harbor \
         apartment landscape stranger fisherman migration election winter strike waiting dialect \
         mountain theater-troupe prophet tram",
    ),
    cluster(
        [28, 12],
        "Animation 950 Comedy 230 Fantasy 110 Sci-Fi 90",
        "puppet clay abstract shadow-play dream paper-cutout machine moon cat clockwork insect \
         mirror metamorphosis loop sketchbook stop-motion surrealism music-box goblin \
         line-drawing",
    ),
];

impl Cluster {
    /// Returns the cluster's genres, as indices into [`GENRES`], with their probabilities.
    pub fn genre_odds(&self) -> Vec<(usize, f64)> {
        let mut parts = self.genres.split_whitespace();
        let mut odds = Vec::new();
        while let (Some(name), Some(permille)) = (parts.next(), parts.next()) {
            let genre = GENRES.iter().position(|genre| genre.0 == name).expect("a known genre");
            let permille: u32 = permille.parse().expect("a number after a genre");
            odds.push((genre, f64::from(permille) / 1000.0));
        }
        odds
    }
}

/// The clusters' genres and words, with their vectors.
pub(crate) struct Taxonomy {
    /// Genres and their probabilities, for each cluster.
    pub genre_odds: Vec<Vec<(usize, f64)>>,
    /// Words for each cluster, most common first.
    pub words: Vec<Vec<&'static str>>,
    /// Center of each cluster, as a unit vector.
    pub centers: Vec<Factors>,
    /// Unit vectors of the words in each cluster.
    pub word_factors: Vec<Vec<Factors>>,
}

impl Taxonomy {
    pub fn new(seed: u64) -> Self {
        let mut stream = Stream::new(seed, Topic::Space, 0);
        let genre_vectors: Vec<Factors> = GENRES.iter().map(|_| direction(&mut stream)).collect();
        let genre_odds: Vec<_> = CLUSTERS.iter().map(Cluster::genre_odds).collect();
        let words: Vec<Vec<&str>> =
            CLUSTERS.iter().map(|cluster| cluster.words.split_whitespace().collect()).collect();
        let centers = genre_odds
            .iter()
            .map(|odds| {
                let mut sum = scaled(direction(&mut stream), 0.7);
                for (genre, probability) in odds {
                    add(&mut sum, &genre_vectors[*genre], *probability as f32);
                }
                normalized(sum)
            })
            .collect();
        let word_factors = words
            .iter()
            .map(|words| words.iter().map(|_| direction(&mut stream)).collect())
            .collect();
        Self { genre_odds, words, centers, word_factors }
    }
}

/// Draws a random unit vector.
pub(crate) fn direction(stream: &mut Stream) -> Factors {
    normalized(std::array::from_fn(|_| stream.normal() as f32))
}

pub(crate) fn dot(a: &Factors, b: &Factors) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub(crate) fn add(sum: &mut Factors, other: &Factors, factor: f32) {
    for (x, y) in sum.iter_mut().zip(other) {
        *x += factor * y;
    }
}

pub(crate) fn scaled(vector: Factors, factor: f32) -> Factors {
    vector.map(|x| x * factor)
}

pub(crate) fn normalized(vector: Factors) -> Factors {
    let length = dot(&vector, &vector).sqrt();
    if length > 0.0 { scaled(vector, 1.0 / length) } else { vector }
}
