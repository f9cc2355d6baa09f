//! Files of an import, as a form or as the body of a request.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use cinematch::sources::history::LARGEST;
use cinematch_service::imports::{self, TakenIn};
use cinematch_service::{Service, Serving};
use cinematch_store::Profile;

use crate::extract::whole_body;
use crate::limits::Limits;
use crate::problem::Problem;

/// Files of one import.
const MOST_FILES: usize = 20;
const LONGEST_NAME: usize = 255;
/// What a form writes around its files.
const FORM_AROUND_IT: usize = 1 << 20;

/// Imports the files of a request for a user.
pub async fn take_in(
    service: &Service,
    limits: &Limits,
    serving: &Arc<Serving>,
    profile: &Profile,
    request: Request,
    filename: Option<String>,
) -> Result<TakenIn, Problem> {
    // A few at a time: each may hold a file and what it unpacks to.
    let _turn = limits.importing().await?;
    let files = files_of(request, filename).await?;
    Ok(imports::take_in(service, serving, profile, files).await?)
}

/// The files of a form, or the body as one file.
async fn files_of(
    request: Request,
    filename: Option<String>,
) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("multipart/form-data") {
        let name = name_of(filename.as_deref(), "the file")?;
        let bytes = whole_body(request.into_body(), LARGEST).await?;
        if bytes.is_empty() {
            return Err(Problem::field(
                "file",
                "is empty: send the file as the body, or as a form",
            ));
        }
        return Ok(vec![(name, bytes)]);
    }
    // All of it first, so that a client that is still sending gets to read a refusal.
    let (parts, body) = request.into_parts();
    let body = whole_body(body, LARGEST + FORM_AROUND_IT).await?;
    let mut request = Request::from_parts(parts, Body::from(body));
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("The form cannot be read: {error}"))
    })?;
    let (mut files, mut left) = (Vec::new(), LARGEST);
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        // A form may have other fields.
        let Some(name) = field.file_name() else { continue };
        let name = name_of(Some(name), "the file")?;
        let mut bytes = Vec::new();
        while let Some(part) = field.chunk().await.map_err(|error| broken(&error))? {
            left = left.checked_sub(part.len()).ok_or_else(too_large)?;
            bytes.extend_from_slice(&part);
        }
        files.push((name, bytes));
        if files.len() > MOST_FILES {
            return Err(Problem::field("file", format!("expected at most {MOST_FILES} files")));
        }
    }
    if files.is_empty() {
        return Err(Problem::field("file", "is missing: the form has no file"));
    }
    Ok(files)
}

/// A name as it may be shown and kept.
fn name_of(name: Option<&str>, otherwise: &str) -> Result<String, Problem> {
    let name = name.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name)).unwrap_or_default();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let message =
            format!("expected at most {LONGEST_NAME} characters, none a control character");
        return Err(Problem::field("filename", message));
    }
    Ok(if name.trim().is_empty() { otherwise.to_owned() } else { name.to_owned() })
}

fn broken(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::new(StatusCode::BAD_REQUEST, format!("The form cannot be read: {error}"))
}

fn too_large() -> Problem {
    let detail =
        format!("The files are larger than {} MiB: that is nobody's history", LARGEST >> 20);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}
