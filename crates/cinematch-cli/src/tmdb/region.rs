//! The country whose streaming services and age ratings are used.

use std::io::IsTerminal;

use anyhow::{Result, bail};

use crate::output::{self, Output};

/// Name of the stored setting that holds the region.
pub const SETTING: &str = "region";

/// ISO 3166-1 country codes, plus Kosovo, which TMDB also lists.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN \
    BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ \
    DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL \
    GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD \
    SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Returns the region in `explicit`, else the remembered one.
pub fn known(explicit: Option<&str>, stored: Option<String>) -> Result<Option<String>> {
    explicit.map_or(Ok(stored), |explicit| parse_country(explicit).map(Some))
}

/// Returns the region: set by a flag or the environment, else remembered from an earlier run, else from the
/// locale. On a terminal, asks the operator, suggesting the locale's country.
///
/// # Errors
/// Returns an error if the locale does not include a country and the input is not a terminal.
pub fn resolve(explicit: Option<&str>, stored: Option<String>, output: &Output) -> Result<String> {
    if let Some(known) = known(explicit, stored)? {
        return Ok(known);
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let suggested = locale.as_deref().and_then(country_from_locale);
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return prompt(suggested.as_deref());
    }
    match (suggested, locale) {
        (Some(region), Some(locale)) => {
            output.warn(format_args!(
                "using streaming services of {region}, from the locale {locale}; pass --region to choose \
                 another country"
            ));
            Ok(region)
        }
        _ => bail!(
            "cannot determine the country for streaming services from the locale; pass it, for example as \
             --region DE, or set CINEMATCH_REGION=DE in .env"
        ),
    }
}

fn prompt(suggested: Option<&str>) -> Result<String> {
    let hint = suggested.map(|region| format!(" [{region}]")).unwrap_or_default();
    let question = format!("In which country do you watch (two letters, such as DE)?{hint} ");
    let mut prompt = question.clone();
    loop {
        let Some(answer) = output::ask(&prompt)? else {
            bail!("no country was entered; pass it with --region");
        };
        match (answer.as_str(), suggested) {
            ("", Some(region)) => return Ok(region.to_owned()),
            (answer, _) => match parse_country(answer) {
                Ok(region) => return Ok(region),
                Err(error) => prompt = format!("{error}\n{question}"),
            },
        }
    }
}

/// Normalizes a country code: `de` and `DE` become `DE`.
fn parse_country(text: &str) -> Result<String> {
    // `UK` is common, but the ISO 3166-1 code is `GB`.
    let region = match text.trim().to_ascii_uppercase() {
        region if region == "UK" => "GB".to_owned(),
        region => region,
    };
    if !COUNTRIES.split(' ').any(|country| country == region) {
        bail!(
            "`{text}` is not a country code; expected two letters (ISO 3166-1), such as DE or US"
        );
    }
    Ok(region)
}

/// Returns the country in a locale: `DE` for `de_DE.UTF-8`, `None` for `C`, `POSIX` and `en`.
fn country_from_locale(locale: &str) -> Option<String> {
    let name = locale.split(['.', '@']).next()?;
    let (_, region) = name.split_once(['_', '-'])?;
    parse_country(region).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_country_of_a_locale() {
        let regions = ["de_DE.UTF-8", "pt-BR", "en_US@euro", "C.UTF-8", "POSIX", "en", "eo_XYZ"];
        let regions = regions.map(country_from_locale);
        let expected = [Some("DE"), Some("BR"), Some("US"), None, None, None, None];
        assert_eq!(regions, expected.map(|region| region.map(str::to_owned)));
        assert_eq!([" gb ", "uk"].map(|text| parse_country(text).unwrap()), ["GB", "GB"]);
        assert!(["deu", "XX", "", "D E"].iter().all(|text| parse_country(text).is_err()));
    }
}
