//! Import uploads: files sent as a multipart form or as the request body.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use cinematch::sources::history::MAX_BYTES;
use cinematch_service::imports::{self, ImportOutcome};
use cinematch_service::{Service, Serving};
use cinematch_store::Profile;

use crate::extract::read_body;
use crate::limits::Limits;
use crate::problem::Problem;

/// Maximum number of files per import.
const MAX_FILES: usize = 20;
/// Maximum length of a file name, in characters.
const MAX_NAME_LENGTH: usize = 255;
/// Name of a file that was sent without one.
const UNNAMED: &str = "the file";
/// Number of bytes allowed for a form's boundaries, part headers and other fields.
const FORM_OVERHEAD: usize = 1 << 20;

/// Name of the form field with the meaning of user-defined lists.
const LISTS_FIELD: &str = "list_as";
/// Maximum length of its value in bytes.
const MAX_LISTS_BYTES: usize = 200;

/// Names in the query of an upload.
#[derive(Debug, Default)]
pub struct UploadNames {
    /// Name of the file, if the file is the request body.
    pub filename: Option<String>,
    /// Meaning of user-defined lists. A form field takes precedence.
    pub list_as: Option<String>,
}

/// The files in a request, by name and content, and the meaning of user-defined lists if the form states it.
type Upload = (Vec<(String, Vec<u8>)>, Option<String>);

/// Imports the files in `request` into `profile`.
pub async fn import_upload(
    service: &Service,
    limits: &Limits,
    serving: &Arc<Serving>,
    profile: &Profile,
    request: Request,
    names: UploadNames,
) -> Result<ImportOutcome, Problem> {
    // Limit concurrent imports, since each may hold a whole file and its unpacked contents in memory.
    let _permit = limits.import_permit().await?;
    imports::list_meaning(names.list_as.as_deref())?;
    let (files, list_as) = read_files(request, names.filename).await?;
    let lists = imports::list_meaning(list_as.or(names.list_as).as_deref())?;
    Ok(imports::import_files(service, serving, profile, files, lists).await?)
}

/// Returns the names and contents of the files in a form, or the request body as a single file.
async fn read_files(request: Request, filename: Option<String>) -> Result<Upload, Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    if !content_type.starts_with("multipart/form-data") {
        let name = file_name(filename.as_deref())?;
        let bytes = read_body(request.into_body(), MAX_BYTES).await?;
        if bytes.is_empty() {
            return Err(Problem::field(
                "file",
                "is empty: send the file as the request body or in a form",
            ));
        }
        return Ok((vec![(name, bytes)], None));
    }
    // Read the whole body first, since a client that is still sending wouldn't read an early error response.
    let (parts, body) = request.into_parts();
    let body = read_body(body, MAX_BYTES + FORM_OVERHEAD).await?;
    let mut request = Request::from_parts(parts, Body::from(body));
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| {
        let detail = "The form is malformed: its Content-Type names no boundary";
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let (mut files, mut remaining, mut list_as) = (Vec::new(), MAX_BYTES, None);
    while let Some(mut field) = form.next_field().await.map_err(|error| malformed(&error))? {
        let Some(name) = field.file_name() else {
            // Skip the other fields that aren't files.
            if field.name() == Some(LISTS_FIELD) {
                list_as = Some(short_text(field).await?);
            }
            continue;
        };
        let name = file_name(Some(name))?;
        let mut bytes = Vec::new();
        while let Some(part) = field.chunk().await.map_err(|error| malformed(&error))? {
            remaining = remaining.checked_sub(part.len()).ok_or_else(too_large)?;
            bytes.extend_from_slice(&part);
        }
        files.push((name, bytes));
        if files.len() > MAX_FILES {
            return Err(Problem::field("file", format!("expected at most {MAX_FILES} files")));
        }
    }
    if files.is_empty() {
        return Err(Problem::field("file", "is missing: the form has no file"));
    }
    Ok((files, list_as))
}

/// Returns the start of a form field's value.
async fn short_text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(|error| malformed(&error))? {
        let n_left = MAX_LISTS_BYTES - bytes.len();
        bytes.extend_from_slice(&part[..part.len().min(n_left)]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns the last path component of `name`, or [`UNNAMED`] if it is blank.
///
/// Returns an error if the name is too long or contains control characters.
fn file_name(name: Option<&str>) -> Result<String, Problem> {
    let name = name.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name)).unwrap_or_default();
    if name.chars().count() > MAX_NAME_LENGTH || name.chars().any(char::is_control) {
        let message =
            format!("expected at most {MAX_NAME_LENGTH} characters, without control characters");
        return Err(Problem::field("filename", message));
    }
    Ok(if name.trim().is_empty() { UNNAMED.to_owned() } else { name.to_owned() })
}

fn malformed(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::new(StatusCode::BAD_REQUEST, "The form is malformed or incomplete; send it again")
}

fn too_large() -> Problem {
    let detail = format!("The files are too large: the maximum is {} MiB", MAX_BYTES >> 20);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}
