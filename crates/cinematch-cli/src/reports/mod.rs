//! HTML reports. Each is a single file without scripts or external resources, with light and dark
//! colors.

pub mod scatter;

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Stylesheet for all reports.
const STYLE: &str = "
:root{--paper:#fbfaf8;--ink:#1d1f24;--soft:#6b7080;--line:#dcdad4;--bar:#3b6fb6;--best:#c4572e;--box:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#15171c;--ink:#e8e6e1;--soft:#9aa0ae;--line:#33363f;\
--bar:#7aa7e6;--best:#f08a5d;--box:#1c1f26}}
body{margin:0 auto;padding:2.5rem 1.25rem 4rem;max-width:68rem;background:var(--paper);color:var(--ink);\
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.5rem 0 .6rem}
p{color:var(--soft);margin:.4rem 0 0;max-width:48rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:500;color:var(--soft)}
th:first-child,td:first-child{text-align:left}
td.best{font-weight:700;color:var(--best)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1.25rem}
figure{margin:0;padding:1rem;background:var(--box);border:1px solid var(--line);border-radius:.6rem}
figcaption{font-weight:600;margin-bottom:.5rem}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
svg .best{fill:var(--best)}svg .other{fill:var(--bar)}svg .middle{text-anchor:middle}
.whisker{stroke:var(--ink);stroke-width:1.5}.axis{stroke:var(--line)}.allowed{stroke-dasharray:4 3}
";

/// Renders a page with a title, which is also its first heading.
pub fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (body) }
        }
    }
}
