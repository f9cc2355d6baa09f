//! `/api/preferences/me`: the preferences in the caller's profile.

use axum::Json;
use axum::extract::State;
use cinematch_http::access::CurrentProfile;
use cinematch_http::extract::JsonBody;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::preferences::{NewPreferences, PreferencesBody, find, save};

/// Returns the preferences in the caller's profile.
#[utoipa::path(get, path = "/api/preferences/me", tag = "profile",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = PreferencesBody),
    ))]
pub async fn read(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
) -> Result<Json<PreferencesBody>, Problem> {
    Ok(Json(find(&service, &profile).await?.into()))
}

/// Replaces the preferences in the caller's profile.
#[utoipa::path(put, path = "/api/preferences/me", tag = "profile", request_body = NewPreferences,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = PreferencesBody),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn write(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    JsonBody(new): JsonBody<NewPreferences>,
) -> Result<Json<PreferencesBody>, Problem> {
    Ok(Json(save(&service, &profile, new).await?.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{User, with_regions};

    #[test]
    fn stores_the_region_in_the_profile() {
        let server = with_regions();
        let ada = User::new(&server, "ada@example.org");
        let call = |method: &str, path: &str, body: Option<&serde_json::Value>| {
            ada.call(method, path, body)
        };
        let path = "/api/preferences/me";
        let put = |body: serde_json::Value| call("PUT", path, Some(&body));
        let movies = |path: &str| -> Vec<serde_json::Value> {
            let reply = call("GET", path, None).json();
            reply["recommendations"].as_array().unwrap().clone()
        };
        let stored = put(json!({"region": "de", "services": ["netflix"]})).json();
        assert_eq!((&stored["region"], &stored["services"]), (&json!("DE"), &json!(["Netflix"])));
        assert_eq!(call("GET", path, None).json()["region"], "DE");
        let export = call("GET", "/api/export/me", None).json();
        assert_eq!(export["preferences"]["region"], "DE");
        let in_germany = movies("/api/recommendations");
        assert_eq!(in_germany.len(), 2, "the movies on Netflix in Germany");
        assert!(in_germany.iter().all(|movie| movie["services_source"] == "tmdb"));
        let reply = call("GET", "/api/recommendations", None).json();
        assert!(reply["attribution"].as_str().unwrap().contains("JustWatch"));
        // Settings in the request override the profile. Services that aren't available are ignored.
        let in_us = call("GET", "/api/recommendations?region=US", None).json();
        assert_eq!(in_us["ignored_preferences"], json!(["Netflix"]));
        assert_eq!(in_us["count"], 20);
        // A country without catalog data is stored and reported, but doesn't filter out any movies.
        put(json!({"region": "FR"}));
        let reply = call("GET", "/api/recommendations", None).json();
        assert_eq!((&reply["ignored_preferences"], &reply["count"]), (&json!(["FR"]), &json!(20)));
        for region in ["", "D", "DEU", "Ä", "D1", "D "] {
            let problem = put(json!({"region": region})).problem(422);
            assert_eq!(problem["errors"][0]["field"], "region", "{problem}");
        }
        assert_eq!(
            call("GET", path, None).json()["region"],
            "FR",
            "a rejected update changes nothing"
        );
        put(json!({}));
        assert_eq!(call("GET", path, None).json()["region"], json!(null));
    }
}
