//! A criterion as numbers: `src/plan.ts` writes them in this order, once for each criterion.
//!
//! ```text
//! criterion  activation, classes, ignoreIndex?, maskValue?, checkValues, regions: [[label]]?, terms: [term]
//! term       weight, kind, then
//!   region                form, transform, gamma, scale, alpha, beta, smoothNumerator, smoothDenominator, floor,
//!                         scorePer, weightMode, emptyClass, reduction, classes: [class], classWeights: [weight]?
//!   cross-entropy         labelSmoothing, meanOver, clip, reduction, classWeights: [weight]?
//!   binary cross-entropy  labelSmoothing, meanOver, clip, reduction, classWeights: [weight]?, positiveWeights: [weight]?
//! x?         0, or 1 and x           [x]     the length, then each x           names   their place in engine.ts, from 0
//! ```

use maskloss::{
    Activation, BinaryCrossEntropy, Criterion, CrossEntropy, EmptyClass, Form, Loss, MeanOver, Reduction, Region,
    ScorePer, Term, Transform, WeightMode,
};
use napi::{Error, Result, Status};

/// Reads numbers one after the other.
struct Reader<'a>(std::slice::Iter<'a, f64>);

fn malformed() -> Error {
    Error::new(
        Status::InvalidArg,
        "Expected a plan of this version; the TypeScript and the native part do not belong together",
    )
}

impl Reader<'_> {
    fn number(&mut self) -> Result<f64> {
        self.0.next().copied().ok_or_else(malformed)
    }

    fn index(&mut self) -> Result<usize> {
        let number = self.number()?;
        if number >= 0.0 && number.fract() == 0.0 && number < 2_f64.powi(32) {
            Ok(number as usize)
        } else {
            Err(malformed())
        }
    }

    fn name<T: Copy>(&mut self, names: &[T]) -> Result<T> {
        names.get(self.index()?).copied().ok_or_else(malformed)
    }

    fn flag(&mut self) -> Result<bool> {
        self.name(&[false, true])
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let len = self.index()?;
        if len > self.0.len() {
            return Err(malformed());
        }
        (0..len).map(|_| read(self)).collect()
    }

    fn label(&mut self) -> Result<i64> {
        self.number().map(|label| label as i64)
    }

    fn weights(&mut self, classes: usize) -> Result<Option<Vec<f64>>> {
        let weights = self.optional(|r| r.list(Self::number))?;
        if weights.as_ref().is_some_and(|w| w.len() != classes) { Err(malformed()) } else { Ok(weights) }
    }

    /// Ascending class ids, each once: as many as there are classes at most.
    fn classes(&mut self, classes: usize) -> Result<Vec<usize>> {
        let counted = self.list(Self::index)?;
        let ascending = counted.is_sorted_by(|a, b| a < b) && counted.last().is_some_and(|&last| last < classes);
        if ascending { Ok(counted) } else { Err(malformed()) }
    }

    fn reduction(&mut self) -> Result<Reduction> {
        self.name(&[Reduction::Mean, Reduction::Sum, Reduction::None])
    }

    fn mean_over(&mut self) -> Result<MeanOver> {
        self.name(&[MeanOver::Weights, MeanOver::ValidPixels, MeanOver::Pixels])
    }

    fn transform(&mut self) -> Result<Transform> {
        let transform = self.name(&[Transform::OneMinus, Transform::NegativeLog, Transform::Power(1.0)])?;
        let gamma = self.number()?;
        Ok(if let Transform::Power(_) = transform { Transform::Power(gamma) } else { transform })
    }

    fn region(&mut self, classes: usize) -> Result<Region> {
        Ok(Region {
            form: self.name(&[Form::Product, Form::Squared, Form::Absolute])?,
            transform: self.transform()?,
            scale: self.number()?,
            alpha: self.number()?,
            beta: self.number()?,
            smooth_numerator: self.number()?,
            smooth_denominator: self.number()?,
            floor: self.number()?,
            score_per: self.name(&[ScorePer::SampleClass, ScorePer::Class, ScorePer::Sample, ScorePer::Batch])?,
            weight_mode: self.name(&[WeightMode::Mean, WeightMode::Multiply, WeightMode::Inside])?,
            empty_class: self.name(&[
                EmptyClass::Smooth,
                EmptyClass::Perfect,
                EmptyClass::Worst,
                EmptyClass::Skip,
                EmptyClass::Nan,
            ])?,
            reduction: self.reduction()?,
            classes: self.classes(classes)?,
            class_weights: self.weights(classes)?,
        })
    }

    fn cross_entropy(&mut self, classes: usize) -> Result<CrossEntropy> {
        Ok(CrossEntropy {
            label_smoothing: self.number()?,
            mean_over: self.mean_over()?,
            clip: self.number()?,
            reduction: self.reduction()?,
            class_weights: self.weights(classes)?,
        })
    }

    fn binary_cross_entropy(&mut self, classes: usize) -> Result<BinaryCrossEntropy> {
        Ok(BinaryCrossEntropy {
            label_smoothing: self.number()?,
            mean_over: self.mean_over()?,
            clip: self.number()?,
            reduction: self.reduction()?,
            class_weights: self.weights(classes)?,
            positive_weights: self.weights(classes)?,
        })
    }

    fn term(&mut self, classes: usize) -> Result<Term> {
        let weight = self.number()?;
        let loss = match self.index()? {
            0 => Loss::Region(self.region(classes)?),
            1 => Loss::CrossEntropy(self.cross_entropy(classes)?),
            2 => Loss::BinaryCrossEntropy(self.binary_cross_entropy(classes)?),
            _ => return Err(malformed()),
        };
        Ok(Term { weight, loss })
    }
}

/// The criterion that a plan stands for.
pub fn criterion(plan: &[f64]) -> Result<Criterion> {
    let mut reader = Reader(plan.iter());
    let activation = reader.name(&[Activation::None, Activation::Sigmoid, Activation::Softmax])?;
    let classes = reader.index()?;
    let ignore_index = reader.optional(Reader::label)?;
    let mask_value = reader.optional(Reader::label)?;
    let check_values = reader.flag()?;
    let regions = reader.optional(regions_from)?;
    let terms = reader.list(|r| r.term(classes))?;
    let counted = regions.as_ref().is_none_or(|r: &Vec<_>| r.len() == classes);
    if classes == 0 || !counted || reader.0.len() > 0 {
        return Err(malformed());
    }
    Ok(Criterion { activation, classes, ignore_index, mask_value, regions, check_values, terms })
}

fn regions_from(reader: &mut Reader) -> Result<Vec<Vec<i64>>> {
    reader.list(|r| r.list(Reader::label))
}

/// Regions alone, for counts: `regions: [[label]]`.
pub fn regions(plan: &[f64]) -> Result<Vec<Vec<i64>>> {
    regions_from(&mut Reader(plan.iter()))
}
