import { commonestReasons, type Statistics } from "./shards/index.ts"

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}td{border-top:1px solid #ddd;padding:.25rem .5rem;vertical-align:top}
td:first-child{text-align:right;width:9rem;font-variant-numeric:tabular-nums}td{overflow-wrap:anywhere}
td small{color:#666}.bar{background:#7fb0dc;height:.5rem;display:inline-block;min-width:1px}`

/** Rows of a table; the page is for people, and the JSON beside it has everything. */
const ROWS = 50

/** A page that tells how a download went. It needs no network. */
export const summaryPage = (statistics: Statistics, shards: number): string => {
  const { count, successes, failedToDownload, failedToResize, reasons, kinds, failingHosts } = statistics
  const { success: _, ...failures } = reasons
  const heading = `${successes} of ${count} images came`
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${heading}</title>
<style>${STYLE}</style>
<h1>${heading}</h1>
<p>${shards} shards. ${failedToDownload} failed to download, ${failedToResize} failed to be made an image${
    successes === count ? "" : `: ${escaped(commonestReasons(statistics))}`
  }.</p>
${table("Kinds of failures", kinds, count)}${table("Messages", failures, count)}${table("Hosts with most failures", failingHosts, count)}${urls(statistics)}</html>
`
}

const table = (title: string, counts: Readonly<Record<string, number>>, all: number): string => {
  const rows = Object.entries(counts).slice(0, ROWS)
  if (rows.length === 0) return ""
  const cells = rows.map(([name, times]) => {
    const share = ((times / all) * 100).toFixed(1)
    const bar = `<span class="bar" style="width:${share}%"></span>`
    return `<tr><td>${times} <small>${share} %</small><td>${escaped(name)}<br>${bar}`
  })
  return `<h2>${title}</h2>\n<table>\n${cells.join("\n")}\n</table>\n`
}

const urls = ({ failures }: Statistics): string =>
  failures.length === 0
    ? ""
    : `<h2>The first that failed</h2>\n<table>\n${failures
        .map(({ key, url, reason }) => `<tr><td>${escaped(key)}<td>${escaped(url)}<br>${escaped(reason)}`)
        .join("\n")}\n</table>\n`

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
