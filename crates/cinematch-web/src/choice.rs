//! Names to tick: genres, services, languages.

use cinematch::catalog::names::NameList;
use maud::{Markup, html};

/// More names than this are folded, but for those that are ticked: a country can have hundreds of services.
const MOST: usize = 30;

/// Names of the catalogue and others that somebody has.
pub struct Choice<'a> {
    /// The name that is sent, and the one that is read.
    names: Vec<(&'a str, &'a str)>,
    chosen: &'a [String],
}

impl<'a> Choice<'a> {
    /// Of the catalogue's names and those chosen, in the order in which they are read.
    pub fn of(catalogue: &'a NameList, chosen: &'a [String], read: fn(&'a str) -> &'a str) -> Self {
        let listed = catalogue.names().iter().map(String::as_str);
        let others =
            chosen.iter().map(String::as_str).filter(|name| catalogue.find(name).is_none());
        let mut names: Vec<_> = listed.chain(others).map(|name| (name, read(name))).collect();
        names.sort_by_key(|(_, read)| read.to_lowercase());
        Self { names, chosen }
    }

    /// The names as boxes under a legend, with a word of help where one is needed.
    pub fn show(&self, field: &str, legend: &str, help: Option<&str>) -> Markup {
        let id = format!("{field}-help");
        let (shown, folded): (Vec<_>, Vec<_>) =
            self.names.iter().partition(|name| self.names.len() <= MOST || self.is_chosen(name.0));
        html! {
            @if !self.names.is_empty() {
                fieldset aria-describedby=[help.map(|_| &id)] {
                    legend { (legend) }
                    @if let Some(help) = help { p .small id=(id) { (help) } }
                    @if !shown.is_empty() { (self.boxes(field, &shown)) }
                    @if !folded.is_empty() {
                        details {
                            summary { @if shown.is_empty() { "Choose" } @else { "More" } span .unseen { ": " (legend) } }
                            (self.boxes(field, &folded))
                        }
                    }
                }
            }
        }
    }

    fn is_chosen(&self, name: &str) -> bool {
        self.chosen.iter().any(|it| it == name)
    }

    fn boxes(&self, field: &str, names: &[&(&str, &str)]) -> Markup {
        html! {
            div .chips .many {
                @for (name, read) in names {
                    label {
                        input type="checkbox" name=(field) value=(name) checked[self.is_chosen(name)];
                        (read)
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ticked_is_seen_also_among_hundreds() {
        let names = (0..300).map(|at| format!("Service {at:03}")).collect();
        let (catalogue, chosen) =
            (NameList::services(names), ["Service 123".to_owned(), "Laserdisc".to_owned()]);
        let html = Choice::of(&catalogue, &chosen, |name| name).show("service", "On", None);
        let html = html.into_string();
        let (seen, folded) = html.split_once("<details>").unwrap();
        assert_eq!(seen.matches("type=\"checkbox\"").count(), 2, "{seen}");
        assert!(seen.contains("value=\"Laserdisc\" checked"), "{seen}");
        assert_eq!(folded.matches("type=\"checkbox\"").count(), 299);
        let few = Choice::of(&NameList::genres(Vec::new()), &[], |name| name)
            .show("genre", "Genres", None);
        assert_eq!(few.into_string(), "");
    }
}
