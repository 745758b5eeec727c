//! Random damage to every fixture. Whatever comes: no panic, no array beyond the limit, and what is read is whole.

use std::io::{Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use maskloss_io::{Limits, read_bytes};
use proptest::prelude::*;

use crate::hostile_png::chunk;
use crate::support::{Expected, bytes, files, format};

const LIMITS: Limits = Limits { max_pixels: 1 << 20, max_bytes: 1 << 20 };

#[derive(Clone, Debug)]
enum Damage {
    Flip { bit: u8 },
    Set { byte: u8 },
    Delete { count: usize },
    Insert { bytes: Vec<u8> },
    Copy { from: u16, count: usize },
}

fn damage() -> impl Strategy<Value = (u16, Damage)> {
    let interesting = prop::sample::select(vec![0x00, 0x01, 0x7f, 0x80, 0xff]);
    let kind = prop_oneof![
        4 => (0..8u8).prop_map(|bit| Damage::Flip { bit }),
        4 => prop_oneof![interesting, any::<u8>()].prop_map(|byte| Damage::Set { byte }),
        1 => (1..64usize).prop_map(|count| Damage::Delete { count }),
        1 => prop::collection::vec(any::<u8>(), 1..32).prop_map(|bytes| Damage::Insert { bytes }),
        1 => (any::<u16>(), 1..64usize).prop_map(|(from, count)| Damage::Copy { from, count }),
    ];
    (any::<u16>(), kind)
}

fn apply(bytes: &mut Vec<u8>, damages: &[(u16, Damage)]) {
    for (place, damage) in damages {
        if bytes.is_empty() {
            return;
        }
        let at = usize::from(*place) % bytes.len();
        match damage {
            Damage::Flip { bit } => bytes[at] ^= 1 << bit,
            Damage::Set { byte } => bytes[at] = *byte,
            Damage::Delete { count } => drop(bytes.drain(at..bytes.len().min(at + count))),
            Damage::Insert { bytes: more } => drop(bytes.splice(at..at, more.iter().copied())),
            Damage::Copy { from, count } => {
                let from = usize::from(*from) % bytes.len();
                let count = (*count).min(bytes.len() - from).min(bytes.len() - at);
                bytes.copy_within(from..from + count, at);
            }
        }
    }
}

/// Reads damaged bytes; says whether they still were an array.
fn survives(fixture: &Expected, bytes: &[u8]) -> bool {
    match read_bytes(format(&fixture.file), bytes, fixture.key.as_deref(), &LIMITS) {
        Ok(tensor) => {
            let elements: u64 = tensor.shape.iter().product();
            assert_eq!(tensor.data.len() as u64, elements * tensor.dtype.size() as u64);
            assert!(tensor.data.len() as u64 <= LIMITS.max_bytes);
            true
        }
        Err(error) => {
            assert!(error.to_string().len() < 1000);
            false
        }
    }
}

/// Compresses again what was damaged inside, so that the damage gets past the checksum.
fn inside_gzip(file: &[u8], damages: &[(u16, Damage)]) -> Vec<u8> {
    let mut inner = Vec::new();
    GzDecoder::new(file).read_to_end(&mut inner).unwrap();
    apply(&mut inner, damages);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&inner).unwrap();
    encoder.finish().unwrap()
}

/// Damages the chunks' contents and makes their checksums right again.
fn inside_png(file: &[u8], damages: &[(u16, Damage)]) -> Vec<u8> {
    let mut damaged = file[..8].to_vec();
    let mut rest = &file[8..];
    for index in 0.. {
        let Some((length, _)) = rest.split_first_chunk::<4>() else { break };
        let length = u32::from_be_bytes(*length) as usize;
        let kind = [rest[4], rest[5], rest[6], rest[7]];
        let mut data = rest[8..8 + length].to_vec();
        let here: Vec<_> = damages.iter().filter(|(place, _)| place % 3 == index % 3).cloned().collect();
        apply(&mut data, &here);
        damaged.extend(chunk(&kind, &data));
        rest = &rest[12 + length..];
    }
    damaged
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(20_000))]

    #[test]
    fn damaged_files(index in any::<prop::sample::Index>(), damages in prop::collection::vec(damage(), 1..8)) {
        let files = FILES.with(Clone::clone);
        let (fixture, good) = index.get(&files);
        let mut damaged = good.clone();
        apply(&mut damaged, &damages);
        survives(fixture, &damaged);
    }

    #[test]
    fn damaged_contents(index in any::<prop::sample::Index>(), damages in prop::collection::vec(damage(), 1..4)) {
        let files = FILES.with(Clone::clone);
        let packed: Vec<_> = files.iter().filter(|(fixture, _)| fixture.file.ends_with(".gz") || fixture.file.ends_with(".png")).collect();
        let (fixture, good) = index.get(&packed);
        let inside = if fixture.file.ends_with(".gz") { inside_gzip } else { inside_png };
        survives(fixture, &inside(good, &damages));
    }
}

thread_local! {
    static FILES: std::rc::Rc<Vec<(Expected, Vec<u8>)>> =
        std::rc::Rc::new(files().into_iter().map(|fixture| { let bytes = bytes(&fixture.file); (fixture, bytes) }).collect());
}
