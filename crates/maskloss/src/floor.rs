//! What no implementation can be faster than, for the benchmark: the bytes of a call only touched, its exponentials and logarithms
//! only taken. Behind the feature `bench`; the published binary does not have it.

use crate::parallel::{Execution, Queue, Work, run};
use crate::simd::{Bytes, Level, Simd, SimdBase, dispatch, exp, f32x16, i32x16, ln};

/// The elements one task touches: 64 KiB of the longest array.
const CHUNK: usize = 1 << 14;
/// The numbers in L1 that functions are taken of, and what one task takes.
const RESIDENT: usize = 1 << 10;
const REPEATS: usize = 1 << 6;

/// The memory of a call. Labels and counts lie in it as they lie in the call, seen as `f32`.
pub struct Traffic<'a> {
    /// The prediction.
    pub prediction: &'a [f32],
    /// The target.
    pub target: &'a [f32],
    /// Where the gradient goes.
    pub gradient: Option<&'a mut [f32]>,
    /// The parts, of equal size, each finished by one thread: what the first pass read of one is still in the cache for the
    /// second. 1: all threads share each pass. 0: nothing is read twice.
    pub groups: usize,
}

/// Reads the inputs once; then, if there is a gradient, once more while writing it. Returns a digest, so that no read is left out.
pub fn touch(traffic: Traffic, execution: &Execution) -> i32 {
    let Traffic { prediction, target, gradient, groups } = traffic;
    let Some(gradient) = gradient else {
        return read(prediction, target, execution);
    };
    match groups {
        0 => write(prediction, target, gradient, execution),
        1 => read(prediction, target, execution) ^ write(prediction, target, gradient, execution),
        _ => {
            let part = |len: usize| len.div_ceil(groups);
            let parts = prediction
                .chunks(part(prediction.len()))
                .zip(target.chunks(part(target.len())))
                .zip(gradient.chunks_mut(part(prediction.len())));
            let alone = Execution { threads: 1, ..*execution };
            let work = |((p, t), g)| read(p, t, &alone) ^ write(p, t, g, &alone);
            each(parts.collect(), prediction.len(), execution, work)
        }
    }
}

fn read(prediction: &[f32], target: &[f32], execution: &Execution) -> i32 {
    let work = |(p, t)| dispatch!(execution.level, simd => digest(simd, p) ^ digest(simd, t));
    each(chunks(prediction, target), prediction.len(), execution, work)
}

fn write(prediction: &[f32], target: &[f32], gradient: &mut [f32], execution: &Execution) -> i32 {
    let tasks = chunks(prediction, target).into_iter().zip(gradient.chunks_mut(CHUNK)).collect();
    let work = |((p, t), g)| dispatch!(execution.level, simd => copy(simd, p, g) ^ digest(simd, t));
    each(tasks, prediction.len(), execution, work)
}

/// Tasks of [`CHUNK`] elements of the prediction, each with its share of the target.
fn chunks<'a>(prediction: &'a [f32], target: &'a [f32]) -> Vec<(&'a [f32], &'a [f32])> {
    let tasks = prediction.len().div_ceil(CHUNK);
    let cut = |index: usize| index * target.len() / tasks;
    prediction.chunks(CHUNK).enumerate().map(|(i, p)| (p, &target[cut(i)..cut(i + 1)])).collect()
}

/// Small calls stay on one thread, as the engine's do.
fn each<T: Send>(tasks: Vec<T>, elements: usize, execution: &Execution, work: impl Fn(T) -> i32 + Sync) -> i32 {
    let worker =
        |queue: &Queue<std::vec::IntoIter<T>>| std::iter::from_fn(|| queue.next()).fold(0, |sum, t| sum ^ work(t));
    let work = Work { count: tasks.len(), tasks: tasks.into_iter(), elements };
    let (own, others) = run(execution, work, worker);
    others.into_iter().fold(own, |a, b| a ^ b)
}

/// Four chains, so that no latency limits the loads.
#[inline(always)]
fn digest<S: Simd>(simd: S, source: &[f32]) -> i32 {
    let mut sums = [i32x16::splat(simd, 0); 4];
    let (blocks, tail) = source.as_chunks::<16>();
    for four in blocks.chunks(4) {
        for (sum, block) in sums.iter_mut().zip(four) {
            *sum |= f32x16::load_array_ref(simd, block).bitcast::<i32x16<S>>();
        }
    }
    let mut lanes = [0; 16];
    (sums[0] | sums[1] | sums[2] | sums[3]).store_array(&mut lanes);
    lanes.into_iter().chain(tail.iter().map(|x| x.to_bits() as i32)).fold(0, |a, b| a ^ b)
}

#[inline(always)]
fn copy<S: Simd>(simd: S, source: &[f32], to: &mut [f32]) -> i32 {
    let (blocks, tail) = source.as_chunks::<16>();
    let (to_blocks, to_tail) = to.as_chunks_mut::<16>();
    for (block, to) in blocks.iter().zip(to_blocks) {
        // Changed on the way: a plain copy would become a call of memcpy, which has stores of its own kind.
        (f32x16::load_array_ref(simd, block).bitcast::<i32x16<S>>() ^ 1).bitcast::<f32x16<S>>().store_array(to);
    }
    to_tail.copy_from_slice(tail);
    0
}

/// Takes so many exponentials and logarithms of numbers in L1. Returns their sum, so that none is left out.
pub fn functions(exponentials: usize, logarithms: usize, execution: &Execution) -> f32 {
    let task = RESIDENT * REPEATS;
    let tasks = |count: usize, is_ln: bool| {
        (0..count.div_ceil(task)).map(move |i| (is_ln, REPEATS.min((count - i * task).div_ceil(RESIDENT))))
    };
    let all: Vec<_> = tasks(exponentials, false).chain(tasks(logarithms, true)).collect();
    let total = each(all, exponentials + logarithms, execution, |(is_ln, repeats)| {
        resident(execution.level, is_ln, repeats).to_bits() as i32
    });
    f32::from_bits(total as u32)
}

fn resident(level: Level, is_ln: bool, repeats: usize) -> f32 {
    let mut numbers = [[0.0; 16]; RESIDENT / 16];
    for (i, x) in numbers.as_flattened_mut().iter_mut().enumerate() {
        *x = (i % 97 + 1) as f32 / 16.0;
    }
    dispatch!(level, simd => {
        if is_ln {
            sum_of(simd, &numbers, repeats, |x| ln(simd, x))
        } else {
            sum_of(simd, &numbers, repeats, |x| exp(simd, x))
        }
    })
}

#[inline(always)]
fn sum_of<S: Simd>(simd: S, numbers: &[[f32; 16]], repeats: usize, function: impl Fn(f32x16<S>) -> f32x16<S>) -> f32 {
    let mut sums = [f32x16::splat(simd, 0.0); 2];
    for _ in 0..repeats {
        for pair in std::hint::black_box(numbers).chunks_exact(2) {
            for (sum, block) in sums.iter_mut().zip(pair) {
                *sum += function(f32x16::load_array_ref(simd, block));
            }
        }
    }
    let mut lanes = [0.0; 16];
    (sums[0] + sums[1]).store_array(&mut lanes);
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_written() {
        let prediction: Vec<f32> = (1..=100_000).map(|x| x as f32).collect();
        let target = vec![1.0; 25_000];
        for groups in [0, 1, 4] {
            let mut gradient = vec![0.0; prediction.len()];
            let traffic = Traffic { prediction: &prediction, target: &target, gradient: Some(&mut gradient), groups };
            touch(traffic, &Execution::default());
            assert!(gradient.iter().all(|g| *g != 0.0), "{groups} groups");
        }
    }

    #[test]
    fn as_many_functions_are_taken_as_asked_for() {
        assert!(functions(1 << 20, 0, &Execution::default()).is_finite());
        assert_eq!(functions(0, 0, &Execution::default()), 0.0);
    }
}
