//! Data exports as file downloads.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cinematch_service::Service;
use cinematch_service::export::{self, ExportFormat};
use cinematch_store::Profile;

use crate::problem::Problem;

/// Exports the user's data in `format` and returns it as a file download.
pub async fn export(
    service: &Service,
    profile: &Profile,
    format: ExportFormat,
) -> Result<Response, Problem> {
    let disposition = |name| (header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    match format {
        ExportFormat::Json => {
            let export = export::export(service, profile).await?;
            let name = disposition("attachment; filename=\"cinematch.json\"");
            Ok(([name], Json(export)).into_response())
        }
        ExportFormat::Csv => {
            let text = export::export_csv(service, profile).await?;
            let content_type = HeaderValue::from_static("text/csv; charset=utf-8");
            let name = disposition("attachment; filename=\"cinematch.csv\"");
            Ok(([name, (header::CONTENT_TYPE, content_type)], text).into_response())
        }
    }
}
