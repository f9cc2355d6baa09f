//! Taste clusters: what kinds of film there are, and where they lie in taste space.
//!
//! Every genre has a random unit vector in ℝ⁸. A cluster's centre is the direction of its genres'
//! vectors, each weighted with its probability, plus a vector of its own: clusters that share
//! genres lie near each other, and two dramas may still be apart. Every cluster word has a vector
//! too, so that a film's words say more about its place than its cluster alone.

use super::stream::{Stream, Topic};

/// Dimensions of taste space.
pub(super) const N_FACTORS: usize = 8;

/// A place in taste space.
pub(super) type Factors = [f32; N_FACTORS];

/// MovieLens' genres in its order, with TMDb's names; it has none for film noir and IMAX.
pub(super) const GENRES: [(&str, &str); 19] = [
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

/// A kind of film.
pub(super) struct Cluster {
    /// Its share of obscure films, and of popular ones.
    pub share: [u32; 2],
    /// Whether its time was before 1970.
    pub classic: bool,
    /// Genres and their probability in ‰.
    genres: &'static str,
    /// What its films are about, the commonest first.
    words: &'static str,
}

/// The number of clusters.
pub(super) const N_CLUSTERS: usize = CLUSTERS.len();

const fn cluster(share: [u32; 2], genres: &'static str, words: &'static str) -> Cluster {
    Cluster { share, classic: false, genres, words }
}

const fn classic(share: [u32; 2], genres: &'static str, words: &'static str) -> Cluster {
    Cluster { share, classic: true, genres, words }
}

/// The clusters; their shares are those of MovieLens' genres, large catalogue and popular head.
pub(super) const CLUSTERS: [Cluster; 20] = [
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
    /// Genre numbers and probabilities.
    pub fn genre_odds(&self) -> Vec<(usize, f64)> {
        let mut parts = self.genres.split_whitespace();
        let mut odds = Vec::new();
        while let (Some(name), Some(permille)) = (parts.next(), parts.next()) {
            let genre = GENRES.iter().position(|genre| genre.0 == name).expect("a known genre");
            let permille: u32 = permille.parse().expect("a number behind a genre");
            odds.push((genre, f64::from(permille) / 1000.0));
        }
        odds
    }
}

/// The clusters, placed.
pub(super) struct Taxonomy {
    /// Genre odds by cluster.
    pub genre_odds: Vec<Vec<(usize, f64)>>,
    /// Words by cluster, the commonest first.
    pub words: Vec<Vec<&'static str>>,
    /// Unit vectors.
    pub centres: Vec<Factors>,
    /// Unit vectors of every word of every cluster.
    pub word_factors: Vec<Vec<Factors>>,
}

impl Taxonomy {
    pub fn new(seed: u64) -> Self {
        let mut stream = Stream::new(seed, Topic::Space, 0);
        let genre_vectors: Vec<Factors> = GENRES.iter().map(|_| direction(&mut stream)).collect();
        let genre_odds: Vec<_> = CLUSTERS.iter().map(Cluster::genre_odds).collect();
        let words: Vec<Vec<&str>> =
            CLUSTERS.iter().map(|cluster| cluster.words.split_whitespace().collect()).collect();
        let centres = genre_odds
            .iter()
            .map(|odds| {
                let mut sum = scaled(direction(&mut stream), 0.7);
                for (genre, probability) in odds {
                    add(&mut sum, &genre_vectors[*genre], *probability as f32);
                }
                normalised(sum)
            })
            .collect();
        let word_factors = words
            .iter()
            .map(|words| words.iter().map(|_| direction(&mut stream)).collect())
            .collect();
        Self { genre_odds, words, centres, word_factors }
    }
}

/// A random unit vector.
pub(super) fn direction(stream: &mut Stream) -> Factors {
    normalised(std::array::from_fn(|_| stream.normal() as f32))
}

pub(super) fn dot(a: &Factors, b: &Factors) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub(super) fn add(sum: &mut Factors, other: &Factors, factor: f32) {
    for (x, y) in sum.iter_mut().zip(other) {
        *x += factor * y;
    }
}

pub(super) fn scaled(vector: Factors, factor: f32) -> Factors {
    vector.map(|x| x * factor)
}

pub(super) fn normalised(vector: Factors) -> Factors {
    let length = dot(&vector, &vector).sqrt();
    if length > 0.0 { scaled(vector, 1.0 / length) } else { vector }
}
