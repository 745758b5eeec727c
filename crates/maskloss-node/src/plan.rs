//! A criterion as numbers: `src/plan.ts` writes them, and has the grammar.

use maskloss::{
    AbsentWeight, Activation, Averaging, BinaryCrossEntropy, Cells, Correlation, Criterion, CrossEntropy, EmptyClass,
    Form, Loss, Lovasz, LovaszForm, MeanOver, OuterTransform, Pixel, PixelForm, PixelFunction, Reduction, Region,
    ScorePer, SensitivitySpecificity, SoftTarget, Term, Transform, VolumeWeights, Volumes, Wasserstein,
    WassersteinWeighting, WeightMode,
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

    /// One number for each class.
    fn per_class(&mut self, classes: usize) -> Result<Vec<f64>> {
        let numbers = self.list(Self::number)?;
        if numbers.len() == classes { Ok(numbers) } else { Err(malformed()) }
    }

    fn weights(&mut self, classes: usize) -> Result<Option<Vec<f64>>> {
        self.optional(|r| r.per_class(classes))
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

    fn score_per(&mut self) -> Result<ScorePer> {
        self.name(&[ScorePer::SampleClass, ScorePer::Class, ScorePer::Sample, ScorePer::Batch])
    }

    fn averaging(&mut self) -> Result<Averaging> {
        self.name(&[Averaging::Cells, Averaging::Samples, Averaging::Classes])
    }

    fn empty_class(&mut self) -> Result<EmptyClass> {
        use EmptyClass::{Nan, Perfect, Skip, Smooth, Worst};
        self.name(&[Smooth, Perfect, Worst, Skip, Nan])
    }

    fn cells(&mut self, classes: usize) -> Result<Cells> {
        Ok(Cells {
            score_per: self.score_per()?,
            classes: self.classes(classes)?,
            class_weights: self.weights(classes)?,
            weight_mode: self.name(&[WeightMode::Mean, WeightMode::Multiply, WeightMode::Inside])?,
            empty_class: self.empty_class()?,
            averaging: self.averaging()?,
            reduction: self.reduction()?,
        })
    }

    fn region(&mut self, classes: usize) -> Result<Region> {
        use Transform::{LogPower, Negative, NegativeLog, OneMinus, Penalty, Power};
        let region = Region {
            cells: self.cells(classes)?,
            form: self.name(&[Form::Product, Form::Squared, Form::Absolute, Form::SquaredErrors])?,
            transform: self.name(&[OneMinus, Negative, NegativeLog, Power, LogPower, Penalty])?,
            gamma: self.number()?,
            class_gammas: self.weights(classes)?,
            outer_transform: self.name(&[OuterTransform::Power, OuterTransform::LogPower, OuterTransform::Penalty])?,
            outer_gamma: self.number()?,
            scale: self.number()?,
            alpha: self.number()?,
            beta: self.number()?,
            smooth_numerator: self.number()?,
            smooth_denominator: self.number()?,
            floor: self.number()?,
            target_floor: self.number()?,
            volume_weights: self.optional(Self::volume_weights)?,
        };
        let meaningless = region.form == Form::Absolute && region.target_floor != 0.0;
        if meaningless { Err(malformed()) } else { Ok(region) }
    }

    fn volume_weights(&mut self) -> Result<VolumeWeights> {
        Ok(VolumeWeights {
            volumes: self.name(&[Volumes::Score, Volumes::Batch])?,
            power: self.index()? as i32,
            offset: self.number()?,
            floor: self.number()?,
            absent: self.name(&[AbsentWeight::Formula, AbsentWeight::Largest, AbsentWeight::Zero])?,
        })
    }

    fn cross_entropy(&mut self, classes: usize) -> Result<CrossEntropy> {
        Ok(CrossEntropy {
            class_weights: self.weights(classes)?,
            label_smoothing: self.number()?,
            mean_over: self.mean_over()?,
            clip: self.number()?,
            top_percent: self.optional(Self::number)?,
            reduction: self.reduction()?,
        })
    }

    fn binary_cross_entropy(&mut self, classes: usize) -> Result<BinaryCrossEntropy> {
        Ok(BinaryCrossEntropy {
            class_weights: self.weights(classes)?,
            positive_weights: self.weights(classes)?,
            label_smoothing: self.number()?,
            mean_over: self.mean_over()?,
            clip: self.number()?,
            reduction: self.reduction()?,
        })
    }

    fn wasserstein(&mut self, classes: usize) -> Result<Wasserstein> {
        let distances = self.list(Self::number)?;
        if distances.len() != classes * classes {
            return Err(malformed());
        }
        Ok(Wasserstein {
            distances,
            weighting: self.name(&[WassersteinWeighting::Default, WassersteinWeighting::Volume])?,
            smooth_numerator: self.number()?,
            smooth_denominator: self.number()?,
            score_per: self.score_per()?,
            reduction: self.reduction()?,
        })
    }

    fn pixel(&mut self, classes: usize) -> Result<Pixel> {
        Ok(Pixel {
            function: self.name(&[PixelFunction::Focal, PixelFunction::Poly, PixelFunction::Generalized])?,
            form: self.name(&[PixelForm::Categorical, PixelForm::Binary])?,
            gammas: self.per_class(classes)?,
            positive_weights: self.weights(classes)?,
            negative_weights: self.weights(classes)?,
            target_scale: self.number()?,
            target_offset: self.number()?,
            soft_target: self.name(&[SoftTarget::Linear, SoftTarget::Mixed, SoftTarget::Signed])?,
            reduced_threshold: self.optional(Self::number)?,
            normalized: self.flag()?,
            classes: self.classes(classes)?,
            mean_over: self.mean_over()?,
            clip: self.number()?,
            reduction: self.reduction()?,
        })
    }

    fn lovasz(&mut self, classes: usize) -> Result<Lovasz> {
        Ok(Lovasz {
            form: self.name(&[LovaszForm::Softmax, LovaszForm::Hinge])?,
            score_per: self.score_per()?,
            classes: self.classes(classes)?,
            empty_class: self.empty_class()?,
            averaging: self.averaging()?,
            reduction: self.reduction()?,
        })
    }

    fn term(&mut self, classes: usize) -> Result<Term> {
        let weight = self.number()?;
        let loss = match self.index()? {
            0 => Loss::Region(self.region(classes)?),
            1 => Loss::CrossEntropy(self.cross_entropy(classes)?),
            2 => Loss::BinaryCrossEntropy(self.binary_cross_entropy(classes)?),
            3 => Loss::Correlation(Correlation { cells: self.cells(classes)?, smooth: self.number()? }),
            4 => Loss::SensitivitySpecificity(SensitivitySpecificity {
                cells: self.cells(classes)?,
                share: self.number()?,
                smooth: self.number()?,
            }),
            5 => Loss::Wasserstein(self.wasserstein(classes)?),
            6 => Loss::Pixel(self.pixel(classes)?),
            7 => Loss::Lovasz(self.lovasz(classes)?),
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
    let criterion = Criterion { activation, classes, ignore_index, mask_value, regions, check_values, terms };
    if criterion.shares_clip() { Ok(criterion) } else { Err(malformed()) }
}

fn regions_from(reader: &mut Reader) -> Result<Vec<Vec<i64>>> {
    reader.list(|r| r.list(Reader::label))
}

/// Regions alone, for counts: `regions: [[label]]`.
pub fn regions(plan: &[f64]) -> Result<Vec<Vec<i64>>> {
    regions_from(&mut Reader(plan.iter()))
}
