/** The page's style sheet: two palettes of the same contrast, one for each of the reader's preferences; paper is light. */
export const STYLE = `
:root{color-scheme:light dark;--page:#fcfcfa;--ink:#1b1f24;--quiet:#59626d;--rule:#dfe2e0;--grid:#e7e9e7;--panel:#f4f5f2;
--before:#8b96a3;--after:#0c6b94;--better:#137547;--worse:#b3301f;--noise:#66707c;--mark:#1b1f24}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e9ebed;--quiet:#a7b0bb;--rule:#30363d;--grid:#262b31;--panel:#1b1f24;
--before:#7d8896;--after:#58b4df;--better:#5ccb92;--worse:#ff8a7a;--noise:#a0a9b4;--mark:#e9ebed}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:66rem;margin:0 auto;padding:3rem 1.5rem 4rem}
h1{font-size:1.9rem;line-height:1.2;font-weight:650;letter-spacing:-.01em;margin:0 0 1rem}
h2{font-size:1.15rem;font-weight:650;margin:3rem 0 .4rem;padding-top:1.1rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;font-weight:600;margin:1.8rem 0 .3rem}
p{margin:.4rem 0 .8rem;max-width:46rem}
.headline{font-size:1.22rem;line-height:1.5;max-width:48rem;margin:0 0 .6rem}
.quiet,figcaption{color:var(--quiet);font-size:.92rem}
bdi{unicode-bidi:isolate}
figure{margin:.8rem 0 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--quiet);font-size:.92rem;padding-bottom:.5rem}
th,td{text-align:right;padding:.42rem .7rem;border-bottom:1px solid var(--rule);white-space:nowrap;vertical-align:top}
th{font-weight:600}
thead th{white-space:normal;color:var(--quiet);font-size:.85rem;border-bottom:1.5px solid var(--quiet);vertical-align:bottom}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
th[scope=row],th.left,td.left{text-align:left}
th[scope=row]{font-weight:400;white-space:normal;overflow-wrap:anywhere;min-width:14rem}
tr.first th[scope=row]{font-weight:600}
tr:not(.first) td,tr:not(.first) th{border-bottom-color:var(--grid)}
tbody th .quiet{display:block;font-weight:400}
td small{display:block;color:var(--quiet);font-size:.82rem}
.is-better{color:var(--better);font-weight:600}
.is-worse{color:var(--worse);font-weight:600}
.is-within-noise,.is-unchanged{color:var(--noise)}
.tall{max-height:90vh;overflow:auto}
.tall thead th{position:sticky;top:0;background:var(--page);z-index:1}
.filters{display:flex;flex-wrap:wrap;gap:.5rem 1.1rem;margin:.9rem 0;color:var(--quiet);font-size:.9rem;align-items:center}
.filters select,.filters button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:.2rem .45rem;max-width:16rem}
.origin .line{font-size:.85rem;max-width:none;margin:.2rem 0}
.chart{display:block;height:auto;max-width:none}
.chart text{font-family:inherit;font-variant-numeric:tabular-nums}
.chart a{cursor:pointer}
a.number{color:inherit;text-decoration:none;border-bottom:1px dotted var(--quiet)}
a.number:hover,a.number:focus-visible{color:var(--after);border-bottom-style:solid}
.imported td,.imported th{color:var(--quiet)}
.origin{content-visibility:auto;contain-intrinsic-height:auto 12rem;border:1px solid var(--rule);border-radius:8px;padding:.2rem 1rem .8rem;margin:.8rem 0;scroll-margin-top:1rem}
.origin:target{border-color:var(--after);box-shadow:0 0 0 1px var(--after)}
.origin h3{margin:.7rem 0 .2rem}
.origin dl{font-size:.85rem;gap:.1rem 1rem;margin:.4rem 0}
.origin details{margin:.2rem 0;font-size:.85rem}
code{font:0.92em ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.worst{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.8rem;list-style:none;padding:0;margin:.8rem 0;font-size:.85rem}
.worst li{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:.6rem}
.worst img{width:100%;aspect-ratio:1;object-fit:contain;border-radius:4px;display:block;background:#fff;image-rendering:auto;margin-bottom:.4rem}
.worst .wrong{color:var(--worse);font-weight:600}
.worst small{color:var(--quiet);display:block;overflow-wrap:anywhere}
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;list-style:none;padding:0;margin:.4rem 0 0;color:var(--quiet);font-size:.88rem}
.key i{display:inline-block;width:.9rem;height:.7rem;margin-right:.45rem;border-radius:2px}
.key .b{background:var(--before)}.key .a{background:var(--after)}
.key .round{border-radius:50%;width:.75rem;height:.75rem}
.key .c{width:0;height:.95rem;border-left:1.5px dashed var(--mark);border-radius:0;vertical-align:-.12rem}
.key .e{height:0;border-top:1.5px solid var(--mark);border-radius:0;vertical-align:.25rem}
details{margin:1rem 0}
summary{cursor:pointer;color:var(--after)}
summary:focus-visible{outline:2px solid var(--after);outline-offset:3px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:.6rem 0;font-size:.95rem}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
ul.notes{padding-left:1.1rem;max-width:46rem}
ul.notes li{margin:.35rem 0}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;margin:.8rem 0;padding:0;list-style:none}
.pairs>li{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:.8rem;font-size:.88rem}
.pairs small{display:block;color:var(--quiet)}
.pairs .two{display:grid;grid-template-columns:1fr 1fr;gap:.6rem;margin-top:.5rem}
.pairs figure{margin:0}
.pairs img{width:100%;aspect-ratio:1;object-fit:contain;border-radius:4px;display:block;background:#fff}
.pairs figcaption{font-size:.85rem;margin-top:.35rem;color:var(--ink);overflow-wrap:anywhere}
@media print{:root{--page:#ffffff;--ink:#1b1f24;--quiet:#59626d;--rule:#dfe2e0;--grid:#e7e9e7;--panel:#f4f5f2;--before:#8b96a3;--after:#0c6b94;--better:#137547;--worse:#b3301f;--noise:#66707c;--mark:#1b1f24}
body{font-size:10.5pt}main{padding:0;max-width:none}.chart{max-width:100%}a.number{border:0}.wide{overflow:visible;max-height:none}.filters{display:none}table{font-size:7.5pt}table .quiet{font-size:7pt}td small,thead th{font-size:6.5pt}th,td{padding:.25rem .3rem}th[scope=row]{min-width:8rem}thead th{position:static!important}.origin{content-visibility:visible}details::details-content{content-visibility:visible;height:auto}
h2{break-after:avoid}figure,tr,.pairs>li,.worst li,.origin{break-inside:avoid}}
@media (max-width:40rem){main{padding:1.5rem 1rem 3rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
`
