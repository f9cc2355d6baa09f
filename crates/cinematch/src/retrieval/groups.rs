//! Films in an order in which those of a group stand together.

use std::ops::Range;

use crate::ids::MovieIdx;

/// Films of one block at most: few enough that most blocks can be passed over whole.
const BLOCK: usize = 64;

/// Every film's *position*: groups in order, and in a group the films in order.
#[derive(Clone, Debug)]
pub struct Groups {
    films: Vec<MovieIdx>,
    starts: Vec<usize>,
    blocks: Vec<Block>,
}

/// Neighbouring positions of one group.
#[derive(Clone, Debug)]
pub struct Block {
    /// The group.
    pub group: usize,
    /// The positions.
    pub positions: Range<usize>,
}

impl Groups {
    /// Groups the films; `group_of` has every film's group, from 0. O(films).
    pub fn new(group_of: &[u32]) -> Self {
        let n_groups = group_of.iter().max().map_or(0, |last| *last as usize + 1);
        let mut starts = vec![0; n_groups + 1];
        for group in group_of {
            starts[*group as usize + 1] += 1;
        }
        for group in 0..n_groups {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut films = vec![MovieIdx(0); group_of.len()];
        for (row, group) in group_of.iter().enumerate() {
            let position = &mut next[*group as usize];
            films[*position] = MovieIdx(row as u32);
            *position += 1;
        }
        let blocks = (0..n_groups)
            .flat_map(|group| {
                let end = starts[group + 1];
                (starts[group]..end)
                    .step_by(BLOCK)
                    .map(move |start| Block { group, positions: start..end.min(start + BLOCK) })
            })
            .collect();
        Self { films, starts, blocks }
    }

    /// The film of every position.
    pub fn films(&self) -> &[MovieIdx] {
        &self.films
    }

    /// The first position of every group.
    pub fn starts(&self) -> &[usize] {
        &self.starts[..self.starts.len() - 1]
    }

    /// The positions of every group.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.starts.windows(2).map(|ends| ends[0]..ends[1])
    }

    /// The groups cut into blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// A list with an entry a film, by position.
    pub fn arrange<T: Copy>(&self, by_film: &[T]) -> Vec<T> {
        self.films.iter().map(|film| by_film[film.row()]).collect()
    }
}
