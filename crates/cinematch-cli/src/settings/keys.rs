//! What may stand in `cinematch.toml`.
//!
//! A setting is a flag whose default the file gives: its type, its limits and its help are written once,
//! where the flag is. A new setting is one line here. A test finds flags with a variable that are in no
//! section.

/// A section of the file.
pub struct Section {
    /// `[server]`.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// What may stand in it.
    pub keys: &'static [Key],
}

/// A key of a section.
pub struct Key {
    /// As the file has it.
    pub name: &'static str,
    /// The command and the flag that it is the default of. Flags of other commands with the same variable
    /// get it too.
    pub flag: &'static str,
}

const fn key(name: &'static str, flag: &'static str) -> Key {
    Key { name, flag }
}

/// Every section, in the order of `cinematch config explain`.
pub const SECTIONS: &[Section] = &[
    Section { name: "general", about: "Every command", keys: &[key("threads", "--threads")] },
    Section {
        name: "server",
        about: "Where the server listens, how it starts and stops",
        keys: &[
            key("host", "serve --host"),
            key("port", "serve --port"),
            key("cors_origins", "serve --cors-origins"),
            key("wait", "serve --wait"),
            key("stop_delay", "serve --stop-delay"),
        ],
    },
    Section {
        name: "access",
        about: "Whom the server answers",
        keys: &[
            key("mode", "serve --access"),
            key("allowed_hosts", "serve --allowed-hosts"),
            key("rate_limit", "serve --rate-limit"),
            key("behind_proxy", "serve --behind-proxy"),
        ],
    },
    Section {
        name: "database",
        about: "Where people's data is: one of the two",
        keys: &[key("path", "serve --database"), key("url", "serve --database-url")],
    },
    Section {
        name: "cache",
        about: "Replies that are kept",
        keys: &[key("size_mb", "serve --cache-mb"), key("redis_url", "serve --redis-url")],
    },
    Section {
        name: "jobs",
        about: "What runs in the background, and when",
        keys: &[
            key("retrain", "serve --retrain"),
            key("update", "serve --update"),
            key("no_jobs", "serve --no-jobs"),
        ],
    },
    Section {
        name: "telemetry",
        about: "What the server tells of itself",
        keys: &[
            key("log", "serve --log"),
            key("log_format", "serve --log-format"),
            key("otlp_endpoint", "serve --otlp-endpoint"),
            key("trace_share", "serve --trace-share"),
        ],
    },
    Section {
        name: "data",
        about: "Where files are; what does not begin with / is looked for in the root folder",
        keys: &[
            key("raw", "preprocess --raw"),
            key("tmdb_dir", "fetch tmdb --tmdb-dir"),
            key("tmdb", "preprocess --tmdb"),
            key("providers", "train --providers"),
            key("merged", "preprocess --merged"),
            key("ratings", "train --packed"),
            key("params", "train --params"),
            key("artifacts", "train --artifacts"),
        ],
    },
    Section {
        name: "tmdb",
        about: "What is fetched from TMDb. The token is a secret: TMDB_BEARER_TOKEN, never here",
        keys: &[key("region", "fetch tmdb --region"), key("rate", "fetch tmdb --rate")],
    },
    Section {
        name: "preprocess",
        about: "Which films stay, and what they are told to stream on",
        keys: &[
            key("min_year", "preprocess --min-year"),
            key("require_tmdb", "preprocess --require-tmdb"),
            key("min_votes", "preprocess --min-votes"),
            key("keep_without_genres", "preprocess --keep-without-genres"),
            key("services", "preprocess --services"),
            key("seed", "preprocess --seed"),
            key("sample_fraction", "preprocess --sample-fraction"),
        ],
    },
    Section {
        name: "train",
        about: "What is learnt, and how much of it is kept",
        keys: &[
            key("model", "train --model"),
            key("features", "train --features"),
            key("without_tmdb_text", "train --without-tmdb-text"),
            key("max_features", "train --max-features"),
            key("ngram_max", "train --ngram-max"),
            key("stop_words", "train --stop-words"),
            key("min_df", "train --min-df"),
            key("seed", "train --seed"),
            key("keep", "train --keep"),
        ],
    },
];

/// Of these the file may name one.
pub const ONE_OF: &[[&str; 2]] = &[["database.path", "database.url"]];
