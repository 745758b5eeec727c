use super::*;
use crate::tensor::Layout;
use proptest::collection::vec;
use proptest::prelude::*;

/// The definition, pixel by pixel.
fn plain(p: &[u8], r: &[u8], regions: &[Vec<i64>], ignored: Option<i64>) -> SampleCounts {
    let read = || p.iter().zip(r).filter(|&(_, &r)| ignored != Some(i64::from(r)));
    let of_region = |region: &Vec<i64>| {
        let inside = |label: &u8| region.contains(&i64::from(*label));
        let number = |counts: &dyn Fn(&u8, &u8) -> bool| read().filter(|(p, r)| counts(p, r)).count() as u64;
        [number(&|p, r| inside(p) && inside(r)), number(&|p, _| inside(p)), number(&|_, r| inside(r))]
    };
    SampleCounts { regions: regions.iter().map(of_region).collect(), valid: read().count() as u64 }
}

/// Two samples of maps of bytes, at every level and with several threads.
fn check(p: &[u8], r: &[u8], regions: &[Vec<i64>], ignored: Option<i64>) {
    let pixels = p.len() / 2;
    let (p, r) = (&p[..2 * pixels], &r[..2 * pixels]);
    let of_sample = |at: usize| plain(&p[at..at + pixels], &r[at..at + pixels], regions, ignored);
    let expected = [of_sample(0), of_sample(pixels)];
    let [wide_p, wide_r] = [p, r].map(|map| map.iter().map(|&label| i16::from(label)).collect::<Vec<_>>());
    let bytes = (Labels::U8(p), Labels::U8(r));
    for (p, r) in [bytes, (Labels::I16(&wide_p), Labels::I16(&wide_r))] {
        let input = CountInput {
            shape: Shape { samples: 2, classes: 1, pixels, layout: Layout::ChannelsFirst },
            prediction: Decision::Labels(p),
            reference: Target::Labels(r),
            regions,
            ignore_index: ignored,
        };
        for level in Level::available() {
            for threads in [1, 3] {
                let counts = count(&input, &Execution { level, threads }).expect("integers");
                assert_eq!(counts, expected, "{} with {threads} threads", level.name());
            }
        }
    }
}

fn singles(labels: impl IntoIterator<Item = i64>) -> Vec<Vec<i64>> {
    labels.into_iter().map(|label| vec![label]).collect()
}

/// Regions for each way of counting: few and small labels, their unions, any byte, and what is no byte.
fn regions() -> impl Strategy<Value = Vec<Vec<i64>>> {
    prop_oneof![
        (1_i64..20).prop_map(|classes| singles(0..classes)),
        vec(vec(0_i64..15, 0..4), 1..20),
        vec(vec(-3_i64..15, 0..3), 1..4),
        vec(0_i64..256, 1..40).prop_map(singles),
        Just(singles(0..256)),
        vec(vec(0_i64..300, 0..3), 1..4),
    ]
}

/// A map of labels that may be in no region, in runs of any length.
fn map(len: usize) -> impl Strategy<Value = Vec<u8>> {
    let longest = prop_oneof![Just(1_usize), Just(4), Just(300)];
    (longest, prop_oneof![Just(2_u8), Just(14), Just(17), Just(255)]).prop_flat_map(move |(longest, largest)| {
        vec((0..=largest, 1..=longest), len * 2 / (longest + 1) + 1).prop_map(move |runs| {
            let pixels = runs.iter().cycle().flat_map(|&(label, run)| std::iter::repeat_n(label, run));
            pixels.take(len).collect()
        })
    })
}

/// Two maps of one length, the second of them mostly the first one or another.
fn maps() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let len = prop_oneof![4 => 0_usize..400, 1 => 1000_usize..1100, 1 => 64_400_usize..64_600];
    len.prop_flat_map(|len| (map(len), map(len), any::<bool>())).prop_map(|(p, mut r, agree)| {
        if agree {
            let some = |at: usize| !at.is_multiple_of(37);
            r.iter_mut().zip(&p).enumerate().filter(|(at, _)| some(*at)).for_each(|(_, (r, &p))| *r = p);
        }
        (p, r)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_are_counted_as_the_definition_counts_them(
        (p, r) in maps(),
        regions in regions(),
        ignored in prop_oneof![3 => Just(None), 3 => (0_i64..20).prop_map(Some), 1 => (-2_i64..300).prop_map(Some)],
    ) {
        check(&p, &r, &regions, ignored);
    }
}

#[test]
fn no_counter_overflows() {
    // Longer than a task of a thread, and of no whole vectors.
    const LEN: usize = (3 << 18) + 86;
    for label in [0, 7, 14, 15, 255_u8] {
        check(&vec![label; LEN], &vec![label; LEN], &singles([0, 7, 14, i64::from(label)]), None);
    }
    check(&vec![3; LEN], &vec![5; LEN], &singles(0..8), Some(5));
    check(&vec![3; LEN], &vec![5; LEN], &singles(0..255), Some(5));
}

#[test]
fn every_byte_is_told_from_every_other() {
    let p: Vec<u8> = (0..=255).flat_map(|label| [label; 256]).collect();
    let r: Vec<u8> = (0..256).flat_map(|_| 0..=255).collect();
    let twice = |map: &[u8]| [map, map].concat();
    for regions in [singles(0..256), singles(0..15), singles([255, 16, 128])] {
        check(&twice(&p), &twice(&r), &regions, None);
        check(&twice(&r), &twice(&p), &regions, Some(255));
    }
}

#[test]
fn the_first_fault_is_named_whoever_finds_it() {
    let mut labels = vec![1.0_f32; 5 << 18];
    let bad = [(2 << 18) + 5, (3 << 18) + 1, (4 << 18)];
    bad.iter().for_each(|&at| labels[at] = 0.5);
    let input = CountInput {
        shape: Shape { samples: 1, classes: 1, pixels: labels.len(), layout: Layout::ChannelsFirst },
        prediction: Decision::Labels(Labels::F32(&labels)),
        reference: Target::Labels(Labels::F32(&labels)),
        regions: &singles(0..2),
        ignore_index: None,
    };
    for threads in [1, 4] {
        let fault = count(&input, &Execution { level: Level::detect(), threads }).expect_err("no integer");
        assert_eq!((fault.pixel, fault.value), (bad[0], 0.5), "{threads} threads");
    }
}

/// The first tile is a whole one, the second is short: what the first one left in the scratch is no plane of it.
#[test]
fn an_ignored_label_without_a_plane_ignores_nothing() {
    use crate::tensor::{Floats, Planes};
    let pixels = crate::tile::LARGEST_TILE + 16;
    let plane = vec![1.0_f32; pixels];
    let input = CountInput {
        shape: Shape { samples: 1, classes: 1, pixels, layout: Layout::ChannelsFirst },
        prediction: Decision::Threshold(Floats::F32(&plane), 0.5),
        reference: Target::PerClass(Planes::F32(&plane)),
        regions: &[vec![1]],
        ignore_index: Some(1),
    };
    let counts = count(&input, &Execution::default()).expect("no labels");
    assert_eq!(counts[0], SampleCounts { regions: vec![[pixels as u64; 3]], valid: pixels as u64 });
}
