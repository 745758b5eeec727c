//! What a path leads to.

use std::fs;
use std::path::{Path, PathBuf};

use maskloss_io::{FileError, Format, Limits, Tensor, read};

use crate::support::{bytes, code, path};

fn read_path(path: &Path) -> Result<Tensor, FileError> {
    read(path, None, &Limits::default())
}

fn error_code(path: &Path) -> &'static str {
    let error = read_path(path).unwrap_err();
    assert_eq!(error.path, path);
    assert!(error.to_string().starts_with(&format!("{}: Expected ", path.display())), "{error}");
    error.code()
}

/// A folder of this process, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("maskloss-io-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_extension_tells_the_format_in_any_case() {
    let folder = Folder::new("case");
    for (file, name, format) in [
        ("nifti1_u1.nii.gz", "Case.01.NII.GZ", Format::NiftiGz),
        ("nifti1_u1_le.nii", "a.b.Nii", Format::Nifti),
        ("npy_u1_le.npy", ".NPY", Format::Npy),
        ("npz_only.npz", "x.Npz", Format::Npz),
        ("png_grey_u1.png", "x.PNG", Format::Png),
    ] {
        let copy = folder.0.join(name);
        fs::copy(path(file), &copy).unwrap();
        assert_eq!(read_path(&copy).unwrap(), read_path(&path(file)).unwrap());
        assert_eq!(Format::from_path(&copy), Ok(format));
    }
}

#[test]
fn names_that_are_not_read() {
    for (name, wanted) in [
        ("nothing/here.nii", "not-found"),
        ("here.npy", "not-found"),
        ("make.py", "unknown-format"),
        ("a.tif", "unknown-format"),
        ("a.gz", "unknown-format"),
        ("nii", "unknown-format"),
        ("a.hdr", "not-supported"),
        ("a.IMG", "not-supported"),
        ("", "unknown-format"),
        ("make.py/a.npy", "not-found"),
    ] {
        assert_eq!(error_code(&path(name)), wanted, "{name}");
    }
}

#[test]
fn only_regular_files_are_opened() {
    let folder = Folder::new("kinds");
    let inner = folder.0.join("folder.npy");
    fs::create_dir(&inner).unwrap();
    assert_eq!(error_code(&inner), "not-a-file");
    #[cfg(unix)]
    {
        let device = folder.0.join("device.png");
        std::os::unix::fs::symlink("/dev/zero", &device).unwrap();
        assert_eq!(error_code(&device), "not-a-file");
        // Nobody writes to the pipe: a reader that waits for it never comes back.
        let pipe = folder.0.join("pipe.nii");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(error_code(&pipe), "not-a-file");
    }
}

/// A file under the name of another format is named as what it is.
#[test]
fn contents_must_agree_with_the_extension() {
    let files = ["nifti1_u1_le.nii", "nifti1_u1.nii.gz", "npy_u1_le.npy", "npz_only.npz", "png_grey_u1.png"];
    for file in files {
        for name in files.into_iter().filter(|&name| name != file) {
            assert_eq!(code(name, &bytes(file)), "wrong-format", "{file} as {name}");
        }
        assert_eq!(
            code(file, b"no magic at all, but long enough"),
            if file.ends_with(".nii") { "header" } else { "wrong-format" }
        );
        assert_eq!(code(file, b""), "truncated");
    }
    let sentence = |name, bytes: &[u8]| crate::support::read_as(name, bytes, None).unwrap_err().to_string();
    assert_eq!(
        sentence("a.npy", &bytes("png_grey_u1.png")),
        "Expected a NumPy array, as the name says, but found a PNG image; give the file the extension of what it holds"
    );
}
