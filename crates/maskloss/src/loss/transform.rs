//! From a score to a loss.

use crate::criterion::{OuterTransform, Transform};

/// The loss of a score s and its derivative by s, given `miss = 1 − s` too, which may have digits that s has not.
pub(super) fn transformed(transform: Transform, gamma: f64, floor: f64, score: f64, miss: f64) -> (f64, f64) {
    match transform {
        Transform::OneMinus => (miss, -1.0),
        Transform::Negative => (0.0 - score, -1.0),
        Transform::NegativeLog => logarithm(score, floor),
        Transform::Power => {
            let (loss, slope) = power(miss, gamma);
            (loss, -slope)
        }
        Transform::LogPower => {
            let (logarithm, by_score) = logarithm(score, floor);
            let (loss, slope) = power(logarithm, gamma);
            (loss, if by_score == 0.0 { 0.0 } else { slope * by_score })
        }
        Transform::Penalty => {
            let divisor = 1.0 + gamma * (1.0 - miss);
            (miss / divisor, -(1.0 + gamma) / (divisor * divisor))
        }
    }
}

/// The loss of a reduced value and its derivative by it: the value is the miss of a score.
pub(super) fn outer_transformed(transform: OuterTransform, gamma: f64, floor: f64, value: f64) -> (f64, f64) {
    let transform = match transform {
        OuterTransform::Power => Transform::Power,
        OuterTransform::LogPower => Transform::LogPower,
        OuterTransform::Penalty => Transform::Penalty,
    };
    let (loss, by_score) = transformed(transform, gamma, floor, 1.0 - value, value);
    (loss, -by_score)
}

/// `−log(max(s, floor))`: constant at and below the floor.
fn logarithm(score: f64, floor: f64) -> (f64, f64) {
    let floor = floor.max(0.0);
    if score <= floor { (-libm::log(floor), 0.0) } else { (-libm::log(score), -1.0 / score) }
}

/// `x^γ` and its derivative. Beyond the perfect score x is negative: there, and at γ < 1 at 0, it is flat by definition.
fn power(x: f64, gamma: f64) -> (f64, f64) {
    if gamma == 1.0 {
        (x, 1.0)
    } else if x <= 0.0 {
        (libm::pow(0.0, gamma), 0.0)
    } else {
        (libm::pow(x, gamma), gamma * libm::pow(x, gamma - 1.0))
    }
}
