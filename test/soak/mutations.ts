// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { checkDocument } from "./documents.ts"
import { randomFrom } from "./random.ts"

const folder = join(import.meta.dirname, "../faults/corpus")
const corpus = globSync("*.yaml", { cwd: folder })
  .sort()
  .map((name) => readFileSync(join(folder, name), "utf8"))

/** Pieces that mean something in YAML or in the language. */
const PIECES = [
  ..."\n\t :-{}[],&*!|>'\"%@`#?~\\\u0000\u0085\u2028\ufeff",
  ..."é日😀",
  ...[
    "\r\n",
    "- ",
    ": ",
    "  ",
    "---\n",
    "...\n",
    "<<: ",
    "*a",
    "&a ",
    "!!str ",
    "!x ",
    "%YAML 1.1\n",
    "null",
    "1e999",
    "-0",
    "0x",
    "__proto__",
    "constructor",
    "\ud800",
  ],
  ...[
    "${{ ",
    " }}",
    "$${{",
    "params.",
    "stages.",
    ".outputs.",
    "matrix.",
    "&&",
    "||",
    "!",
    "==",
    "(",
    ")",
    "'it''s'",
  ],
  ...[
    "version: 1\n",
    "name: a\n",
    "stages:\n",
    "with: ",
    "uses: exec\n",
    "matrix: { a: [1, 2] }\n",
    "when: ",
    "needs: [a]\n",
    "retry: 3\n",
    "timeout: 1s\n",
    "resources: { cpu: 1 }\n",
    "include: ",
    "exclude: ",
    "params: ",
    "default: ",
    "outputs: ",
    "imports: [a.yaml]\n",
  ],
] as const

/** A campaign of wrong documents. */
export interface LanguageCampaign {
  readonly runs: number
  readonly seed: number
  readonly onRun?: (runs: number) => void
}

/** One change of a text: a piece put in, a stretch left out, repeated, or taken from another document. */
const mutate = (text: string, random: () => number): string => {
  const below = (limit: number): number => Math.floor(random() * limit)
  const at = below(text.length + 1)
  const end = Math.min(text.length, at + below(12))
  const piece = PIECES[below(PIECES.length)] ?? ""
  switch (below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(end)
    case 1:
      return text.slice(0, end) + text.slice(at)
    case 2: {
      const other = corpus[below(corpus.length)] ?? ""
      const from = below(other.length)
      return text.slice(0, at) + other.slice(from, from + below(80)) + text.slice(end)
    }
    case 3:
      return text.slice(0, at) + piece + text.slice(end)
    default:
      return text.slice(0, at) + piece + text.slice(at)
  }
}

/** Loads mutations of the corpus, and looks whether each becomes a pipeline or mistakes that have a place. */
export const languageCampaign = async ({ runs, seed, onRun }: LanguageCampaign) => {
  const random = randomFrom(seed)
  const violations: Array<string> = []
  let right = 0
  for (let run = 1; run <= runs; run++) {
    let text = corpus[Math.floor(random() * corpus.length)] ?? ""
    for (let changes = Math.floor(random() * random() * 12); changes >= 0; changes--)
      text = mutate(text, random)
    const found = await checkDocument(text)
    if (found.length === 0) right += 1
    else violations.push(`${found.join("; ")}\n${JSON.stringify(text)}`)
    onRun?.(run)
  }
  return { violations, right }
}
