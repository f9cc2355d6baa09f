//! Sections and keys of `cinematch.toml`.
//!
//! A key names the flag whose default it sets. The type, limits and help of a setting are defined
//! once, on the flag, so a new setting takes one line here. A test reports flags that have an
//! environment variable but no key.

/// A section in the file.
pub struct Section {
    /// Name, such as `server`.
    pub name: &'static str,
    /// Description in `cinematch config explain`.
    pub about: &'static str,
    /// Keys of the section.
    pub keys: &'static [Key],
}

/// A key in a section.
pub struct Key {
    /// Name in the file.
    pub name: &'static str,
    /// Command and flag whose default the key sets. Flags of other commands that read the same
    /// environment variable take the same default.
    pub flag: &'static str,
}

const fn key(name: &'static str, flag: &'static str) -> Key {
    Key { name, flag }
}

/// All sections, in the order of `cinematch config explain`.
pub const SECTIONS: &[Section] = &[
    Section { name: "general", about: "All commands", keys: &[key("threads", "--threads")] },
    Section {
        name: "server",
        about: "Server address, startup and shutdown",
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
        about: "Access to the server",
        keys: &[
            key("mode", "serve --access"),
            key("allowed_hosts", "serve --allowed-hosts"),
            key("rate_limit", "serve --rate-limit"),
            key("behind_proxy", "serve --behind-proxy"),
        ],
    },
    Section {
        name: "database",
        about: "Database for user data; set one of the two keys",
        keys: &[key("path", "serve --database"), key("url", "serve --database-url")],
    },
    Section {
        name: "cache",
        about: "Cached replies",
        keys: &[key("size_mb", "serve --cache-mb"), key("redis_url", "serve --redis-url")],
    },
    Section {
        name: "jobs",
        about: "Background jobs and their schedules",
        keys: &[
            key("retrain", "serve --retrain"),
            key("update", "serve --update"),
            key("no_jobs", "serve --no-jobs"),
            key("margin", "retrain --margin"),
        ],
    },
    Section {
        name: "telemetry",
        about: "Server logs and traces",
        keys: &[
            key("log", "serve --log"),
            key("log_format", "serve --log-format"),
            key("otlp_endpoint", "serve --otlp-endpoint"),
            key("trace_share", "serve --trace-share"),
        ],
    },
    Section {
        name: "data",
        about: "Data files; relative paths start at the root folder",
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
        about: "Metadata from TMDB; the token is a secret and is set as TMDB_BEARER_TOKEN",
        keys: &[key("region", "fetch tmdb --region"), key("rate", "fetch tmdb --rate")],
    },
    Section {
        name: "preprocess",
        about: "Movies to keep, and their streaming services",
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
        about: "Model, features and number of generations to keep",
        keys: &[
            key("model", "train --model"),
            key("features", "train --features"),
            key("without_tmdb_text", "train --without-tmdb-text"),
            key("max_features", "train --max-features"),
            key("ngram_max", "train --ngram-max"),
            key("stop_words", "train --stop-words"),
            key("min_df", "train --min-df"),
            key("seed", "train --seed"),
            key("no_refit", "train --no-refit"),
            key("keep_weights", "train --keep-weights"),
            key("keep", "train --keep"),
        ],
    },
];

/// Pairs of keys that are mutually exclusive in the file.
pub const ONE_OF: &[[&str; 2]] = &[["database.path", "database.url"]];
