//! Logistic regression with a ridge, by Newton's method on sparse rows.

/// A row: the columns that are not zero, what it is (1 or 0), and how much it counts.
pub struct Row {
    pub columns: Vec<(usize, f64)>,
    pub same: bool,
    pub weight: f64,
}

/// Coefficients that minimise the weighted log-loss plus half the ridge times their squares. Column 0 (the intercept) is
/// free of the ridge.
pub fn fit(rows: &[Row], width: usize, ridge: f64) -> Vec<f64> {
    let mut solution = vec![0.0; width];
    for _ in 0..30 {
        let (mut gradient, mut hessian) = penalty(&solution, ridge);
        for row in rows {
            let p = 1.0 / (1.0 + (-score(&row.columns, &solution)).exp());
            let slope = row.weight * (p - f64::from(u8::from(row.same)));
            let bend = row.weight * p * (1.0 - p);
            for (one, x) in &row.columns {
                gradient[*one] += slope * x;
                for (other, y) in &row.columns {
                    hessian[one * width + other] += bend * x * y;
                }
            }
        }
        let step = solve(hessian, gradient, width);
        let largest = step.iter().fold(0.0_f64, |largest, one| largest.max(one.abs()));
        solution.iter_mut().zip(step).for_each(|(own, step)| *own -= step);
        if largest < 1e-6 {
            break;
        }
    }
    solution
}

pub fn score(columns: &[(usize, f64)], solution: &[f64]) -> f64 {
    columns.iter().map(|(column, x)| solution[*column] * x).sum()
}

fn penalty(solution: &[f64], ridge: f64) -> (Vec<f64>, Vec<f64>) {
    let width = solution.len();
    let mut gradient = vec![0.0; width];
    let mut hessian = vec![0.0; width * width];
    for (column, own) in solution.iter().enumerate() {
        // A trace on the intercept keeps the system regular whatever the rows.
        let ridge = if column == 0 { 1e-6 } else { ridge };
        gradient[column] = ridge * own;
        hessian[column * width + column] = ridge;
    }
    (gradient, hessian)
}

/// Solves a symmetric positive definite system by Cholesky's factorisation.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>, width: usize) -> Vec<f64> {
    for column in 0..width {
        for row in column..width {
            let known: f64 = (0..column)
                .map(|k| matrix[row * width + k] * matrix[column * width + k])
                .sum();
            let rest = matrix[row * width + column] - known;
            matrix[row * width + column] = if row == column {
                rest.sqrt()
            } else {
                rest / matrix[column * width + column]
            };
        }
    }
    for row in 0..width {
        let known: f64 = (0..row).map(|k| matrix[row * width + k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row * width + row];
    }
    for row in (0..width).rev() {
        let known: f64 = (row + 1..width).map(|k| matrix[k * width + row] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row * width + row];
    }
    right
}
