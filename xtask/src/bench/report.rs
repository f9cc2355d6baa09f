//! Benchmark reports as text tables and as JSON.

use serde_json::{Value, json};

use super::measure::{Summary, summarize};

/// Unit of a measurement.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Time; less is better.
    Seconds,
    /// Memory; less is better.
    Bytes,
    /// Requests per second; more is better.
    PerSecond,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::PerSecond => "per second",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 0.000_95 => format!("{:.0} µs", value * 1e6),
            Self::Seconds if value < 0.009_5 => format!("{:.2} ms", value * 1e3),
            Self::Seconds if value < 0.095 => format!("{:.1} ms", value * 1e3),
            Self::Seconds if value < 0.95 => format!("{:.0} ms", value * 1e3),
            Self::Seconds => format!("{value:.2} s"),
            Self::Bytes => format!("{:.0} MiB", value / f64::from(1 << 20)),
            Self::PerSecond => format!("{value:.0}/s"),
        }
    }

    fn show_all(self, values: &[f64]) -> String {
        match summarize(values) {
            None => "–".to_owned(),
            Some(Summary { median, .. }) if values.len() == 1 => self.show(median),
            Some(Summary { median, min, max }) => {
                format!("{} ({}–{})", self.show(median), self.show(min), self.show(max))
            }
        }
    }

    /// Returns the factor by which our side is better; a factor below 1 means that it is worse.
    fn ratio(self, ours: &[f64], peer: &[f64]) -> Option<f64> {
        let (ours, peer) = (summarize(ours)?.median, summarize(peer)?.median);
        let ratio = match self {
            Self::PerSecond => ours / peer,
            Self::Seconds | Self::Bytes => peer / ours,
        };
        Some(ratio).filter(|ratio| ratio.is_finite())
    }
}

/// A comparison, which is one row in the table.
struct Row {
    what: String,
    unit: Unit,
    ours: Vec<f64>,
    peer: Vec<f64>,
}

/// Comparisons and notes from a benchmark.
pub struct Report {
    title: &'static str,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    /// Creates an empty report.
    pub fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a comparison; a side without measurements is shown as a dash.
    pub fn compare(&mut self, what: impl Into<String>, unit: Unit, ours: Vec<f64>, peer: Vec<f64>) {
        self.rows.push(Row { what: what.into(), unit, ours, peer });
    }

    /// Adds a remark below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Returns the text table.
    pub fn table(&self) -> String {
        let mut cells = vec![[self.title, "ours", "peer", "ratio"].map(str::to_owned)];
        cells.extend(self.rows.iter().map(|row| {
            let ratio = row.unit.ratio(&row.ours, &row.peer);
            [
                row.what.clone(),
                row.unit.show_all(&row.ours),
                row.unit.show_all(&row.peer),
                ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.1}×")),
            ]
        }));
        let width = |column: usize| {
            cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths = [0, 1, 2, 3].map(width);
        let mut lines: Vec<String> = cells
            .iter()
            .map(|[what, ours, peer, ratio]| {
                let [a, b, c, d] = widths;
                format!("{what:<a$}  {ours:>b$}  {peer:>c$}  {ratio:>d$}")
            })
            .collect();
        lines.insert(1, "─".repeat(widths.iter().sum::<usize>() + 6));
        lines.extend(self.notes.iter().map(|note| format!("· {note}")));
        lines.join("\n")
    }

    /// Returns the report as JSON, with all measurements.
    pub fn json(&self) -> Value {
        let side = |values: &[f64]| {
            summarize(values).map(|Summary { median, min, max }| {
                json!({"median": median, "min": min, "max": max, "runs": values})
            })
        };
        let rows = self.rows.iter().map(|row| {
            json!({
                "what": row.what,
                "unit": row.unit.name(),
                "ours": side(&row.ours),
                "peer": side(&row.peer),
                "ratio": row.unit.ratio(&row.ours, &row.peer),
            })
        });
        json!({"part": self.title, "rows": rows.collect::<Vec<_>>(), "notes": self.notes})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_above_one_means_ours_is_better() {
        assert_eq!(Unit::Seconds.ratio(&[1.0], &[4.0]), Some(4.0));
        assert_eq!(Unit::Bytes.ratio(&[4.0], &[1.0]), Some(0.25));
        assert_eq!(Unit::PerSecond.ratio(&[9.0, 8.0, 1.0], &[2.0]), Some(4.0));
        assert_eq!(Unit::Seconds.ratio(&[], &[1.0]), None);
        assert_eq!(Unit::Seconds.ratio(&[0.0], &[1.0]), None);
    }

    #[test]
    fn formats_values_with_three_digits() {
        for (seconds, shown) in [
            (0.000_123_4, "123 µs"),
            (0.001_234, "1.23 ms"),
            (0.012_34, "12.3 ms"),
            (0.123_4, "123 ms"),
            (1.234, "1.23 s"),
        ] {
            assert_eq!(Unit::Seconds.show(seconds), shown);
        }
        assert_eq!(Unit::Bytes.show_all(&[1_048_576.0, 3_145_728.0]), "2 MiB (1 MiB–3 MiB)");
        assert_eq!(Unit::PerSecond.show_all(&[4_567.8]), "4568/s");
    }

    #[test]
    fn aligns_table_columns() {
        let mut report = Report::new("train");
        report.compare("time", Unit::Seconds, vec![0.5], vec![2.0, 3.0, 4.0]);
        report.compare("memory, peak", Unit::Bytes, vec![], vec![1_048_576.0]);
        report.note("a remark");
        let expected = "\
train           ours                    peer  ratio
───────────────────────────────────────────────────
time          500 ms  3.00 s (2.00 s–4.00 s)   6.0×
memory, peak       –                   1 MiB      –
· a remark";
        assert_eq!(report.table(), expected);
    }
}
