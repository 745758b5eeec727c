//! PNG files that are no label maps, or lie.

use flate2::Crc;
use maskloss_io::{Format, Limits, read_bytes};

use crate::support::{bytes, code, patched, refuse};

/// A chunk with its length and its checksum.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    [&(data.len() as u32).to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

/// A grey fixture with another header chunk, checksum included.
fn with_header(width: u32, height: u32, depth: u8, color: u8) -> Vec<u8> {
    let good = bytes("png_grey_u1.png");
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
    [&good[..8], &chunk(b"IHDR", &header), &good[33..]].concat()
}

#[test]
fn pictures_are_refused() {
    for file in ["png_rgb.png", "png_rgba.png", "png_la.png"] {
        assert_eq!(code(file, &bytes(file)), "not-supported");
    }
    let good = bytes("png_grey_u1.png");
    let animation = chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    let animated = [&good[..33], &animation, &good[33..]].concat();
    assert_eq!(code("a.png", &animated), "not-supported");
}

#[test]
fn sizes_that_lie() {
    assert_eq!(with_header(7, 5, 8, 0), bytes("png_grey_u1.png"));
    let max = i32::MAX as u32;
    refuse(
        "a.png",
        vec![
            ("2⁶² pixels".into(), with_header(max, max, 8, 0), "oversized"),
            ("2⁶² pixels of one bit".into(), with_header(max, max, 1, 0), "oversized"),
            ("2²⁸ + 1 pixels".into(), with_header((1 << 28) + 1, 1, 8, 0), "oversized"),
            ("2²⁸ pixels that are not there".into(), with_header(1 << 14, 1 << 14, 16, 0), "truncated"),
            ("no pixels".into(), with_header(0, 5, 8, 0), "corrupt"),
            ("more rows than data".into(), with_header(7, 6, 8, 0), "corrupt"),
            ("more bits than data".into(), with_header(7, 5, 16, 0), "corrupt"),
            ("palette indices without a palette of 16 bits".into(), with_header(7, 5, 16, 3), "corrupt"),
            ("a depth of 3".into(), with_header(7, 5, 3, 0), "corrupt"),
        ],
    );
}

#[test]
fn the_limit_is_the_callers() {
    let read = |limits| read_bytes(Format::Png, &bytes("png_grey_u2.png"), None, &limits).map_err(|error| error.code());
    assert!(read(Limits { max_pixels: 35, max_bytes: 70 }).is_ok());
    assert_eq!(read(Limits { max_pixels: 34, max_bytes: 70 }), Err("oversized"));
    assert_eq!(read(Limits { max_pixels: 35, max_bytes: 69 }), Err("oversized"));
}

#[test]
fn changed_bytes_are_found() {
    let good = bytes("png_grey_u1.png");
    for at in 16..29 {
        let changed = code("a.png", &patched(&good, at, &[good[at] ^ 1]));
        assert!(["checksum", "corrupt", "truncated", "not-supported"].contains(&changed), "byte {at}: {changed}");
    }
    let data = good.windows(4).position(|kind| kind == b"IDAT").unwrap() + 4;
    let end = good.windows(4).position(|kind| kind == b"IEND").unwrap() - 8;
    for at in data..end {
        let changed = code("a.png", &patched(&good, at, &[good[at] ^ 0x10]));
        assert!(["checksum", "corrupt"].contains(&changed), "byte {at}: {changed}");
    }
    assert_eq!(code("a.png", &patched(&good, end, b"\0\0\0\0")), "checksum");
}

/// Gamma, color profiles, text and times say how to show a picture; a label map has none of that.
#[test]
fn ancillary_chunks_change_nothing() {
    let good = bytes("png_palette_4bit.png");
    let extra =
        [chunk(b"gAMA", &[0, 0, 0x40, 0]), chunk(b"tEXt", b"Title\0made up"), chunk(b"prIv", &[7; 99])].concat();
    let more = [&good[..33], &extra, &good[33..]].concat();
    let read = |bytes: &[u8]| read_bytes(Format::Png, bytes, None, &Limits::default()).unwrap();
    assert_eq!(read(&more), read(&good));
}
