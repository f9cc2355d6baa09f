//! Groups of checkboxes: genres, services, languages.

use cinematch::catalog::names::NameList;
use maud::{Markup, html};

use super::texts::browse as texts;

/// Maximum size of a group that is shown in full. Larger groups show the checked names and collapse the others,
/// since a country can have hundreds of services.
const MAX_UNFOLDED: usize = 30;

/// A group of checkboxes for the names in the catalog and for chosen names that the catalog does not contain.
pub struct Choice<'a> {
    /// Values of the checkboxes with their labels.
    names: Vec<(&'a str, String)>,
    chosen: &'a [String],
}

impl<'a> Choice<'a> {
    /// Creates a group of the catalog's names and the chosen names, ordered by label.
    pub fn new(catalog: &'a NameList, chosen: &'a [String], label: fn(&str) -> String) -> Self {
        let catalog_names = catalog.names().iter().map(String::as_str);
        let others = chosen.iter().map(String::as_str).filter(|name| catalog.find(name).is_none());
        let mut names: Vec<_> =
            catalog_names.chain(others).map(|name| (name, label(name))).collect();
        names.sort_by_key(|(_, label)| label.to_lowercase());
        Self { names, chosen }
    }

    /// Renders the checkboxes under a legend, with an optional help text.
    pub fn show(&self, field: &str, legend: &str, help: Option<&str>) -> Markup {
        let id = format!("{field}-help");
        let (shown, folded): (Vec<_>, Vec<_>) = self
            .names
            .iter()
            .partition(|name| self.names.len() <= MAX_UNFOLDED || self.is_chosen(name.0));
        html! {
            @if !self.names.is_empty() {
                fieldset aria-describedby=[help.map(|_| &id)] {
                    legend { (legend) }
                    @if let Some(help) = help { p .small id=(id) { (help) } }
                    @if !shown.is_empty() { (self.boxes(field, &shown)) }
                    @if !folded.is_empty() {
                        details {
                            summary { @if shown.is_empty() { (texts::CHOOSE) } @else { (texts::MORE) } span .unseen { ": " (legend) } }
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

    fn boxes(&self, field: &str, names: &[&(&str, String)]) -> Markup {
        html! {
            div .chips .many {
                @for (name, label) in names {
                    label {
                        input type="checkbox" name=(field) value=(name) checked[self.is_chosen(name)];
                        (label)
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
    fn shows_checked_names_of_a_folded_group() {
        let names = (0..300).map(|at| format!("Service {at:03}")).collect();
        let (catalog, chosen) =
            (NameList::services(names), ["Service 123".to_owned(), "Laserdisc".to_owned()]);
        let html = Choice::new(&catalog, &chosen, str::to_owned).show("service", "On", None);
        let html = html.into_string();
        let (visible, folded) = html.split_once("<details>").unwrap();
        assert_eq!(visible.matches("type=\"checkbox\"").count(), 2, "{visible}");
        assert!(visible.contains("value=\"Laserdisc\" checked"), "{visible}");
        assert_eq!(folded.matches("type=\"checkbox\"").count(), 299);
        let empty = Choice::new(&NameList::genres(Vec::new()), &[], str::to_owned)
            .show("genre", "Genres", None);
        assert_eq!(empty.into_string(), "");
    }
}
