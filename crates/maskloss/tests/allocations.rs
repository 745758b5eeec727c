//! How often a call allocates: a small call is over in the time of a few dozen allocations, and a large one must not allocate for
//! its pixels.

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::cell::Cell;

use maskloss::{
    Activation, Cells, Criterion, Execution, Floats, FloatsMut, Gradient, Input, Layout, Loss, Planes, Region,
    ScorePer, Shape, Target, Term, evaluate,
};

/// The system's allocator, which counts what each thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; the counter is a number, which needs no memory of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(memory) }
    }

    unsafe fn alloc_zeroed(&self, memory: Memory) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(memory) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, memory: Memory, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, memory, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, memory: Memory) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, memory) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const CLASSES: usize = 2;

fn dice() -> Criterion {
    let region = Region::dice(Cells::alike(ScorePer::SampleClass, (0..CLASSES).collect()));
    Criterion {
        activation: Activation::None,
        classes: CLASSES,
        ignore_index: None,
        mask_value: None,
        regions: None,
        check_values: true,
        terms: vec![Term { weight: 1.0, loss: Loss::Region(region) }],
    }
}

/// The allocations of a call on the caller's thread alone, after others like it.
fn allocations(pixels: usize, with_gradient: bool) -> usize {
    let criterion = dice();
    let prediction = vec![0.5; CLASSES * pixels];
    let mut target = vec![0.0; CLASSES * pixels];
    target[..pixels].fill(1.0);
    let mut data = vec![0.0; CLASSES * pixels];
    let input = Input {
        shape: Shape { samples: 1, classes: CLASSES, pixels, layout: Layout::ChannelsFirst },
        prediction: Floats::F32(&prediction),
        target: Target::PerClass(Planes::F32(&target)),
        pixel_weights: None,
    };
    let execution = Execution { threads: 1, ..Execution::default() };
    let mut call = || {
        let mut gradient = Gradient { data: FloatsMut::F32(&mut data), scale: 1.0, accumulate: false };
        let before = ALLOCATIONS.get();
        evaluate(&criterion, &input, with_gradient.then_some(&mut gradient), &execution).expect("sound data");
        ALLOCATIONS.get() - before
    };
    call();
    call()
}

#[test]
fn a_small_call_allocates_a_few_times() {
    for (with_gradient, most) in [(false, 4), (true, 7)] {
        let found = allocations(4096, with_gradient);
        assert!(found <= most, "{found} allocations, gradient {with_gradient}");
    }
}

#[test]
fn a_large_call_does_not_allocate_for_its_pixels() {
    // The exact sums of several chunks have digits; pass 2 holds the planes of each task of 2¹⁶ elements.
    let digits = 5;
    for pixels in [1 << 19, 1 << 20] {
        let tasks = (CLASSES * pixels) >> 16;
        for (with_gradient, most) in [(false, 4 + digits), (true, 6 + digits + tasks)] {
            let found = allocations(pixels, with_gradient);
            assert!(found <= most, "{found} allocations, {pixels} pixels, gradient {with_gradient}");
        }
    }
}
