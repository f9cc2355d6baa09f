#!/usr/bin/env python3
"""Generates the users of CineMatch's sample catalog.

    python3 sample/generate.py

Reads from the folder of this file:

* movies.csv, links.csv  the movies and their IDs, written by hand
* tmdb_metadata.csv      its hand-written columns (title, runtime, genres,
                         overview, keywords, cast, director)

Writes to the same folder:

* ratings.csv            userId,movieId,rating,timestamp
* tags.csv               userId,movieId,tag,timestamp
* tmdb_metadata.csv      the same rows, with popularity, vote_count and
                         vote_average computed from ratings.csv

No data comes from real people. 400 users are generated (IDs 2 to 401). Each is
a mixture of one to three of the TASTES below, with random noise and likes or
dislikes of individual directors and SERIES. User 1, the user of the demo, is
defined in DEMO.
The number of users who see a movie follows a power law over the FAME table, our
own estimate of how well known and how well liked each movie is, adjusted by the
user's taste. The random generator is seeded and no set is iterated, so two runs
write the same bytes. Uses only the Python 3 standard library.
"""

import calendar
import csv
import io
import math
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20240607
USERS = 400          # number of generated users, without user 1
MIN_RATINGS, MAX_RATINGS = 15, 120


def day(year, month, dom):
    """Returns the time at midnight UTC, in seconds since 1970."""
    return calendar.timegm((year, month, dom, 0, 0, 0))


START, END = day(2015, 1, 1), day(2024, 12, 31)
DAY = 86400

# The user of the demo: (title, rating). Likes crime, dark science fiction and two
# gentle romances. Dislikes light comedies and musicals.
DEMO = [
    ("Heat (1995)", 5.0),
    ("Seven (a.k.a. Se7en) (1995)", 5.0),
    ("L.A. Confidential (1997)", 4.5),
    ("Silence of the Lambs, The (1991)", 5.0),
    ("Blade Runner (1982)", 5.0),
    ("Alien (1979)", 4.5),
    ("Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)", 4.0),
    ("Before Sunrise (1995)", 4.0),
    ("Titanic (1997)", 3.0),
    ("Legally Blonde (2001)", 2.0),
    ("Dumb & Dumber (Dumb and Dumber) (1994)", 1.5),
    ("Mamma Mia! (2008)", 1.0),
]

# name: (share of users, genre weights, keyword weights, era or None)
# An era is (center year, width in years, weight).
TASTES = {
    "crime": (
        12,
        {"Crime": 1.6, "Film-Noir": 0.9, "Thriller": 0.6, "Children": -0.6, "Musical": -0.6},
        {"heist": 1.1, "detective": 1.0, "mafia": 1.0, "gangster": 0.9, "police": 0.8,
         "hired killer": 0.8, "corruption": 0.7, "undercover": 0.8, "los angeles": 0.5,
         "murder investigation": 0.7, "private detective": 0.7, "betrayal": 0.4},
        None,
    ),
    "dark thrillers": (
        11,
        {"Thriller": 1.3, "Mystery": 1.1, "Horror": 0.4, "Musical": -0.8, "Children": -0.8},
        {"serial killer": 1.3, "twist ending": 1.0, "madness": 0.7, "obsession": 0.6,
         "psychology": 0.6, "detective": 0.5, "unreliable narrator": 0.7,
         "nonlinear story": 0.6, "identity": 0.5, "memory": 0.3},
        (2002, 20, 0.4),
    ),
    "science fiction": (
        12,
        {"Sci-Fi": 2.0, "Romance": -0.3, "Musical": -0.7},
        {"artificial intelligence": 1.0, "android": 0.9, "dystopia": 0.9, "space": 0.8,
         "time travel": 0.9, "future": 0.7, "spaceship": 0.6, "alien": 0.6,
         "astronaut": 0.6, "cyberpunk": 0.7, "alien contact": 0.8, "robot": 0.5},
        None,
    ),
    "blockbusters": (
        16,
        {"Action": 1.3, "Adventure": 1.0, "IMAX": 0.8, "Sci-Fi": 0.3, "Drama": -0.5,
         "Documentary": -1.2, "Film-Noir": -0.8},
        {"superhero": 1.1, "team on a mission": 0.8, "hero's journey": 0.8, "supervillain": 0.6,
         "sword fight": 0.5, "space opera": 0.7, "treasure": 0.6, "archaeologist": 0.8,
         "battle": 0.5, "gunfight": 0.3},
        (2005, 18, 1.0),
    ),
    "family animation": (
        11,
        {"Animation": 1.3, "Children": 1.6, "Adventure": 0.3, "Horror": -1.0, "Crime": -0.6},
        {"toys": 1.0, "talking animals": 0.9, "friendship": 0.5, "fairy tale": 0.6,
         "childhood": 0.4, "rescue": 0.5, "family": 0.4, "buddy": 0.5, "growing up": 0.5},
        (2004, 18, 0.5),
    ),
    "anime": (
        7,
        {"Animation": 1.0, "Fantasy": 0.5},
        {"anime": 2.4, "japan": 0.8, "nature": 0.5, "flying": 0.7, "forest spirit": 0.6,
         "coming of age": 0.3, "tokyo": 0.5, "cyberpunk": 0.5, "samurai": 0.4},
        None,
    ),
    "romance": (
        11,
        {"Romance": 1.9, "Action": -0.5, "Horror": -0.8, "War": -0.3},
        {"love": 0.8, "lost love": 0.7, "unrequited love": 0.7, "conversation": 0.7,
         "wedding": 0.6, "first love": 0.7, "break-up": 0.5, "love triangle": 0.4,
         "marriage": 0.3, "sisters": 0.4, "paris": 0.3},
        None,
    ),
    "musicals": (
        6,
        {"Musical": 2.2, "Romance": 0.4, "Thriller": -0.6},
        {"song": 1.1, "dance": 1.0, "musician": 0.8, "jazz": 0.6, "band": 0.5,
         "composer": 0.5, "theatre": 0.3},
        None,
    ),
    "comedy": (
        12,
        {"Comedy": 1.9, "War": -0.4, "Horror": -0.3, "Mystery": -0.4},
        {"slapstick": 0.7, "parody": 0.8, "stupidity": 0.8, "absurd humour": 0.7,
         "buddy": 0.5, "friendship": 0.3, "high school": 0.5, "satire": 0.4, "slacker": 0.6,
         "wedding": 0.4},
        (1998, 18, 0.5),
    ),
    "old Hollywood": (
        6,
        {"Film-Noir": 1.0, "Sci-Fi": -0.4, "IMAX": -1.0},
        {"screwball comedy": 0.7, "private detective": 0.6, "femme fatale": 0.7,
         "suspense": 0.6, "hollywood": 0.4, "silent film": 0.6, "gunfight": 0.2},
        (1950, 17, 2.2),
    ),
    "European art house": (
        7,
        {"Drama": 0.9, "Action": -0.9, "IMAX": -1.0, "Children": -0.6, "Documentary": 0.3},
        {"paris": 0.8, "female director": 0.7, "existentialism": 0.7, "loneliness": 0.5,
         "memory": 0.5, "berlin": 0.6, "italy": 0.5, "rome": 0.5, "france": 0.7,
         "religion": 0.4, "old age": 0.4, "filmmaking": 0.5, "spain": 0.5, "grief": 0.4},
        None,
    ),
    "East Asia": (
        7,
        {"Animation": -0.3, "Children": -0.4},
        {"korea": 1.3, "japan": 1.0, "hong kong": 1.3, "china": 1.1, "tokyo": 0.8,
         "samurai": 1.0, "martial arts": 0.8, "taiwan": 1.0, "sword fight": 0.2},
        None,
    ),
    "war and history": (
        7,
        {"War": 1.8, "Drama": 0.4, "Comedy": -0.5},
        {"world war ii": 0.9, "holocaust": 0.7, "anti-war": 0.8, "soldiers": 0.7,
         "based on a true story": 0.7, "vietnam war": 0.6, "nazis": 0.5, "epic": 0.6,
         "politics": 0.4, "battle": 0.4},
        None,
    ),
    "horror": (
        7,
        {"Horror": 2.2, "Thriller": 0.5, "Romance": -0.6, "Children": -0.6, "Musical": -0.6},
        {"monster": 0.7, "zombie": 0.9, "vampire": 0.7, "ghost": 0.5, "occult": 0.8,
         "serial killer": 0.6, "survival": 0.4, "isolation": 0.5, "alien": 0.4,
         "paranoia": 0.5, "giant creature": 0.5},
        None,
    ),
    "true stories": (
        5,
        {"Documentary": 2.2, "Fantasy": -0.6},
        {"based on a true story": 1.0, "journalism": 0.9, "true crime": 0.7,
         "injustice": 0.7, "whistleblower": 0.6, "politics": 0.5, "trial": 0.6,
         "justice": 0.6, "poverty": 0.3, "musician": 0.3},
        None,
    ),
    "westerns and epics": (
        5,
        {"Western": 2.2, "Adventure": 0.4},
        {"gunfight": 0.9, "desert": 0.7, "bounty hunter": 0.8, "epic": 0.6, "revenge": 0.5,
         "native americans": 0.6, "railway": 0.4, "sheriff": 0.5, "samurai": 0.4},
        (1975, 25, 0.5),
    ),
    "wry independents": (
        10,
        {"Comedy": 0.7, "Drama": 0.6, "Action": -0.6, "IMAX": -0.6},
        {"dark comedy": 1.1, "coming of age": 0.6, "family": 0.5, "loneliness": 0.5,
         "road trip": 0.7, "mid-life crisis": 0.6, "satire": 0.4, "kidnapping": 0.2,
         "friendship": 0.2, "musician": 0.3, "small town": 0.4},
        (2006, 14, 1.0),
    ),
    "social drama": (
        8,
        {"Drama": 1.1, "Fantasy": -0.5, "Sci-Fi": -0.4},
        {"poverty": 0.9, "class conflict": 0.8, "racism": 0.8, "immigration": 0.7,
         "family": 0.5, "iran": 0.7, "brazil": 0.7, "mexico": 0.6, "india": 0.6,
         "trial": 0.5, "lgbt": 0.5, "coming of age": 0.4, "divorce": 0.4},
        None,
    ),
    "fantasy": (
        9,
        {"Fantasy": 1.9, "Adventure": 0.5, "Crime": -0.6},
        {"magic": 0.9, "quest": 0.8, "wizard": 0.9, "fairy tale": 0.6, "princess": 0.5,
         "dragon": 0.6, "elves": 0.7, "witch": 0.5, "curse": 0.5, "pirate": 0.4},
        None,
    ),
}

# Series of movies: a user who has seen one movie of a series is more likely to have
# seen the others. A series is defined by parts of its titles.
SERIES = [
    ["Toy Story"], ["Godfather"], ["Star Wars"], ["Alien (1979)", "Aliens (1986)"],
    ["Lord of the Rings"], ["Before Sunrise", "Before Sunset", "Before Midnight"],
    ["Terminator"], ["Indiana Jones"], ["Batman Begins", "Dark Knight"],
    ["Blade Runner"], ["Three Colors"], ["Dune"], ["Inside Out"],
    ["Iron Man", "Avengers"], ["Godzilla"],
]

# Tags that say nothing about the movie.
NOISE_TAGS = [
    "must see", "overrated", "watch again", "seen at the cinema", "great soundtrack",
    "slow", "beautiful images", "too long", "good ending", "with friends", "favourite",
    "underrated", "great acting", "atmospheric", "funny", "sad",
]

# title: (how well known, how well liked), our own estimates from 0 to 100.
FAME = {
    "Toy Story (1995)": (93, 84),
    "M (1931)": (38, 88),
    "City Lights (1931)": (36, 86),
    "King Kong (1933)": (42, 72),
    "It Happened One Night (1934)": (30, 79),
    "Modern Times (1936)": (38, 86),
    "Wizard of Oz, The (1939)": (68, 80),
    "Rules of the Game, The (Règle du jeu, La) (1939)": (22, 80),
    "Citizen Kane (1941)": (66, 88),
    "Maltese Falcon, The (1941)": (40, 82),
    "Casablanca (1942)": (74, 91),
    "Double Indemnity (1944)": (42, 87),
    "It's a Wonderful Life (1946)": (62, 86),
    "Out of the Past (1947)": (24, 82),
    "Bicycle Thieves (a.k.a. The Bicycle Thief) (Ladri di biciclette) (1948)": (38, 87),
    "Third Man, The (1949)": (48, 86),
    "Sunset Blvd. (a.k.a. Sunset Boulevard) (1950)": (46, 88),
    "Rashomon (Rashômon) (1950)": (38, 84),
    "Singin' in the Rain (1952)": (52, 85),
    "Tokyo Story (Tôkyô monogatari) (1953)": (30, 88),
    "Seven Samurai (Shichinin no samurai) (1954)": (58, 91),
    "Rear Window (1954)": (62, 88),
    "Godzilla (Gojira) (1954)": (30, 70),
    "Pather Panchali (1955)": (20, 83),
    "Night of the Hunter, The (1955)": (32, 83),
    "Searchers, The (1956)": (32, 77),
    "Seventh Seal, The (Sjunde inseglet, Det) (1957)": (38, 84),
    "12 Angry Men (1957)": (70, 92),
    "Paths of Glory (1957)": (36, 87),
    "Touch of Evil (1958)": (32, 82),
    "Vertigo (1958)": (60, 87),
    "North by Northwest (1959)": (56, 85),
    "Some Like It Hot (1959)": (48, 86),
    "400 Blows, The (Les quatre cents coups) (1959)": (36, 84),
    "Psycho (1960)": (74, 88),
    "Breathless (À bout de souffle) (1960)": (34, 79),
    "Apartment, The (1960)": (42, 87),
    "Yojimbo (1961)": (40, 85),
    "Cléo from 5 to 7 (Cléo de 5 à 7) (1962)": (26, 81),
    "Lawrence of Arabia (1962)": (54, 88),
    "8 1/2 (8½) (1963)": (34, 83),
    "High and Low (Tengoku to jigoku) (1963)": (28, 88),
    "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)": (64, 89),
    "Umbrellas of Cherbourg, The (Parapluies de Cherbourg, Les) (1964)": (26, 80),
    "Sound of Music, The (1965)": (56, 74),
    "Battle of Algiers, The (La battaglia di Algeri) (1966)": (24, 84),
    "Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il) (1966)": (74, 91),
    "Persona (1966)": (28, 82),
    "Samouraï, Le (Godson, The) (1967)": (26, 82),
    "Graduate, The (1967)": (48, 80),
    "2001: A Space Odyssey (1968)": (78, 86),
    "Once Upon a Time in the West (C'era una volta il West) (1968)": (50, 88),
    "Rosemary's Baby (1968)": (44, 81),
    "Night of the Living Dead (1968)": (36, 77),
    "Godfather, The (1972)": (100, 99),
    "Solaris (Solyaris) (1972)": (34, 80),
    "Chinatown (1974)": (58, 89),
    "Godfather: Part II, The (1974)": (86, 96),
    "Conversation, The (1974)": (36, 83),
    "Jaws (1975)": (72, 82),
    "Monty Python and the Holy Grail (1975)": (66, 85),
    "One Flew Over the Cuckoo's Nest (1975)": (72, 92),
    "Taxi Driver (1976)": (76, 88),
    "Annie Hall (1977)": (44, 80),
    "Star Wars: Episode IV - A New Hope (1977)": (95, 88),
    "Suspiria (1977)": (30, 72),
    "Alien (1979)": (83, 89),
    "Apocalypse Now (1979)": (75, 89),
    "Stalker (1979)": (38, 85),
    "Shining, The (1980)": (82, 87),
    "Star Wars: Episode V - The Empire Strikes Back (1980)": (90, 91),
    "Raging Bull (1980)": (48, 85),
    "Airplane! (1980)": (56, 77),
    "Raiders of the Lost Ark (Indiana Jones and the Raiders of the Lost Ark) (1981)": (84, 89),
    "Boot, Das (Boat, The) (1981)": (44, 88),
    "Blade Runner (1982)": (82, 88),
    "E.T. the Extra-Terrestrial (1982)": (72, 81),
    "Thing, The (1982)": (60, 86),
    "Fanny and Alexander (Fanny och Alexander) (1982)": (26, 84),
    "Star Wars: Episode VI - Return of the Jedi (1983)": (82, 81),
    "Scarface (1983)": (58, 80),
    "Terminator, The (1984)": (78, 83),
    "Amadeus (1984)": (54, 88),
    "Ghostbusters (a.k.a. Ghost Busters) (1984)": (68, 78),
    "Paris, Texas (1984)": (32, 86),
    "Once Upon a Time in America (1984)": (46, 87),
    "This Is Spinal Tap (1984)": (40, 82),
    "Indiana Jones and the Temple of Doom (1984)": (62, 66),
    "Nausicaä of the Valley of the Wind (Kaze no tani no Naushika) (1984)": (44, 84),
    "Back to the Future (1985)": (88, 89),
    "Brazil (1985)": (42, 81),
    "Ran (1985)": (40, 88),
    "Breakfast Club, The (1985)": (58, 78),
    "Vagabond (Sans toit ni loi) (1985)": (18, 79),
    "Come and See (Idi i smotri) (1985)": (34, 88),
    "Aliens (1986)": (78, 88),
    "Blue Velvet (1986)": (46, 79),
    "Stand by Me (1986)": (58, 83),
    "Laputa: Castle in the Sky (Tenkû no shiro Rapyuta) (1986)": (48, 84),
    "Manhunter (1986)": (30, 76),
    "Platoon (1986)": (52, 81),
    "Princess Bride, The (1987)": (66, 86),
    "Wings of Desire (Himmel über Berlin, Der) (1987)": (28, 82),
    "Full Metal Jacket (1987)": (66, 84),
    "RoboCop (1987)": (50, 77),
    "Raising Arizona (1987)": (36, 75),
    "Dirty Dancing (1987)": (46, 65),
    "Die Hard (1988)": (76, 85),
    "Who Framed Roger Rabbit? (1988)": (54, 76),
    "My Neighbor Totoro (Tonari no Totoro) (1988)": (70, 88),
    "Grave of the Fireflies (Hotaru no haka) (1988)": (54, 88),
    "Akira (1988)": (56, 82),
    "Cinema Paradiso (Nuovo cinema Paradiso) (1988)": (50, 86),
    "Women on the Verge of a Nervous Breakdown (Mujeres al borde de un ataque de nervios) (1988)": (28, 77),
    "Thin Blue Line, The (1988)": (24, 82),
    "Do the Right Thing (1989)": (44, 81),
    "When Harry Met Sally... (1989)": (56, 78),
    "Indiana Jones and the Last Crusade (1989)": (74, 82),
    "Dead Poets Society (1989)": (62, 83),
    "Kiki's Delivery Service (Majo no takkyûbin) (1989)": (50, 81),
    "Little Mermaid, The (1989)": (56, 71),
    "Killer, The (Die xue shuang xiong) (1989)": (24, 76),
    "Batman (1989)": (54, 69),
    "Goodfellas (1990)": (84, 93),
    "Pretty Woman (1990)": (58, 64),
    "Edward Scissorhands (1990)": (60, 79),
    "Home Alone (1990)": (64, 67),
    "Miller's Crossing (1990)": (32, 82),
    "Close-Up (Nema-ye Nazdik) (1990)": (20, 83),
    "Dances with Wolves (1990)": (50, 76),
    "Silence of the Lambs, The (1991)": (92, 92),
    "Terminator 2: Judgment Day (1991)": (88, 88),
    "Beauty and the Beast (1991)": (64, 78),
    "Thelma & Louise (1991)": (46, 78),
    "Barton Fink (1991)": (30, 79),
    "Raise the Red Lantern (Da hong deng long gao gao gua) (1991)": (24, 82),
    "Reservoir Dogs (1992)": (76, 85),
    "Unforgiven (1992)": (54, 86),
    "Last of the Mohicans, The (1992)": (44, 76),
    "Porco Rosso (Kurenai no buta) (1992)": (40, 80),
    "Hard Boiled (Lat sau san taam) (1992)": (28, 77),
    "Aladdin (1992)": (68, 76),
    "Schindler's List (1993)": (86, 95),
    "Jurassic Park (1993)": (86, 81),
    "Groundhog Day (1993)": (72, 85),
    "Piano, The (1993)": (36, 76),
    "Nightmare Before Christmas, The (1993)": (58, 78),
    "Three Colors: Blue (Trois couleurs: Bleu) (1993)": (34, 83),
    "Farewell My Concubine (Ba wang bie ji) (1993)": (30, 84),
    "Fugitive, The (1993)": (60, 80),
    "Pulp Fiction (1994)": (98, 94),
    "Shawshank Redemption, The (1994)": (98, 97),
    "Forrest Gump (1994)": (94, 86),
    "Lion King, The (1994)": (86, 84),
    "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)": (74, 86),
    "Chungking Express (Chung Hing sam lam) (1994)": (42, 84),
    "Three Colors: Red (Trois couleurs: Rouge) (1994)": (34, 86),
    "Speed (1994)": (60, 73),
    "Hoop Dreams (1994)": (28, 84),
    "Four Weddings and a Funeral (1994)": (48, 71),
    "Ed Wood (1994)": (32, 79),
    "Dumb & Dumber (Dumb and Dumber) (1994)": (56, 60),
    "Heat (1995)": (72, 88),
    "Seven (a.k.a. Se7en) (1995)": (87, 91),
    "Before Sunrise (1995)": (56, 86),
    "Casino (1995)": (62, 82),
    "Usual Suspects, The (1995)": (80, 90),
    "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)": (70, 82),
    "Babe (1995)": (46, 72),
    "Ghost in the Shell (Kôkaku kidôtai) (1995)": (50, 83),
    "Hate (Haine, La) (1995)": (44, 86),
    "Braveheart (1995)": (74, 80),
    "Sense and Sensibility (1995)": (40, 78),
    "Clueless (1995)": (46, 70),
    "Apollo 13 (1995)": (60, 78),
    "Fargo (1996)": (70, 87),
    "Trainspotting (1996)": (60, 82),
    "Scream (1996)": (50, 72),
    "L.A. Confidential (1997)": (64, 88),
    "Titanic (1997)": (84, 73),
    "Princess Mononoke (Mononoke-hime) (1997)": (62, 90),
    "Good Will Hunting (1997)": (68, 83),
    "Happy Together (Chun gwong cha sit) (1997)": (26, 80),
    "Life Is Beautiful (La Vita è bella) (1997)": (66, 85),
    "Perfect Blue (1997)": (42, 83),
    "Big Lebowski, The (1998)": (76, 87),
    "Saving Private Ryan (1998)": (82, 88),
    "Truman Show, The (1998)": (76, 85),
    "Run Lola Run (Lola rennt) (1998)": (44, 79),
    "Central Station (Central do Brasil) (1998)": (30, 81),
    "Matrix, The (1999)": (96, 91),
    "Fight Club (1999)": (93, 90),
    "Sixth Sense, The (1999)": (80, 84),
    "Insider, The (1999)": (34, 82),
    "All About My Mother (Todo sobre mi madre) (1999)": (38, 83),
    "Toy Story 2 (1999)": (72, 81),
    "Iron Giant, The (1999)": (56, 84),
    "Notting Hill (1999)": (52, 68),
    "Buena Vista Social Club (1999)": (26, 77),
    "Memento (2000)": (80, 90),
    "Gladiator (2000)": (82, 84),
    "Crouching Tiger, Hidden Dragon (Wo hu cang long) (2000)": (58, 82),
    "In the Mood for Love (Fa yeung nin wa) (2000)": (52, 88),
    "Gleaners & I, The (Les glaneurs et la glaneuse) (2000)": (18, 80),
    "O Brother, Where Art Thou? (2000)": (54, 79),
    "Yi Yi (2000)": (26, 86),
    "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)": (80, 87),
    "Lord of the Rings: The Fellowship of the Ring, The (2001)": (94, 91),
    "Spirited Away (Sen to Chihiro no kamikakushi) (2001)": (92, 95),
    "Mulholland Drive (2001)": (56, 82),
    "Royal Tenenbaums, The (2001)": (54, 79),
    "Moulin Rouge (2001)": (50, 72),
    "Harry Potter and the Sorcerer's Stone (a.k.a. Harry Potter and the Philosopher's Stone) (2001)": (76, 74),
    "Monsters, Inc. (2001)": (76, 83),
    "Shrek (2001)": (80, 77),
    "And Your Mother Too (Y tu mamá también) (2001)": (36, 78),
    "Lagaan: Once Upon a Time in India (2001)": (26, 76),
    "Ocean's Eleven (2001)": (70, 78),
    "Legally Blonde (2001)": (48, 62),
    "Lord of the Rings: The Two Towers, The (2002)": (90, 90),
    "City of God (Cidade de Deus) (2002)": (76, 92),
    "Talk to Her (Hable con ella) (2002)": (36, 82),
    "Pianist, The (2002)": (66, 88),
    "Infernal Affairs (Mou gaan dou) (2002)": (40, 83),
    "Lord of the Rings: The Return of the King, The (2003)": (92, 93),
    "Oldboy (2003)": (70, 88),
    "Memories of Murder (Salinui chueok) (2003)": (48, 88),
    "Lost in Translation (2003)": (66, 80),
    "Finding Nemo (2003)": (84, 84),
    "Kill Bill: Vol. 1 (2003)": (74, 82),
    "Pirates of the Caribbean: The Curse of the Black Pearl (2003)": (80, 79),
    "Eternal Sunshine of the Spotless Mind (2004)": (80, 88),
    "Before Sunset (2004)": (50, 88),
    "Collateral (2004)": (56, 80),
    "Incredibles, The (2004)": (80, 84),
    "Howl's Moving Castle (Hauru no ugoku shiro) (2004)": (66, 85),
    "Shaun of the Dead (2004)": (62, 79),
    "Batman Begins (2005)": (78, 82),
    "Brokeback Mountain (2005)": (48, 79),
    "Wallace & Gromit in The Curse of the Were-Rabbit (2005)": (48, 77),
    "Pride & Prejudice (2005)": (58, 80),
    "Caché (Hidden) (2005)": (30, 78),
    "Grizzly Man (2005)": (28, 78),
    "Departed, The (2006)": (83, 87),
    "Pan's Labyrinth (Laberinto del fauno, El) (2006)": (68, 86),
    "Volver (2006)": (36, 79),
    "Children of Men (2006)": (70, 87),
    "Prestige, The (2006)": (78, 87),
    "Lives of Others, The (Das leben der Anderen) (2006)": (56, 89),
    "Casino Royale (2006)": (70, 80),
    "Little Miss Sunshine (2006)": (62, 81),
    "Host, The (Gwoemul) (2006)": (40, 76),
    "No Country for Old Men (2007)": (78, 88),
    "There Will Be Blood (2007)": (66, 86),
    "Zodiac (2007)": (62, 84),
    "Ratatouille (2007)": (74, 83),
    "Persepolis (2007)": (40, 81),
    "Once (2007)": (36, 78),
    "Dark Knight, The (2008)": (99, 96),
    "WALL·E (2008)": (82, 88),
    "Slumdog Millionaire (2008)": (64, 80),
    "Let the Right One In (Låt den rätte komma in) (2008)": (46, 83),
    "Man on Wire (2008)": (32, 82),
    "Mamma Mia! (2008)": (50, 60),
    "Iron Man (2008)": (76, 79),
    "Up (2009)": (82, 85),
    "Inglourious Basterds (2009)": (82, 86),
    "Avatar (2009)": (80, 73),
    "District 9 (2009)": (62, 79),
    "Secret in Their Eyes, The (El secreto de sus ojos) (2009)": (46, 88),
    "Hangover, The (2009)": (66, 68),
    "Inception (2010)": (96, 91),
    "Toy Story 3 (2010)": (74, 85),
    "Social Network, The (2010)": (74, 84),
    "Black Swan (2010)": (66, 80),
    "Separation, A (Jodaeiye Nader az Simin) (2011)": (48, 89),
    "Drive (2011)": (66, 79),
    "Intouchables (2011)": (68, 85),
    "Skin I Live In, The (La piel que habito) (2011)": (38, 77),
    "Raid: Redemption, The (Serbuan maut) (2011)": (42, 76),
    "Avengers, The (2012)": (80, 79),
    "Django Unchained (2012)": (80, 84),
    "Moonrise Kingdom (2012)": (54, 80),
    "Searching for Sugar Man (2012)": (30, 81),
    "Wadjda (2012)": (24, 77),
    "Gravity (2013)": (66, 76),
    "Wolf of Wall Street, The (2013)": (80, 82),
    "Before Midnight (2013)": (42, 83),
    "12 Years a Slave (2013)": (62, 83),
    "Her (2013)": (68, 82),
    "Inside Llewyn Davis (2013)": (42, 80),
    "Frozen (2013)": (64, 70),
    "Wind Rises, The (Kaze tachinu) (2013)": (42, 80),
    "Snowpiercer (2013)": (56, 74),
    "Interstellar (2014)": (92, 88),
    "Grand Budapest Hotel, The (2014)": (74, 86),
    "Whiplash (2014)": (76, 89),
    "Boyhood (2014)": (50, 79),
    "Nightcrawler (2014)": (60, 82),
    "Wild Tales (Relatos salvajes) (2014)": (46, 83),
    "Paddington (2014)": (46, 77),
    "Gone Girl (2014)": (72, 82),
    "John Wick (2014)": (66, 77),
    "Mad Max: Fury Road (2015)": (76, 86),
    "Inside Out (2015)": (72, 84),
    "Spotlight (2015)": (58, 84),
    "Martian, The (2015)": (76, 82),
    "Sicario (2015)": (60, 81),
    "Carol (2015)": (38, 78),
    "Ex Machina (2015)": (66, 82),
    "Arrival (2016)": (74, 85),
    "Moonlight (2016)": (50, 80),
    "La La Land (2016)": (68, 79),
    "Handmaiden, The (Ah-ga-ssi) (2016)": (48, 85),
    "Your Name. (Kimi no na wa.) (2016)": (60, 84),
    "Train to Busan (Busanhaeng) (2016)": (52, 79),
    "Paterson (2016)": (32, 78),
    "Get Out (2017)": (68, 81),
    "Blade Runner 2049 (2017)": (68, 83),
    "Dunkirk (2017)": (62, 79),
    "Lady Bird (2017)": (52, 79),
    "Coco (2017)": (68, 85),
    "Faces Places (Visages, villages) (2017)": (22, 80),
    "Roma (2018)": (46, 80),
    "Shoplifters (Manbiki kazoku) (2018)": (44, 86),
    "Burning (Beoning) (2018)": (36, 80),
    "Spider-Man: Into the Spider-Verse (2018)": (70, 86),
    "Parasite (Gisaengchung) (2019)": (86, 93),
    "Portrait of a Lady on Fire (Portrait de la jeune fille en feu) (2019)": (48, 86),
    "Joker (2019)": (74, 79),
    "Irishman, The (2019)": (50, 78),
    "Knives Out (2019)": (70, 82),
    "Little Women (2019)": (48, 80),
    "Pain and Glory (Dolor y gloria) (2019)": (32, 79),
    "Soul (2020)": (56, 81),
    "Nomadland (2020)": (38, 75),
    "Another Round (Druk) (2020)": (42, 80),
    "Dune (2021)": (72, 83),
    "Drive My Car (Doraibu mai kâ) (2021)": (36, 82),
    "Everything Everywhere All at Once (2022)": (68, 81),
    "Decision to Leave (Heojil kyolshim) (2022)": (40, 82),
    "RRR (2022)": (44, 78),
    "Aftersun (2022)": (42, 81),
    "Oppenheimer (2023)": (76, 84),
    "Past Lives (2023)": (48, 83),
    "Boy and the Heron, The (Kimitachi wa dô ikiru ka) (2023)": (48, 80),
    "Barbie (2023)": (64, 72),
    "Anatomy of a Fall (Anatomie d'une chute) (2023)": (50, 82),
    "Perfect Days (2023)": (40, 82),
    "Godzilla Minus One (2023)": (44, 80),
    "Dune: Part Two (2024)": (66, 86),
    "Inside Out 2 (2024)": (48, 77),
    "Wild Robot, The (2024)": (46, 83),
}


def read_csv(name):
    with open(os.path.join(HERE, name), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def write_csv(name, header, rows):
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n")
    w.writerow(header)
    w.writerows(rows)
    with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="") as f:
        f.write(out.getvalue())


def load_movies():
    """Returns the movies in the order of movies.csv, with all data needed to draw ratings."""
    rows = read_csv("movies.csv")
    tmdb_of = {r["movieId"]: r["tmdbId"] for r in read_csv("links.csv")}
    meta = read_csv("tmdb_metadata.csv")
    by_tmdb = {r["tmdb_id"]: r for r in meta}
    movies = []
    for m in rows:
        row = by_tmdb[tmdb_of[m["movieId"]]]
        fame, liked = FAME[m["title"]]
        movies.append({
            "id": int(m["movieId"]),
            "title": m["title"],
            "year": int(re.search(r"\((\d{4})\)$", m["title"]).group(1)),
            "genres": m["genres"].split("|"),
            "keywords": row["keywords"].split("|"),
            "directors": row["director"].split("|"),
            "series": [k for k, parts in enumerate(SERIES) if any(p in m["title"] for p in parts)],
            "fame": fame,
            "mean": 3.10 + 4.2 * (liked - 80) / 100.0,
            "meta": row,
        })
    if len(movies) != len(FAME):
        raise SystemExit("FAME and movies.csv do not list the same movies")
    # Power law: the movie at rank r of the FAME table has the weight (r + 16) ** -0.85.
    order = sorted(movies, key=lambda f: (-f["fame"], f["id"]))
    for rank, f in enumerate(order):
        f["log_weight"] = -0.85 * math.log(rank + 16)
    return movies, meta


def standard(values):
    mean = sum(values) / len(values)
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    return [(v - mean) / sd for v in values]


def taste_scores(movies):
    """Returns each taste's scores of all movies, with mean 0 and standard deviation 1."""
    scores = {}
    for name in TASTES:
        _, genres, keywords, era = TASTES[name]
        raw = []
        for f in movies:
            s = sum(genres.get(g, 0.0) for g in f["genres"])
            s += sum(keywords.get(k, 0.0) for k in f["keywords"])
            if era:
                center, width, weight = era
                s += weight * math.exp(-(((f["year"] - center) / width) ** 2))
            raw.append(s)
        scores[name] = [max(-1.8, min(2.6, z)) for z in standard(raw)]
    return scores


def pick(rng, names, weights):
    x = rng.random() * sum(weights)
    for name, w in zip(names, weights):
        x -= w
        if x < 0:
            return name
    return names[-1]


def to_half(x, whole):
    step = 1.0 if whole else 0.5
    return max(step, min(5.0, math.floor(x / step + 0.5) * step))


def draw_user(rng, movies, scores, directors):
    """Returns the (movieId, rating, timestamp) rows of one generated user."""
    names = list(TASTES)
    count = pick(rng, [1, 2, 3], [0.35, 0.40, 0.25])
    mixture = []
    while len(mixture) < count:
        name = pick(rng, names, [TASTES[n][0] for n in names])
        if name not in [n for n, _ in mixture]:
            mixture.append((name, 0.5 + rng.random()))
    norm = math.sqrt(sum(w * w for _, w in mixture))
    likes_director = {d: rng.gauss(0.0, 0.8) for d in directors}
    likes_series = [rng.gauss(0.0, 1.3) for _ in SERIES]

    size = int(round(math.exp(rng.gauss(3.55, 0.52))))
    size = max(MIN_RATINGS, min(MAX_RATINGS, size))
    bias = rng.gauss(0.0, 0.28)          # generous or strict
    strength = 0.40 + 0.20 * rng.random()  # effect of taste on ratings
    curiosity = 0.50 + 0.45 * rng.random()  # effect of taste on the choice of movies
    whole = rng.random() < 0.2           # gives only whole stars

    first = START + int(rng.random() * (END - START - 200 * DAY))
    last = min(END, first + int((20 + 2200 * rng.random() ** 2) * DAY))

    taste, keyed = [], []
    for i, f in enumerate(movies):
        t = sum(w * scores[n][i] for n, w in mixture) / norm + rng.gauss(0.0, 0.3)
        pull = sum(likes_director[d] for d in f["directors"]) / math.sqrt(len(f["directors"]))
        pull += sum(likes_series[k] for k in f["series"])
        taste.append(t + 0.4 * pull)
        gumbel = -math.log(-math.log(1e-12 + (1 - 2e-12) * rng.random()))
        # The movie may not have been released before the user's last rating.
        if day(f["year"], 12, 1) < last:
            keyed.append((f["log_weight"] + curiosity * t + pull + gumbel, i))
    keyed.sort(key=lambda k: (-k[0], k[1]))

    sittings = [first + int(rng.random() * (last - first)) for _ in range(2 + size // 12)]
    rows = []
    for _, i in keyed[:size]:
        f = movies[i]
        t = taste[i] if taste[i] > 0 else 0.6 * taste[i]
        x = f["mean"] + bias + strength * t + rng.gauss(0.0, 0.60)
        when = sittings[int(rng.random() * len(sittings))] + int(rng.random() * 7200)
        opened = day(f["year"], 12, 1)
        if when < opened:                # seen after its release
            when = opened + int(rng.random() * (last - opened))
        rows.append((f["id"], to_half(x, whole), min(when, END)))
    rows.sort()
    return rows


def respell(rng, tag):
    x = rng.random()
    if x < 0.66:
        return tag
    if x < 0.86:
        return tag[0].upper() + tag[1:]
    if x < 0.95:
        return " ".join(w[0].upper() + w[1:] for w in tag.split(" "))
    return tag.upper()


def draw_tags(rng, rows, by_id):
    """Returns the (movieId, tag, timestamp) rows of one user who adds tags."""
    out = []
    share = 0.1 + 0.35 * rng.random()
    for movie, _, when in rows:
        if rng.random() >= share:
            continue
        f = by_id[movie]
        given = []
        for n in range(pick(rng, [1, 2, 3], [0.6, 0.3, 0.1])):
            x = rng.random()
            if x < 0.80:
                tag = f["keywords"][int(rng.random() * len(f["keywords"]))]
            elif x < 0.87:
                tag = f["genres"][int(rng.random() * len(f["genres"]))].lower()
            elif x < 0.91:
                tag = f["directors"][0]
            else:
                tag = NOISE_TAGS[int(rng.random() * len(NOISE_TAGS))]
            if tag in given:
                continue
            given.append(tag)
            spelled = tag if tag in f["directors"] else respell(rng, tag)
            out.append((movie, spelled, min(END, when + 30 + 20 * n + int(rng.random() * 20))))
    out.sort()
    return out


def main():
    movies, meta = load_movies()
    by_id = {f["id"]: f for f in movies}
    by_title = {f["title"]: f for f in movies}
    scores = taste_scores(movies)
    directors = list(dict.fromkeys(d for f in movies for d in f["directors"]))

    ratings, tags = [], []
    start = day(2023, 3, 4) + 20 * 3600
    demo = [(by_title[t]["id"], r, start + 95 * n) for n, (t, r) in enumerate(DEMO)]
    for movie, rating, when in sorted(demo):
        ratings.append((1, movie, rating, when))

    for user in range(2, USERS + 2):
        rng = random.Random(SEED * 1000 + user)
        rows = draw_user(rng, movies, scores, directors)
        ratings.extend((user,) + r for r in rows)
        if rng.random() < 0.45:
            tags.extend((user,) + t for t in draw_tags(rng, rows, by_id))

    write_csv("ratings.csv", ["userId", "movieId", "rating", "timestamp"], ratings)
    write_csv("tags.csv", ["userId", "movieId", "tag", "timestamp"], tags)

    # Votes: count, mean on a scale of 10, and a count in which the weight of a rating
    # halves every three years.
    half_life = 3 * 365.25 * DAY
    for f in movies:
        got = [(r, when) for _, movie, r, when in ratings if movie == f["id"]]
        mean = 2 * sum(r for r, _ in got) / len(got) if got else 0.0
        decayed = sum(0.5 ** ((END - when) / half_life) for _, when in got)
        f["meta"]["vote_count"] = str(len(got))
        f["meta"]["vote_average"] = "%.3f" % mean
        f["meta"]["popularity"] = "%.3f" % decayed
    header = list(meta[0].keys())
    write_csv("tmdb_metadata.csv", header, [[row[h] for h in header] for row in meta])

    print("%d movies, %d ratings by %d users, %d tags"
          % (len(movies), len(ratings), USERS + 1, len(tags)))


if __name__ == "__main__":
    main()
