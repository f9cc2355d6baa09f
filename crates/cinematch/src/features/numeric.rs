//! Numeric columns. Missing values are replaced by the column's median, then every column is scaled to mean 0
//! and variance 1, as in scikit-learn's `StandardScaler` (population variance; a constant column is only
//! centered).

use serde::{Deserialize, Serialize};

/// A fitted scaler. Each list has one entry per column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumericScaler {
    /// Column names.
    pub features: Vec<String>,
    /// Replacement for missing values: the median of the values that are present, or 0 if there are none.
    pub median: Vec<f64>,
    /// Mean after replacing missing values.
    pub mean: Vec<f64>,
    /// Population variance after replacing missing values.
    pub var: Vec<f64>,
    /// Divisor of deviations: √var, or 1 for a constant column.
    pub scale: Vec<f64>,
    /// Number of rows that the scaler was fitted to.
    pub n_samples: usize,
}

impl NumericScaler {
    /// Fits the scaler to columns of equal length. O(n log n) per column.
    pub(crate) fn fit(columns: &[(&str, Vec<Option<f64>>)]) -> Self {
        let mut scaler = Self {
            features: Vec::new(),
            median: Vec::new(),
            mean: Vec::new(),
            var: Vec::new(),
            scale: Vec::new(),
            n_samples: columns.first().map_or(0, |(_, values)| values.len()),
        };
        for (name, values) in columns {
            let median = median(values.iter().flatten().copied().collect());
            let filled = || values.iter().map(|value| value.unwrap_or(median));
            let n = values.len().max(1) as f64;
            let mean = filled().sum::<f64>() / n;
            let var = filled().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
            // The bound that scikit-learn uses to detect columns that are constant up to rounding.
            let rounding = n * f64::EPSILON * var + (n * mean * f64::EPSILON).powi(2);
            scaler.features.push((*name).to_owned());
            scaler.median.push(median);
            scaler.mean.push(mean);
            scaler.var.push(var);
            scaler.scale.push(if var <= rounding { 1.0 } else { var.sqrt() });
        }
        scaler
    }

    /// Returns `value`, or the column's median if it is `None`, scaled like the rest of the column.
    pub(crate) fn transform(&self, column: usize, value: Option<f64>) -> f64 {
        (value.unwrap_or(self.median[column]) - self.mean[column]) / self.scale[column]
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_missing_values_and_keeps_constant_columns_finite() {
        let scaler = NumericScaler::fit(&[
            ("year", vec![Some(1990.0), None, Some(2000.0), Some(2010.0)]),
            ("runtime", vec![None; 4]),
            ("same", vec![Some(7.0); 4]),
        ]);
        assert_eq!(scaler.median, [2000.0, 0.0, 7.0]);
        assert!((scaler.var[0] - 50.0).abs() < 1e-12);
        assert!((scaler.transform(0, None)).abs() < 1e-12);
        assert!((scaler.transform(0, Some(2010.0)) - 10.0 / 50.0_f64.sqrt()).abs() < 1e-12);
        assert!(scaler.transform(1, None).abs() < 1e-12);
        assert!(scaler.transform(2, Some(7.0)).abs() < 1e-12);
    }
}
