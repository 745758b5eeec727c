//! A plain criterion, and a plain loss.

use maskloss::{Activation, Criterion, CrossEntropy, Loss, MeanOver, Reduction, Term};

/// The mean over the pixels that count: the gradient at one pixel depends on no other one.
pub fn cross_entropy() -> Loss {
    Loss::CrossEntropy(CrossEntropy {
        class_weights: None,
        label_smoothing: 0.0,
        mean_over: MeanOver::ValidPixels,
        clip: 0.0,
        top_percent: None,
        reduction: Reduction::Mean,
    })
}

pub fn criterion(activation: Activation, classes: usize, losses: Vec<Loss>) -> Criterion {
    Criterion {
        activation,
        classes,
        ignore_index: None,
        mask_value: None,
        regions: None,
        check_values: true,
        terms: losses.into_iter().map(|loss| Term { weight: 1.0, loss }).collect(),
    }
}
