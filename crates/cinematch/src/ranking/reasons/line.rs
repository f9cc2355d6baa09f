//! A sentence in progress.

use std::borrow::Cow;

use super::segment::Segment;
use crate::ids::MovieId;
use crate::ranking::feedback::Feedback;

/// Lower ratings are not mentioned: they are hardly a reason to watch something similar.
pub(super) const MIN_LIKED_STARS: f32 = 3.5;

/// The segments of a sentence so far.
#[derive(Default)]
pub(super) struct Line<'a>(Vec<Segment<'a>>);

impl<'a> Line<'a> {
    pub(super) fn text(&mut self, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Segment::Text(text));
        }
    }

    /// Appends the name of a feature, with a capital letter at the start of the sentence.
    pub(super) fn feature(&mut self, name: &'a str) {
        let mut letters = name.chars();
        let name = match letters.next() {
            Some(first) if self.0.is_empty() && first.is_lowercase() => {
                (first.to_uppercase().collect::<String>() + letters.as_str()).into()
            }
            _ => name.into(),
        };
        self.0.push(Segment::Feature(name));
    }

    pub(super) fn genre(&mut self, name: &'a str) {
        self.0.push(Segment::Genre(name));
    }

    pub(super) fn movie(&mut self, movie_id: MovieId, title: &'a str) {
        self.0.push(Segment::Movie { movie_id, title });
    }

    /// Appends the user's feedback on the movie named last, if it is positive.
    pub(super) fn liked(&mut self, feedback: Feedback) {
        match feedback {
            Feedback::Rated(stars) if stars >= MIN_LIKED_STARS => {
                self.text(format!(", which you gave {stars}★"));
            }
            Feedback::Liked => self.text(", which you liked"),
            Feedback::Rated(_) | Feedback::Disliked => {}
        }
    }

    /// Appends the items with commas and "and" between them.
    pub(super) fn list<T: Copy>(&mut self, items: &[T], mut put: impl FnMut(&mut Self, T)) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text(if index + 1 == items.len() { " and " } else { ", " });
            }
            put(self, *item);
        }
    }

    /// Returns the segments, with a period at the end unless a title ends the sentence.
    pub(super) fn end(mut self) -> Vec<Segment<'a>> {
        let ends_sentence = self.0.last().is_some_and(|last| match last {
            Segment::Movie { title, .. } => title.ends_with(['.', '!', '?']),
            _ => false,
        });
        if !ends_sentence {
            self.text(".");
        }
        self.0
    }
}
