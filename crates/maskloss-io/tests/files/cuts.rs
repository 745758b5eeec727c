//! Files that end too early or go on too long: every fixture, cut at every byte.

use crate::support::{bytes, code, files, read_as};

#[test]
fn a_file_cut_anywhere_is_truncated() {
    let mut cuts = 0;
    for fixture in files() {
        let whole = bytes(&fixture.file);
        for length in 0..whole.len() {
            let error = read_as(&fixture.file, &whole[..length], fixture.key.as_deref()).unwrap_err();
            assert_eq!(error.code(), "truncated", "{} cut at {length}: {error}", fixture.file);
            cuts += 1;
        }
    }
    println!("{cuts} cuts");
}

#[test]
fn a_file_that_goes_on_is_refused() {
    for fixture in files() {
        for extra in [&b"\0"[..], b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"PK\x05\x06 and so on, long enough"] {
            let longer = [bytes(&fixture.file), extra.to_vec()].concat();
            let found = code(&fixture.file, &longer);
            let wanted: &[&str] = match () {
                // What follows a gzip member must be another one, whole.
                () if fixture.file.ends_with(".gz") => &["corrupt", "truncated"],
                () if fixture.file.ends_with(".npz") => &["trailing-data", "truncated"],
                () => &["trailing-data"],
            };
            assert!(wanted.contains(&found), "{} with {} more bytes: {found}", fixture.file, extra.len());
        }
    }
}

/// A hole in the middle keeps both ends intact, as a failed download in parts does.
#[test]
fn a_file_with_a_hole_is_refused() {
    for fixture in files() {
        let whole = bytes(&fixture.file);
        for start in (0..whole.len() - 1).step_by(7) {
            let file = [&whole[..start], &whole[start + 1..]].concat();
            let result = read_as(&fixture.file, &file, fixture.key.as_deref());
            assert!(result.is_err(), "{} without byte {start}: {:?}", fixture.file, result.unwrap());
        }
    }
}
