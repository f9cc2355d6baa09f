//! Text features: tokenization, stop words and TF-IDF.

mod stop_words;
mod tfidf;
mod tokenize;

pub use tfidf::{StopWords, TfidfError, TfidfParams, TfidfVectorizer};
