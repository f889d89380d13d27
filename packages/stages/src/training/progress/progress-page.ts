import { curve, escaped, type Point } from "./curve.ts"

/** What the page shows. */
export interface ProgressOf {
  readonly title: string
  readonly done: number
  readonly total: number
  /** Whether more will come: the page renews itself then. */
  readonly isLive: boolean
  /** Curves by their names. */
  readonly curves: Readonly<Record<string, ReadonlyArray<Point>>>
  /** Files of pictures beside the page. */
  readonly pictures: ReadonlyArray<string>
}

/** A page without scripts, which a browser renews every few seconds while the training goes on. */
export const progressPage = ({ title, done, total, isLive, curves, pictures }: ProgressOf): string =>
  `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}: ${done}/${total}</title>
${isLive ? '<meta http-equiv="refresh" content="5">' : ""}
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
figure { margin: 1.5rem 0; }
img { width: 100%; image-rendering: auto; }
svg { width: 100%; border-block: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
polyline { fill: none; stroke: #2a78c2; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
circle { fill: #2a78c2; }
</style></head><body>
<h1>${escaped(title)}</h1>
<p>${done} of ${total} steps${isLive ? "; this page renews itself" : ""}</p>
${Object.entries(curves)
  .map(([name, points]) => curve(name, points, total))
  .join("\n")}
${pictures.map(pictureOf).join("\n")}
</body></html>
`

const pictureOf = (file: string): string =>
  `<figure><figcaption><b>${escaped(file.replace(/\.png$/, ""))}</b></figcaption><img src="${escaped(file)}" alt=""></figure>`
