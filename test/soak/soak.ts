// Long searches for faults: `npm run soak engine -- --kills 200`, `npm run soak language -- --runs 100000`.
import { soakEngine } from "./engine.ts"
import { soakLanguage } from "./language.ts"

const [what = "", ...args] = process.argv.slice(2)
const campaigns: Readonly<Record<string, (args: ReadonlyArray<string>) => Promise<boolean>>> = {
  engine: soakEngine,
  language: soakLanguage,
}
const campaign = campaigns[what]
if (campaign === undefined) {
  process.stderr.write(`error: there is no campaign \`${what}\`: ${Object.keys(campaigns).join(", ")}\n`)
  process.exitCode = 2
} else process.exitCode = (await campaign(args)) ? 0 : 1
